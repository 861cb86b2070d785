import { expected } from "../errors.ts";
import { seededRandom } from "./random.ts";
import type { Task } from "./task.ts";

/** One of several tasks that are taken together. */
export interface TaskPart {
	readonly task: Task;
	/** Families of its problems. */
	readonly families: readonly string[];
	/** Share of the problems. */
	readonly weight: number;
}

/**
 * Several tasks as one: training problems are drawn from each by its weight; test problems are as many of each as its
 * weight says, and where one has not so many, more of the others.
 * @throws ThaliaError `task-invalid` where two have problems of one name, for the reward goes by it
 */
export function mixedTask(parts: readonly TaskPart[]): Task {
	const byFamily = new Map<string, Task>();
	for (const { families, task } of parts) {
		for (const family of families) {
			if (byFamily.has(family)) {
				const fix = "give one of them another `name`";
				throw expected(
					"task-invalid",
					"a name of its own",
					"each data set of a task",
					`${family} twice`,
					fix,
				);
			}
			byFamily.set(family, task);
		}
	}
	return {
		name: parts.map(({ task }) => task.name).join("+"),
		trainingProblems: parts.flatMap(({ task }) => task.trainingProblems ?? []),
		testProblems: parts.reduce((sum, { task }) => sum + mostTestProblems(task), 0),
		reward: (input) => byFamily.get(input.problem.family)!.reward(input),
		sameAnswer: (problem, a, b) => byFamily.get(problem.family)?.sameAnswer?.(problem, a, b) ?? false,
		problems(split, count, seed) {
			const random = seededRandom(seed);
			const seeds = parts.map(() => random.int(0, 2 ** 31 - 1));
			if (split === "test") {
				const shares = testShares(parts, count);
				return parts.flatMap(({ task }, i) =>
					shares[i] === 0 ? [] : task.problems("test", shares[i], seeds[i]),
				);
			}
			// A data set for testing alone has its share of the test problems only.
			const weights = parts.map(({ task, weight }) => (task.trainingProblems?.length === 0 ? 0 : weight));
			const total = weights.reduce((sum, weight) => sum + weight, 0);
			if (count > 0 && total === 0)
				throw expected("dataset-split", "training problems", parts.map(({ task }) => task.name).join("+"), 0);
			const drawn = Array.from({ length: count }, () => {
				let at = random.unit() * total;
				const part = weights.findIndex((weight) => (at -= weight) < 0);
				return part === -1 ? weights.findIndex((weight) => weight > 0) : part;
			});
			const streams = parts.map(({ task }, i) => {
				const wanted = drawn.filter((part) => part === i).length;
				return wanted === 0 ? [] : task.problems("train", wanted, seeds[i]);
			});
			return drawn.map((part) => streams[part].pop()!);
		},
	};
}

/** Most test problems that a task can give. */
export function mostTestProblems({ testProblems = Number.POSITIVE_INFINITY }: Task): number {
	return testProblems;
}

/** How many of `count` test problems each part gives: by weight, up to what it has. */
function testShares(parts: readonly TaskPart[], count: number): number[] {
	const shares = parts.map(() => 0);
	// One at a time, to the part that is farthest behind its weight.
	for (let left = count; left > 0; left--) {
		let next = -1;
		for (const [i, { task, weight }] of parts.entries()) {
			if (shares[i] >= mostTestProblems(task)) continue;
			if (next === -1 || (shares[i] + 1) / weight < (shares[next] + 1) / parts[next].weight) next = i;
		}
		if (next === -1) break;
		shares[next]++;
	}
	return shares;
}
