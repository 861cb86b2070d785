import type { RewardFunction } from "./reward.ts";
import type { Verifier } from "./verifiers/verifier.ts";

/** 1 for what a verifier accepts and 0 for what it refuses; what it cannot decide it throws. With the answer that it found. */
export function rewardOf(verifier: Verifier): RewardFunction {
	return async ({ problem, completion, signal }) => {
		const { answer, choices } = problem;
		const input = { gold: answer, completion, signal, ...(choices === undefined ? {} : { choices }) };
		const { correct, extracted } = await verifier.verify(input);
		return { reward: correct ? 1 : 0, answer: extracted };
	};
}
