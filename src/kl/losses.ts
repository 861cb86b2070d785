import { isSampled, type KlConfig, type KlInBoth, type KlInLoss } from "./config.ts";
import { klDerivatives, klValues } from "./estimators.ts";
import { importanceWeights } from "./importance.ts";
import type { LogProbs } from "./log-probs.ts";
import { divergenceWeights, type KlTokens, klWeights } from "./weights.ts";

/**
 * The loss per token, [T], whose derivatives are `klWeights`: in the loss W_t k_t, in the reward c_t log pi with c_t a
 * constant. What reads the vocabulary counts with its value W_t D_t.
 * @param stopped log pi wherever a gradient is stopped, [T]; the same numbers as `tokens.logp` where a loss is reported
 */
export function klLosses(config: KlConfig, tokens: KlTokens, stopped: LogProbs): Float64Array {
	const losses = new Float64Array(tokens.logp.length);
	if (config.place === "none") return losses;
	if (config.to === "sampler") {
		return klLosses({ ...config, to: "reference" }, { ...tokens, reference: tokens.sampler }, stopped);
	}
	if (config.place !== "loss") {
		const { logprobs } = klWeights({ ...config, place: "reward" }, { ...tokens, logp: stopped });
		for (const [t, c] of logprobs.entries()) losses[t] += c * tokens.logp[t];
	}
	if (config.place !== "reward") {
		for (const [t, loss] of inLoss(config, tokens, stopped).entries()) losses[t] += loss;
	}
	return losses;
}

function inLoss(config: KlInLoss | KlInBoth, tokens: KlTokens, stopped: LogProbs): Float64Array {
	const { estimator, importance = "none", truncation, differentiateImportance = false, clamp } = config;
	const { logp, reference, sampler } = tokens;
	const moving = differentiateImportance ? logp : stopped;
	const { weights } = importanceWeights(importance, moving, sampler, truncation);
	if (!isSampled(estimator)) {
		return divergenceWeights(importance, weights).map((w, t) => w * (tokens.divergence?.[t] ?? 0));
	}
	const values = klValues(estimator, logp, reference, clamp);
	if (estimator !== "k1+" && estimator !== "k3+") return weights.map((w, t) => w * values[t]);
	// Straight through: the value as it stands, and a slope of its own.
	const held = klValues(estimator, stopped, reference, clamp);
	const slopes = klDerivatives(estimator, stopped, reference, clamp);
	return weights.map((w, t) => w * (held[t] + slopes[t] * (logp[t] - stopped[t])));
}
