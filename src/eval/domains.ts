import type { TrainRecipe } from "../recipe/train-recipe.ts";
import type { DatasetOptions } from "../tasks/datasets/open-dataset.ts";
import type { Problem } from "../tasks/family.ts";
import { loadTask } from "../tasks/load-task.ts";
import { mostTestProblems } from "../tasks/mixed-task.ts";
import type { RewardFunction } from "../tasks/reward.ts";
import type { Task } from "../tasks/task.ts";
import { loadTaskModule, type TaskModule } from "../tasks/task-module.ts";

/** Test problems that a policy is evaluated on. */
export interface EvaluationDomain {
	readonly name: "in-domain" | "out-of-domain";
	readonly problems: readonly Problem[];
	readonly reward: RewardFunction;
}

export interface Domains {
	readonly train: Task;
	readonly evaluation: readonly EvaluationDomain[];
	/** What to know of the data: rows left out, fewer test problems than asked for. */
	readonly notes: readonly string[];
}

/**
 * The tasks that a recipe names, with `count` test problems of each, or as many as its data sets have.
 * @throws ThaliaError `task-module`, `task-exhausted`, and those of `openDataset`
 */
export async function loadDomains(
	task: TrainRecipe["task"],
	count: number,
	seed: number,
	{ fetchRepository }: Pick<DatasetOptions, "fetchRepository"> = {},
): Promise<Domains> {
	const { train, heldOut, notes } = await loadTasks(task, fetchRepository);
	const evaluation = [domain("in-domain", train), domain("out-of-domain", heldOut)].flat();
	const few = evaluation.flatMap(({ name, problems }) =>
		problems.length < count ? [`${name}: all ${problems.length} test problems, not ${count}`] : [],
	);
	return { train, evaluation, notes: [...notes, ...few] };

	function domain(name: EvaluationDomain["name"], task: Task | undefined): EvaluationDomain[] {
		if (task === undefined || mostTestProblems(task) === 0) return [];
		return [{ name, problems: task.problems("test", count, seed), reward: (input) => task.reward(input) }];
	}
}

async function loadTasks(
	task: TrainRecipe["task"],
	fetchRepository: DatasetOptions["fetchRepository"],
): Promise<TaskModule & { readonly notes: readonly string[] }> {
	if ("module" in task) return { ...(await loadTaskModule(task.module)), notes: [] };
	const options = { dataDir: task.dataDir, fetchRepository };
	const train = await loadTask(task.train, "train", options);
	if (task.heldOut.length === 0) return { train: train.task, notes: train.notes };
	const heldOut = await loadTask(task.heldOut, "heldOut", options);
	return { train: train.task, heldOut: heldOut.task, notes: [...train.notes, ...heldOut.notes] };
}
