import { expected } from "../../errors.ts";
import type { Problem } from "../family.ts";
import { seededRandom } from "../random.ts";
import type { Task } from "../task.ts";
import { rewardOf } from "../verified-reward.ts";
import type { Dataset } from "./dataset.ts";
import { sample } from "./sample.ts";

/**
 * A task over a data set. The reward is 1 for what the verifier accepts and 0 for what it refuses; what it cannot decide
 * is an error.
 */
export function datasetTask(dataset: Dataset): Task {
	return {
		...listedProblems(dataset),
		reward: rewardOf(dataset.verifier),
		sameAnswer: async (_, a, b) => (await dataset.verifier.compare(a, b)).correct,
	};
}

/**
 * Problems of two lists. Those of training come in a new order for every seed, none twice before all have come once; of
 * test problems there are at most as many as the list has.
 */
export function listedProblems(lists: {
	readonly name: string;
	readonly train: readonly Problem[];
	readonly test: readonly Problem[];
}): Omit<Task, "reward"> {
	const { name } = lists;
	return {
		name,
		trainingProblems: lists.train,
		testProblems: lists.test.length,
		problems(split, count, seed) {
			const all = lists[split];
			if (!(Number.isSafeInteger(count) && count >= 0))
				throw expected("task-invalid", "a whole number", `the count of problems of ${name}`, count);
			if (count > 0 && all.length === 0)
				throw expected("dataset-split", `${split} problems`, `data set ${name}`, 0);
			if (split === "test") return sample(all, count, seed);
			const random = seededRandom(seed);
			const problems: Problem[] = [];
			while (problems.length < count)
				problems.push(...sample(all, count - problems.length, random.int(0, 2 ** 31 - 1)));
			return problems;
		},
	};
}
