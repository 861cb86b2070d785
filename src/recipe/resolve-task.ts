import type { TrainRecipe } from "./train-recipe.ts";

type TaskSection = TrainRecipe["task"];
type Entry = Exclude<TaskSection, { module: string }>["train"][number];
type Find = (key: string, path: string) => string;

/**
 * A task with every path absolute, the data folder of the environment among them, so that a run that is taken up
 * finds the same data.
 * @param find a path that exists
 */
export function resolveTask(task: TaskSection, find: Find): TaskSection {
	if ("module" in task) return { module: find("task.module", task.module) };
	const { train, heldOut, dataDir, ...rest } = task;
	const resolveAll = (key: string, entries: readonly Entry[]) =>
		entries.map((entry, i) => resolveEntry(`task.${key}.${i}`, entry, find));
	return {
		...rest,
		train: resolveAll("train", train),
		heldOut: resolveAll("heldOut", heldOut),
		...dataFolder(dataDir, [...train, ...heldOut], find),
	};
}

function resolveEntry(key: string, entry: Entry, find: Find): Entry {
	if ("file" in entry) {
		const { file, testFile } = entry;
		const test = testFile === undefined ? {} : { testFile: find(`${key}.testFile`, testFile) };
		return { ...entry, file: find(`${key}.file`, file), ...test };
	}
	if ("dataset" in entry && /\.ya?ml$/.test(entry.dataset))
		return { ...entry, dataset: find(`${key}.dataset`, entry.dataset) };
	return entry;
}

function dataFolder(
	dataDir: string | undefined,
	entries: readonly Entry[],
	find: Find,
): { dataDir?: string } {
	if (dataDir !== undefined) return { dataDir: find("task.dataDir", dataDir) };
	const folder = process.env.THALIA_DATA ?? "";
	if (folder === "" || !entries.some((entry) => "dataset" in entry)) return {};
	return { dataDir: find("THALIA_DATA", folder) };
}
