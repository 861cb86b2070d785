import { expected } from "../errors.ts";
import { isSampled, type KlConfig, outsideReward } from "../kl/config.ts";
import { klValues } from "../kl/estimators.ts";
import { importanceWeights } from "../kl/importance.ts";
import { assertLength, type LogProbs } from "../kl/log-probs.ts";
import { klWeights } from "../kl/weights.ts";
import { tokensOf } from "./batch.ts";
import type { PreparedObjective } from "./prepare.ts";
import { surrogateLoss, surrogateWeight } from "./surrogates.ts";

/**
 * Score weights c_t of one sequence: the objective's ascent direction is sum over all sequences of
 * sum_t c_t grad log pi(y_t|h_t). Equal to -d `batchLoss` / d logp, so that an engine's cotangent is -c_t.
 * @param b index of the sequence in the batch
 * @param logp log pi(y_t|h_t) of its tokens, fresh, nats, [T_b]
 * @returns [T_b]
 * @throws ThaliaError `sequence-out-of-range`, `shape-mismatch`
 */
export function scoreWeights(prepared: PreparedObjective, b: number, logp: LogProbs): Float64Array {
	const { advantages, sampler, reference, scale } = sequenceOf(prepared, b, logp);
	const { objective, kl } = prepared;
	const weights = Float64Array.from(logp, (l, t) =>
		surrogateWeight(objective.surrogate, advantages[t], l, sampler[t]),
	);
	const outside = outsideReward(kl);
	if (outside.place !== "none") {
		const { logprobs } = klWeights(outside, { logp, reference, sampler });
		for (const [t, c] of logprobs.entries()) weights[t] -= outside.beta * c;
	}
	return weights.map((weight) => scale * weight);
}

/**
 * One sequence's part of the loss that `scoreWeights` descends; arguments and errors as there. Its value is of
 * use where it is a loss at all: the advantages count as constants.
 */
export function sequenceLoss(prepared: PreparedObjective, b: number, logp: LogProbs): number {
	const { advantages, sampler, reference, scale } = sequenceOf(prepared, b, logp);
	const { objective, kl } = prepared;
	const costs = lossOf(outsideReward(kl), logp, reference, sampler);
	let sum = 0;
	for (const [t, l] of logp.entries()) {
		sum += surrogateLoss(objective.surrogate, advantages[t], l, sampler[t]) + costs[t];
	}
	return scale * sum;
}

/** The whole batch's loss. @param logp fresh log-probs of every sequence, in order, [B] of [T_b] */
export function batchLoss(prepared: PreparedObjective, logp: readonly LogProbs[]): number {
	assertLength("log-probs by sequence", prepared.scales, logp.length);
	return logp.reduce((sum, l, b) => sum + sequenceLoss(prepared, b, l), 0);
}

function sequenceOf(prepared: PreparedObjective, b: number, logp: LogProbs) {
	const { batch, scales } = prepared;
	if (!Number.isInteger(b) || b < 0 || b >= scales.length) {
		throw expected(
			"sequence-out-of-range",
			`a whole number from 0 to ${scales.length - 1}`,
			"the sequence index",
			b,
		);
	}
	const sampler = tokensOf(batch, batch.sampler, b);
	assertLength(`log-probs of sequence ${b}`, logp, sampler.length);
	const advantages = tokensOf(batch, prepared.advantages, b);
	return { advantages, sampler, reference: tokensOf(batch, batch.reference, b), scale: scales[b] };
}

/**
 * What a KL beside the surrogate adds to the loss, [T]: in the loss beta W_t k_t, in the reward beta c_t log pi with c_t
 * a constant.
 */
function lossOf(kl: KlConfig, logp: LogProbs, reference: LogProbs, sampler: LogProbs): Float64Array {
	const costs = new Float64Array(logp.length);
	if (kl.place === "none") return costs;
	const { estimator, beta, importance = "none", truncation } = kl;
	if (kl.place !== "loss") {
		const { logprobs } = klWeights({ ...kl, place: "reward" }, { logp, reference, sampler });
		for (const [t, c] of logprobs.entries()) costs[t] += beta * c * logp[t];
	}
	if (kl.place !== "reward" && isSampled(estimator)) {
		const { weights } = importanceWeights(importance, logp, sampler, truncation);
		for (const [t, k] of klValues(estimator, logp, reference).entries()) costs[t] += beta * weights[t] * k;
	}
	return costs;
}
