import { expected } from "../errors.ts";
import { readCard } from "./datasets/card.ts";
import type { Dataset } from "./datasets/dataset.ts";
import { datasetTask } from "./datasets/dataset-task.ts";
import { type DatasetOptions, openDataset } from "./datasets/open-dataset.ts";
import type { CardEntry, DatasetEntry, Filter } from "./datasets/schema.ts";
import { mixedTask, type TaskPart } from "./mixed-task.ts";
import { type FamilyShare, familyTask, type Task } from "./task.ts";

/** What a list of a recipe's task holds: procedural families and data sets. */
export type TaskEntry = FamilyShare | DatasetEntry;

export interface LoadedTask {
	readonly task: Task;
	/** What to know of its data: rows left out. */
	readonly notes: readonly string[];
}

/**
 * The task of a recipe's list.
 * @param role what it is for: the data sets of `train` need training problems, those of `heldOut` test problems
 * @throws ThaliaError `task-invalid`, and those of `openDataset`
 */
export async function loadTask(
	entries: readonly TaskEntry[],
	role: "train" | "heldOut",
	options: Omit<DatasetOptions, "testOnly"> = {},
): Promise<LoadedTask> {
	const all = entries.flatMap(expandGroup);
	const shares = all.filter((entry) => "family" in entry);
	const families = shares.length === 0 ? [] : [familyPart(shares)];
	const notes: string[] = [];
	const parts: TaskPart[] = [];
	for (const entry of all) {
		if ("family" in entry) continue;
		const dataset = await openDataset(entry, { ...options, testOnly: role === "heldOut" });
		assertServes(dataset, role);
		notes.push(...notesOf(dataset));
		parts.push({
			task: datasetTask(dataset),
			families: [dataset.name],
			weight: entry.weight ?? 1,
		});
	}
	const mixed = [...families, ...parts];
	return { task: mixed.length === 1 ? mixed[0].task : mixedTask(mixed), notes };
}

/** A group's members take its place, and share its weight. */
function expandGroup(entry: TaskEntry): readonly TaskEntry[] {
	if (!("dataset" in entry)) return [entry];
	const card = readCard(entry.dataset);
	if (!("group" in card)) return [entry];
	const weight = (entry.weight ?? 1) / card.group.length;
	return card.group.flatMap((member): readonly TaskEntry[] => {
		if ("family" in member) return [{ ...member, ...familyChoices(entry), weight }];
		const { name, ...rest } = entry;
		const named = name === undefined ? {} : { name: `${name}/${member.dataset}` };
		return expandGroup({ ...rest, ...named, dataset: member.dataset, weight });
	});
}

/** What an entry that stands for families can say: which levels. @throws ThaliaError `task-invalid` */
function familyChoices({ dataset, weight, filter, ...rest }: CardEntry): { levels?: number[] } {
	const { level, ...others } = (filter ?? {}) as { [field in string]?: Filter[string] };
	const other = [...Object.keys(rest), ...Object.keys(others).map((key) => `filter.${key}`)].at(0);
	if (other !== undefined) {
		const fix = "give `weight` and `filter: { level: [...] }` alone";
		throw expected("task-invalid", "no such setting", `the procedural data set ${dataset}`, other, fix);
	}
	if (level === undefined) return {};
	const levels = [level].flat().map(Number);
	if (levels.some(Number.isNaN))
		throw expected("task-invalid", "levels", `filter.level of ${dataset}`, level);
	return { levels };
}

function familyPart(shares: readonly FamilyShare[]): TaskPart {
	return {
		task: familyTask(shares),
		families: [...new Set(shares.map(({ family }) => family))],
		weight: shares.reduce((sum, { weight = 1 }) => sum + weight, 0),
	};
}

function assertServes({ name, train, test }: Dataset, role: "train" | "heldOut"): void {
	if (role === "train" ? train.length > 0 : test.length > 0) return;
	const [wanted, other] = role === "train" ? ["training", "heldOut"] : ["test", "train"];
	const fix = `put it under task.${other}, or choose another data set`;
	throw expected("dataset-split", `${wanted} problems`, `data set ${name} under task.${role}`, 0, fix);
}

function notesOf({ name, skipped, firstSkipped, shared }: Dataset): string[] {
	const notes: string[] = [];
	if (skipped > 0)
		notes.push(
			`${name}: ${skipped} bad ${skipped === 1 ? "row" : "rows"} left out, the first: ${firstSkipped ?? ""}`,
		);
	if (shared > 0) notes.push(`${name}: ${shared} training rows left out that are test rows too`);
	return notes;
}
