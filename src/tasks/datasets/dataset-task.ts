import { expected } from "../../errors.ts";
import { seededRandom } from "../random.ts";
import type { Task } from "../task.ts";
import { rewardOf } from "../verified-reward.ts";
import type { Dataset } from "./dataset.ts";
import { sample } from "./sample.ts";

/**
 * A task over a data set. Training problems come in a new order for every seed, none twice before all have come once;
 * of test problems there are at most as many as the data set has. The reward is 1 for what the verifier accepts and 0
 * for what it refuses; what it cannot decide is an error.
 */
export function datasetTask(dataset: Dataset): Task {
	return {
		name: dataset.name,
		reward: rewardOf(dataset.verifier),
		sameAnswer: async (_, a, b) => (await dataset.verifier.compare(a, b)).correct,
		problems(split, count, seed) {
			const all = dataset[split];
			if (!(Number.isSafeInteger(count) && count >= 0))
				throw expected("task-invalid", "a whole number", `the count of problems of ${dataset.name}`, count);
			if (count > 0 && all.length === 0)
				throw expected("dataset-split", `${split} problems`, `data set ${dataset.name}`, 0);
			if (split === "test") return sample(all, count, seed);
			const random = seededRandom(seed);
			const problems = [];
			while (problems.length < count)
				problems.push(...sample(all, count - problems.length, random.int(0, 2 ** 31 - 1)));
			return problems;
		},
	};
}
