import { assertLength, type LogProbs } from "./log-probs.ts";

/**
 * How a term of token n is reweighted where another policy sampled, w_s = exp(log pi(y_s|h_s) - log mu(y_s|h_s)):
 * - "none": 1; off-policy the expectation stays the sampler's
 * - "token": w_n (PPO, GRPO): right for token n given its prefix, at the sampler's prefixes
 * - "prefix": w_1 ... w_n: right for everything up to token n
 * - "sequence": w_1 ... w_T: right for everything, at a higher variance
 */
export type Importance = (typeof IMPORTANCES)[number];
export const IMPORTANCES = ["none", "token", "prefix", "sequence"] as const;

/**
 * Bounds on an importance weight: bias for variance (truncated importance sampling, Ionides 2008; TIS, Yao et al. 2025).
 * "clip" puts a weight outside at the bound, "mask" at 0.
 */
export interface Truncation {
	/** 0 or more, at most 1. */
	readonly low?: number;
	/** 1 or more. */
	readonly high?: number;
	readonly by: "clip" | "mask";
}

/** Importance weights of one sequence. */
export interface ImportanceWeights {
	/** Of token n's term, [T]. */
	readonly weights: Float64Array;
	/** Whether the weight still moves with the log-probs in it, [T]: false where a bound holds it. */
	readonly free: readonly boolean[];
}

/**
 * @param logp log pi of the sampled tokens, nats, [T]
 * @param sampler log mu of the same, nats, [T]
 */
export function importanceWeights(
	importance: Importance,
	logp: LogProbs,
	sampler: LogProbs,
	truncation?: Truncation,
): ImportanceWeights {
	assertLength("sampler log-probs", sampler, logp.length);
	const logs = logWeights(importance, logp, sampler);
	const { low = 0, high = Infinity, by = "clip" } = truncation ?? {};
	const raw = logs.map(Math.exp);
	const free = Array.from(raw, (w) => importance !== "none" && w >= low && w <= high);
	const weights = raw.map((w, n) => {
		if (importance === "none" || free[n]) return w;
		return by === "mask" ? 0 : Math.min(Math.max(w, low), high);
	});
	return { weights, free };
}

/** In logs, so that a long product neither overflows on its way nor loses its digits. */
function logWeights(importance: Importance, logp: LogProbs, sampler: LogProbs): Float64Array {
	const ratios = Float64Array.from(logp, (l, n) => l - sampler[n]);
	if (importance === "token") return ratios;
	if (importance === "none") return ratios.fill(0);
	let sum = 0;
	const prefix = ratios.map((r) => (sum += r));
	return importance === "prefix" ? prefix : prefix.fill(sum);
}

/**
 * Effective sample size of a batch's weights (Kong 1992): (sum W)^2 / sum W^2, between 1 and their number; 0 of none.
 * @param weights 0 or more
 */
export function effectiveSampleSize(weights: ArrayLike<number>): number {
	let sum = 0;
	let squares = 0;
	for (let i = 0; i < weights.length; i++) {
		sum += weights[i];
		squares += weights[i] ** 2;
	}
	return squares === 0 ? 0 : sum ** 2 / squares;
}
