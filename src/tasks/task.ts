import { expected } from "../errors.ts";
import { families, writtenFamilies } from "./families/index.ts";
import { answerOf, makeProblem, type Problem } from "./family.ts";
import { type Random, seededRandom } from "./random.ts";
import type { RewardFunction } from "./reward.ts";
import { isInTestShare, type Split } from "./split.ts";
import { rewardOf } from "./verified-reward.ts";
import { makeVerifier } from "./verifiers/index.ts";
import type { Verifier } from "./verifiers/verifier.ts";

export type { Split } from "./split.ts";

/**
 * Some of a family's levels (default all), with a share of the problems (default 1). Solutions show their working unless
 * they are to be the answer alone.
 */
export interface FamilyShare {
	readonly family: string;
	readonly levels?: readonly number[];
	readonly weight?: number;
	readonly working?: boolean;
}

/** So many draws in a row without a new problem mean that there is none left. */
const mostMisses = 20_000;

/** A stream of problems, and the reward of a completion. */
export interface Task {
	readonly name: string;
	/**
	 * The same seed gives the same problems. Train and test never share one. Test problems are distinct, so that each
	 * is one independent unit of an interval; training problems may come again. Where a data set has fewer test problems
	 * than asked for, it gives them all.
	 * @throws ThaliaError `task-exhausted` when families have not so many distinct test problems
	 */
	problems(split: Split, count: number, seed: number): Problem[];
	readonly reward: RewardFunction;
	/** Whether two answers to a problem are the same, where there is more to that than their characters. */
	readonly sameAnswer?: SameAnswer;
	/** Every training problem, where they can be listed: their lengths are checked before training begins. */
	readonly trainingProblems?: readonly Problem[];
	/** How many distinct test problems there are, where that is known; 0: it cannot be evaluated on. */
	readonly testProblems?: number;
}

export type SameAnswer = (problem: Problem, a: string, b: string) => boolean | Promise<boolean>;

/** A task over procedural families; the reward is 1 for the right answer and 0 for another. */
export function familyTask(
	shares: readonly FamilyShare[],
	name = shares.map((share) => share.family).join("+"),
): Task {
	const resolved = shares.map(resolveShare);
	const verifiers = new Map<string, Verifier>();
	for (const { family } of resolved)
		if ("write" in family) verifiers.set(family.name, makeVerifier(family.verifier));
	const verified = new Map([...verifiers].map(([family, verifier]) => [family, rewardOf(verifier)]));
	if (resolved.length === 0) throw expected("task-invalid", "at least one family", "a task", "none");
	const total = resolved.reduce((sum, share) => sum + share.weight, 0);
	return {
		name,
		reward: (input) => {
			const judged = verified.get(input.problem.family);
			if (judged !== undefined) return judged(input);
			const answer = answerOf(input.completion);
			return { reward: answer === input.problem.answer ? 1 : 0, answer };
		},
		sameAnswer: async ({ family }, a, b) => (await verifiers.get(family)?.compare(a, b))?.correct ?? false,
		problems(split, count, seed) {
			if (!(Number.isSafeInteger(count) && count >= 0))
				throw expected("task-invalid", "a whole number", `the count of problems of ${name}`, count);
			const random = seededRandom(seed);
			const problems: Problem[] = [];
			const seen = new Set<string>();
			for (let misses = 0; problems.length < count; misses++) {
				if (misses === mostMisses) {
					const fix = "Ask for fewer test problems, or add levels or families.";
					throw expected("task-exhausted", `${count} distinct ${split} problems`, name, problems.length, fix);
				}
				let at = random.unit() * total;
				const share = resolved.find((candidate) => (at -= candidate.weight) < 0) ?? resolved[0];
				const { problem, key } = drawProblem(share, random);
				if (splitOfKey(key) !== split || (split === "test" && seen.has(key))) continue;
				seen.add(key);
				problems.push(problem);
				misses = 0;
			}
			return problems;
		},
	};
}

/** About one problem in eight is for testing, by a hash of its text alone. */
export function splitOf(problem: Problem): Split {
	return splitOfKey(problem.prompt);
}

function splitOfKey(key: string): Split {
	return isInTestShare(key, 1 / 8) ? "test" : "train";
}

/** A problem of either kind of family, and what makes it the same as another one. */
function drawProblem(
	{ family, levels, working }: ReturnType<typeof resolveShare>,
	random: Random,
): { problem: Problem; key: string } {
	const level = random.pick(levels);
	if (!("write" in family)) {
		const problem = makeProblem(family, level, random, working);
		return { problem, key: problem.prompt };
	}
	const { key, ...written } = family.write(level, random);
	return {
		problem: { id: written.prompt, family: family.name, level, ...written },
		key: `${family.name} ${key}`,
	};
}

/** @throws ThaliaError `task-invalid` */
function resolveShare({ family: name, levels, weight = 1, working = true }: FamilyShare) {
	const family = families.get(name) ?? writtenFamilies.get(name);
	if (family === undefined) {
		const names = [...families.keys(), ...writtenFamilies.keys()].join(", ");
		throw expected("task-invalid", `one of ${names}`, "a task's family", name);
	}
	const all = Array.from({ length: family.levels }, (_, i) => i + 1);
	const chosen = levels ?? all;
	const bad = chosen.find((level) => !all.includes(level));
	if (chosen.length === 0 || bad !== undefined) {
		throw expected("task-invalid", `levels from 1 to ${family.levels}`, `family ${name}`, bad ?? "none");
	}
	if (!(weight > 0 && weight < Infinity))
		throw expected("task-invalid", "a weight above 0", `family ${name}`, weight);
	if (!working && "write" in family) {
		const fix = "leave working out: a problem in words is solved in words";
		throw expected("task-invalid", "no such setting", `working of family ${name}`, working, fix);
	}
	return { family, levels: chosen, weight, working };
}
