/** A completion passes with this reward or more. */
export const passingReward = 1;

/**
 * What was measured of one problem. A completion whose verifier failed is in none of the lists of rewards and answers, but
 * in `errors`.
 */
export interface ProblemResult {
	readonly id: string;
	readonly family: string;
	/** Reward of the greedy completion; null where the verifier failed. */
	readonly greedy: number | null;
	/** Of the sampled ones. */
	readonly rewards: readonly number[];
	/** maj@k of the sampled ones, where their verifier gives answers. */
	readonly majority?: number;
	/** Their answers, in the order of the rewards. */
	readonly answers?: readonly (string | null)[];
	readonly errors: number;
	/** The first of them. */
	readonly error?: string;
	/** Length of each sampled completion in tokens; absent where nothing was sampled. */
	readonly tokens?: readonly number[];
	/** How many of them ended by themselves. */
	readonly stopped?: number;
	/** Of a multiple-choice problem measured by likelihood: the most likely letter, and the log-probability of each. */
	readonly choice?: string;
	readonly choiceLogprobs?: readonly number[];
	readonly greedyText?: string;
	/** The sampled completions, where they were asked for. */
	readonly texts?: readonly string[];
}
