import type { Surrogate } from "./config.ts";

/**
 * -A log pi, whose gradient is the policy gradient (Williams 1992).
 * @returns loss of one token
 */
export function reinforceLoss(advantage: number, logp: number): number {
	return -advantage * logp;
}

/**
 * -min(q A, clip(q, 1 - low, 1 + high) A), q = exp(log pi - log mu) (PPO, Schulman et al., arXiv 1707.06347; two
 * epsilons as in DAPO, arXiv 2503.14476). With the log-ratio of a whole sequence, the same clip per sequence.
 * @returns loss of one token
 */
export function ppoClipLoss(advantage: number, logRatio: number, low: number, high: number): number {
	const ratio = Math.exp(logRatio);
	const clipped = Math.min(Math.max(ratio, 1 - low), 1 + high);
	return -Math.min(ratio * advantage, clipped * advantage);
}

/** -d `ppoClipLoss` / d log pi: q A, or 0 where the clip holds. */
export function ppoClipWeight(advantage: number, logRatio: number, low: number, high: number): number {
	return clipSide(advantage, logRatio, low, high) === null ? Math.exp(logRatio) * advantage : 0;
}

/** Which bound of the clip holds a token back, if one does. */
export function clipSide(
	advantage: number,
	logRatio: number,
	low: number,
	high: number,
): "low" | "high" | null {
	const ratio = Math.exp(logRatio);
	if (advantage < 0 && ratio < 1 - low) return "low";
	return advantage > 0 && ratio > 1 + high ? "high" : null;
}

/** Loss of one token with advantage A, given log pi and log mu. */
export function surrogateLoss(
	surrogate: Surrogate,
	advantage: number,
	logp: number,
	sampler: number,
): number {
	if (surrogate.kind === "reinforce") return reinforceLoss(advantage, logp);
	return ppoClipLoss(advantage, logp - sampler, surrogate.epsilonLow, surrogate.epsilonHigh);
}

/** -d `surrogateLoss` / d log pi: the token's score weight before aggregation. */
export function surrogateWeight(
	surrogate: Surrogate,
	advantage: number,
	logp: number,
	sampler: number,
): number {
	if (surrogate.kind === "reinforce") return advantage;
	return ppoClipWeight(advantage, logp - sampler, surrogate.epsilonLow, surrogate.epsilonHigh);
}
