import { type ProblemResult, passingReward } from "./problem-result.ts";
import { bootstrapInterval, type Interval, meanAtK, passAtK } from "./statistics.ts";

/**
 * Estimates over the problems of one domain, with 95% bootstrap intervals that resample problems; null where the
 * verifier failed on every problem.
 */
export interface Estimates {
	readonly problems: number;
	/** Share of problems whose greedy completion is right. */
	readonly greedy: Interval | null;
	/** Mean reward of `samples` completions at the temperature: mean@k. */
	readonly mean: Interval | null;
	/** Unbiased pass@k at the temperature (Chen et al. 2021), by k. */
	readonly passAt: Readonly<Record<string, Interval | null>>;
	/** maj@k at the temperature; null too where the verifier gives no answers. */
	readonly majority: Interval | null;
	/** Completions whose verifier failed; left out of the estimates. */
	readonly errors: number;
	/** Mean tokens of a sampled completion, and the share of them that ended by themselves; null where nothing was sampled. */
	readonly tokens: number | null;
	readonly stopped: number | null;
}

export interface Evaluation extends Estimates {
	readonly domain: string;
	readonly samples: number;
	/** By family or data set, where there is more than one. */
	readonly families: Readonly<Record<string, Estimates>>;
	readonly results: readonly ProblemResult[];
}

/** The estimates of some problems' results. @param ks the k of pass@k */
export function summarise(
	domain: string,
	results: readonly ProblemResult[],
	samples: number,
	ks: readonly number[],
): Evaluation {
	const names = [...new Set(results.map(({ family }) => family))];
	const families = names.length < 2 ? [] : names;
	return {
		domain,
		samples,
		...estimatesOf(results, ks),
		families: Object.fromEntries(
			families.map((name) => [
				name,
				estimatesOf(
					results.filter(({ family }) => family === name),
					ks,
				),
			]),
		),
		results,
	};
}

function estimatesOf(results: readonly ProblemResult[], ks: readonly number[]): Estimates {
	const greedy = results.flatMap((r) => (r.greedy === null ? [] : [r.greedy >= passingReward ? 1 : 0]));
	const sampled = results.filter(({ rewards }) => rewards.length > 0);
	const passAt = (k: number) =>
		sampled
			.filter(({ rewards }) => rewards.length >= k)
			.map(({ rewards }) => passAtK(rewards.length, rewards.filter((r) => r >= passingReward).length, k));
	const lengths = results.flatMap(({ tokens = [] }) => tokens);
	const stopped = results.reduce((sum, { stopped = 0 }) => sum + stopped, 0);
	return {
		problems: results.length,
		greedy: intervalOf(greedy),
		mean: intervalOf(sampled.map(({ rewards }) => meanAtK(rewards))),
		passAt: Object.fromEntries(ks.map((k) => [k, intervalOf(passAt(k))])),
		majority: intervalOf(sampled.flatMap(({ majority }) => (majority === undefined ? [] : [majority]))),
		errors: results.reduce((sum, { errors }) => sum + errors, 0),
		tokens: lengths.length === 0 ? null : meanAtK(lengths),
		stopped: lengths.length === 0 ? null : stopped / lengths.length,
	};
}

function intervalOf(values: readonly number[]): Interval | null {
	return values.length === 0 ? null : bootstrapInterval(values);
}
