import type { RewardFunction } from "./reward.ts";
import type { Verifier } from "./verifiers/verifier.ts";

/** 1 for what a verifier accepts and 0 for what it refuses; what it cannot decide it throws. */
export function rewardOf(verifier: Verifier): RewardFunction {
	return async ({ problem, completion, signal }) => {
		const { answer, choices } = problem;
		const input = { gold: answer, completion, signal, ...(choices === undefined ? {} : { choices }) };
		return (await verifier.verify(input)).correct ? 1 : 0;
	};
}
