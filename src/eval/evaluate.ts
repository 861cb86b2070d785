import type { Engine } from "../engine/engine.ts";
import type { Tokenizer } from "../formats/tokenizer.ts";
import { type RolloutGroup, sampleGroups } from "../rollout/collect.ts";
import type { Problem } from "../tasks/family.ts";
import type { RewardFunction } from "../tasks/reward.ts";
import { bootstrapInterval, type Interval, meanAtK, passAtK } from "./statistics.ts";

export interface EvaluationOptions {
	/** Completions of a problem at `temperature`. */
	readonly samples: number;
	readonly temperature: number;
	readonly maxTokens: number;
	readonly seed: number;
	readonly rewardTimeoutMs: number;
	/** The k of pass@k, each at most `samples`. Default: 1 and `samples`. */
	readonly ks?: readonly number[];
}

/** Rewards of one problem's completions. A completion whose verifier failed is in neither list, but in `errors`. */
export interface ProblemResult {
	readonly id: string;
	readonly family: string;
	/** Of the greedy completion; null where the verifier failed. */
	readonly greedy: number | null;
	/** Of the sampled ones. */
	readonly rewards: readonly number[];
	readonly errors: number;
}

/**
 * Estimates over the problems of one domain, with 95% bootstrap intervals that resample problems; null where the
 * verifier failed on every problem.
 */
export interface Evaluation {
	readonly domain: string;
	readonly problems: number;
	readonly samples: number;
	/** Share of problems whose greedy completion is right. */
	readonly greedy: Interval | null;
	/** Mean reward of `samples` completions at the temperature: mean@k. */
	readonly mean: Interval | null;
	/** Unbiased pass@k at the temperature (Chen et al. 2021), by k. */
	readonly passAt: Readonly<Record<string, Interval | null>>;
	/** Completions whose verifier failed; left out of the estimates. */
	readonly errors: number;
	readonly results: readonly ProblemResult[];
}

/** A completion passes with this reward or more. */
export const passingReward = 1;

/** Greedy and sampled completions of every problem, verified. @throws ThaliaError of the engine */
export async function evaluateProblems(
	engine: Engine,
	tokenizer: Tokenizer,
	domain: { readonly name: string; readonly problems: readonly Problem[]; readonly reward: RewardFunction },
	options: EvaluationOptions,
	onTokens?: (tokens: number) => void,
): Promise<Evaluation> {
	const collect = async (groupSize: number, temperature: number, before: number) => {
		const { maxTokens, seed, rewardTimeoutMs } = options;
		const sampling = { temperature, maxTokens, seed };
		const groups = await sampleGroups(
			engine,
			tokenizer,
			domain.reward,
			domain.problems,
			{ groupSize, sampling, rewardTimeoutMs },
			(tokens) => onTokens?.(before + tokens),
		);
		return { tokens: groups.tokens, scored: await groups.scored };
	};
	const greedy = await collect(1, 0, 0);
	const sampled = await collect(options.samples, options.temperature, greedy.tokens);
	const results = domain.problems.map((problem, i): ProblemResult => {
		const { rewards, errors } = rewardsOf(sampled.scored[i]);
		const first = rewardsOf(greedy.scored[i]);
		return {
			id: problem.id,
			family: problem.family,
			greedy: first.rewards.at(0) ?? null,
			rewards,
			errors: errors + first.errors,
		};
	});
	return summarise(domain.name, results, options.samples, options.ks ?? [...new Set([1, options.samples])]);
}

/** The estimates of some problems' results. */
export function summarise(
	domain: string,
	results: readonly ProblemResult[],
	samples: number,
	ks: readonly number[],
): Evaluation {
	const greedy = results.flatMap((r) => (r.greedy === null ? [] : [r.greedy >= passingReward ? 1 : 0]));
	const sampled = results.filter(({ rewards }) => rewards.length > 0);
	const passAt = (k: number) =>
		sampled
			.filter(({ rewards }) => rewards.length >= k)
			.map(({ rewards }) => passAtK(rewards.length, rewards.filter((r) => r >= passingReward).length, k));
	return {
		domain,
		problems: results.length,
		samples,
		greedy: intervalOf(greedy),
		mean: intervalOf(sampled.map(({ rewards }) => meanAtK(rewards))),
		passAt: Object.fromEntries(ks.map((k) => [k, intervalOf(passAt(k))])),
		errors: results.reduce((sum, { errors }) => sum + errors, 0),
		results,
	};
}

function intervalOf(values: readonly number[]): Interval | null {
	return values.length === 0 ? null : bootstrapInterval(values);
}

function rewardsOf(group: RolloutGroup): { rewards: number[]; errors: number } {
	const rewards = group.rollouts.flatMap(({ scored }) => ("reward" in scored ? [scored.reward] : []));
	return { rewards, errors: group.rollouts.length - rewards.length };
}
