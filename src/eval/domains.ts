import { fetchRepository as fetchFromHub } from "../hub/fetch-repository.ts";
import type { TrainRecipe } from "../recipe/train-recipe.ts";
import { type Examples, examplesOf } from "../rollout/prompter.ts";
import type { DatasetOptions } from "../tasks/datasets/open-dataset.ts";
import type { Problem } from "../tasks/family.ts";
import { loadTask, type TaskEntry } from "../tasks/load-task.ts";
import { mostTestProblems } from "../tasks/mixed-task.ts";
import type { RewardFunction } from "../tasks/reward.ts";
import type { SameAnswer, Task } from "../tasks/task.ts";
import { loadTaskModule, type TaskModule } from "../tasks/task-module.ts";

/** Test problems that a policy is evaluated on. */
export interface EvaluationDomain {
	readonly name: string;
	readonly problems: readonly Problem[];
	readonly reward: RewardFunction;
	/** Whether two answers are the same, for maj@k; default: where their characters are. */
	readonly sameAnswer?: SameAnswer;
}

export interface Domains {
	readonly train: Task;
	readonly evaluation: readonly EvaluationDomain[];
	/** What `prompt.shots` shows before a problem of any of them. */
	readonly examples: Examples;
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
	{ fetchRepository = fetchFromHub }: Pick<DatasetOptions, "fetchRepository"> = {},
): Promise<Domains> {
	const { train, heldOut, notes } = await loadTasks(task, fetchRepository);
	const evaluation = [domain("in-domain", train), domain("out-of-domain", heldOut)].flat();
	const few = evaluation.flatMap(({ name, problems }) =>
		problems.length < count ? [`${name}: all ${problems.length} test problems, not ${count}`] : [],
	);
	const examples = examplesOf([train, heldOut].flatMap((task) => task ?? []));
	return { train, evaluation, examples, notes: [...notes, ...few] };

	function domain(name: EvaluationDomain["name"], task: Task | undefined): EvaluationDomain[] {
		if (task === undefined || mostTestProblems(task) === 0) return [];
		return [evaluatedOn(name, task, task.problems("test", count, seed))];
	}
}

/** The test problems of some families and data sets as one domain, `count` of them or as many as there are. */
export async function loadTestDomain(
	entries: readonly TaskEntry[],
	count: number,
	seed: number,
	options: Pick<DatasetOptions, "dataDir" | "fetchRepository"> = {},
): Promise<Omit<Domains, "train">> {
	const { task, notes } = await loadTask(entries, "heldOut", { fetchRepository: fetchFromHub, ...options });
	const problems = task.problems("test", count, seed);
	const few = problems.length < count ? [`all ${problems.length} test problems, not ${count}`] : [];
	return {
		evaluation: [evaluatedOn("test", task, problems)],
		examples: examplesOf([task]),
		notes: [...notes, ...few],
	};
}

function evaluatedOn(name: string, task: Task, problems: readonly Problem[]): EvaluationDomain {
	return {
		...{ name, problems },
		reward: (input) => task.reward(input),
		...(task.sameAnswer === undefined ? {} : { sameAnswer: task.sameAnswer }),
	};
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
