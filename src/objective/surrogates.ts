import { total } from "../kl/credit.ts";
import { importanceWeights } from "../kl/importance.ts";
import type { LogProbs } from "../kl/log-probs.ts";
import type { Surrogate } from "./config.ts";

/** Which bound of a surrogate has set a token's weight to 0, or holds its ratio; null: none. */
export type Held = "low" | "high" | null;

export interface SurrogateTerms {
	/** -d loss_t / d log pi_t per token: its score weight before aggregation, [T]. */
	readonly weights: Float64Array;
	readonly held: readonly Held[];
}

/**
 * One completion's score weights under a surrogate.
 * @param advantages A_t, [T]
 * @param logp log pi, fresh, nats, [T]
 * @param sampler log mu, nats, [T]
 */
export function surrogateTerms(
	surrogate: Surrogate,
	advantages: LogProbs,
	logp: LogProbs,
	sampler: LogProbs,
): SurrogateTerms {
	const ratios = ratiosOf(surrogate, logp, sampler);
	const held = Array.from(ratios, (q, t) => heldBy(surrogate, advantages[t], q));
	const weights = ratios.map((q, t) => factor(surrogate, q, held[t]) * advantages[t]);
	return { weights, held };
}

/**
 * The loss per token that those weights descend, [T]. Where a surrogate stops a gradient (`reinforce`, `cispo`, `tis`,
 * `masked-is`, and the ratio of `gspo` but for the token's own share) what is stopped is taken at `stopped`.
 * @param stopped log pi as a constant, [T]; the same numbers as `logp` where a loss is reported
 */
export function surrogateLosses(
	surrogate: Surrogate,
	advantages: LogProbs,
	logp: LogProbs,
	sampler: LogProbs,
	stopped: LogProbs,
): Float64Array {
	const ratios = ratiosOf(surrogate, stopped, sampler);
	return Float64Array.from(logp, (l, t) => {
		const a = advantages[t];
		const moved = l - stopped[t];
		switch (surrogate.kind) {
			case "ppo-clip": {
				const loss = clipLoss(a, Math.exp(l - sampler[t]), surrogate);
				const { dualClip = Infinity } = surrogate;
				return a < 0 ? Math.min(loss, -dualClip * a) : loss;
			}
			case "gspo":
				return clipLoss(a, ratios[t] * Math.exp(moved), surrogate);
			default:
				return -factor(surrogate, ratios[t], heldBy(surrogate, a, ratios[t])) * a * l;
		}
	});
}

/** -min(q A, clip(q, 1 - low, 1 + high) A). */
function clipLoss(
	advantage: number,
	ratio: number,
	bounds: { epsilonLow: number; epsilonHigh: number },
): number {
	const clipped = Math.min(Math.max(ratio, 1 - bounds.epsilonLow), 1 + bounds.epsilonHigh);
	return -Math.min(ratio * advantage, clipped * advantage);
}

/** The ratio of policy to sampler that each token is weighted by, [T]. */
function ratiosOf(surrogate: Surrogate, logp: LogProbs, sampler: LogProbs): Float64Array {
	if (surrogate.kind === "gspo") {
		const logs = Float64Array.from(logp, (l, t) => l - sampler[t]);
		return logs.fill(total(logs) / Math.max(1, logs.length)).map(Math.exp);
	}
	return importanceWeights("level" in surrogate ? surrogate.level : "token", logp, sampler).weights;
}

/** PPO's clip holds a token only where it would move on outwards; the others hold their ratio whatever the advantage. */
function heldBy(surrogate: Surrogate, advantage: number, ratio: number): Held {
	switch (surrogate.kind) {
		case "reinforce":
			return null;
		case "ppo-clip":
		case "gspo": {
			if (advantage < 0 && ratio < 1 - surrogate.epsilonLow) return "low";
			const { dualClip = Infinity } = surrogate.kind === "ppo-clip" ? surrogate : {};
			if (advantage < 0 && ratio > dualClip) return "high";
			return advantage > 0 && ratio > 1 + surrogate.epsilonHigh ? "high" : null;
		}
		case "cispo":
			return outside(ratio, 1 - surrogate.epsilonLow, 1 + surrogate.epsilonHigh);
		case "tis":
			return outside(ratio, 0, surrogate.cap);
		case "masked-is":
			return outside(ratio, surrogate.low, surrogate.high);
	}
}

function outside(ratio: number, low: number, high: number): Held {
	if (ratio < low) return "low";
	return ratio > high ? "high" : null;
}

/** What an advantage is multiplied by. */
function factor(surrogate: Surrogate, ratio: number, held: Held): number {
	switch (surrogate.kind) {
		case "reinforce":
			return 1;
		case "ppo-clip":
		case "gspo":
		case "masked-is":
			return held === null ? ratio : 0;
		case "cispo":
			return Math.min(Math.max(ratio, 1 - surrogate.epsilonLow), 1 + surrogate.epsilonHigh);
		case "tis":
			return Math.min(ratio, surrogate.cap);
	}
}
