import type { TrainRecipe } from "../recipe/train-recipe.ts";
import type { Problem } from "../tasks/family.ts";
import type { RewardFunction } from "../tasks/reward.ts";
import { familyTask, type Task } from "../tasks/task.ts";
import { loadTaskModule } from "../tasks/task-module.ts";

/** Test problems that a policy is evaluated on. */
export interface EvaluationDomain {
	readonly name: "in-domain" | "out-of-domain";
	readonly problems: readonly Problem[];
	readonly reward: RewardFunction;
}

export interface Domains {
	readonly train: Task;
	readonly evaluation: readonly EvaluationDomain[];
}

/** The tasks that a recipe names, with `count` test problems of each. @throws ThaliaError `task-module`, `task-exhausted` */
export async function loadDomains(task: TrainRecipe["task"], count: number, seed: number): Promise<Domains> {
	const { train, heldOut } = await loadTasks(task);
	const domain = (name: EvaluationDomain["name"], from: Task): EvaluationDomain => ({
		name,
		problems: from.problems("test", count, seed),
		reward: (input) => from.reward(input),
	});
	const evaluation = [
		domain("in-domain", train),
		...(heldOut === undefined ? [] : [domain("out-of-domain", heldOut)]),
	];
	return { train, evaluation };
}

async function loadTasks(task: TrainRecipe["task"]): Promise<{ train: Task; heldOut?: Task }> {
	if ("module" in task) return loadTaskModule(task.module);
	const train = familyTask(task.train);
	return task.heldOut.length === 0 ? { train } : { train, heldOut: familyTask(task.heldOut) };
}
