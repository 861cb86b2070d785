import { expected } from "../errors.ts";
import { outsideReward } from "../kl/config.ts";
import { assertLength, type LogProbs } from "../kl/log-probs.ts";
import { klLosses } from "../kl/losses.ts";
import { type KlWeights, klWeights } from "../kl/weights.ts";
import { tokensOf } from "./batch.ts";
import type { PreparedObjective } from "./prepare.ts";
import { surrogateLosses, surrogateTerms } from "./surrogates.ts";

/** What an engine says of one sequence's tokens, fresh, each [T_b]. */
export interface SequenceOutputs {
	/** log pi(y_t|h_t), nats. */
	readonly logprobs: LogProbs;
	/** D_t and whether a token is in the head, for the KL estimators that read them. */
	readonly divergence?: LogProbs;
	readonly inHead?: readonly boolean[];
}

/**
 * One sequence's part of the objective's ascent direction, sum_t c_t grad log pi(y_t|h_t) + d_t grad D_t. Equal to minus
 * the derivatives of `batchLoss`, so that an engine's cotangents are these negated.
 * @param b index of the sequence in the batch
 * @throws ThaliaError `sequence-out-of-range`, `shape-mismatch`, `kl-tokens`
 */
export function weigh(prepared: PreparedObjective, b: number, outputs: SequenceOutputs): KlWeights {
	const { logprobs: logp, ...vocabulary } = outputs;
	const { advantages, costs, sampler, reference, scale } = sequenceOf(prepared, b, logp);
	const { objective, kl } = prepared;
	const { weights } = surrogateTerms(objective.surrogate, advantages, logp, sampler);
	if (costs !== null) for (const [t, cost] of costs.entries()) weights[t] -= cost;
	const outside = outsideReward(kl);
	let divergence: Float64Array | null = null;
	if (outside.place !== "none") {
		const terms = klWeights(outside, { logp, reference, sampler, ...vocabulary });
		for (const [t, c] of terms.logprobs.entries()) weights[t] -= outside.beta * c;
		divergence = terms.divergence?.map((d) => -scale * outside.beta * d) ?? null;
	}
	return { logprobs: weights.map((weight) => scale * weight), divergence };
}

/** The score weights c_t alone, [T_b], of a KL that reads no vocabulary; see `weigh`. */
export function scoreWeights(prepared: PreparedObjective, b: number, logp: LogProbs): Float64Array {
	return weigh(prepared, b, { logprobs: logp }).logprobs;
}

/**
 * One sequence's part of the loss that `weigh` descends; its value is of use where it is a loss at all: the advantages
 * count as constants.
 * @param stopped log pi where the objective stops its gradient, [T_b]; default `outputs.logprobs`
 */
export function sequenceLoss(
	prepared: PreparedObjective,
	b: number,
	{ logprobs: logp, ...vocabulary }: SequenceOutputs,
	stopped: LogProbs = logp,
): number {
	const { advantages, costs, sampler, reference, scale } = sequenceOf(prepared, b, logp);
	const { objective, kl } = prepared;
	const losses = surrogateLosses(objective.surrogate, advantages, logp, sampler, stopped);
	const outside = outsideReward(kl);
	const beside =
		outside.place === "none"
			? new Float64Array(logp.length)
			: klLosses(outside, { logp, reference, sampler, ...vocabulary }, stopped).map((x) => outside.beta * x);
	let sum = 0;
	for (const [t, loss] of losses.entries())
		sum += loss + beside[t] + (costs === null ? 0 : costs[t] * logp[t]);
	return scale * sum;
}

/** The whole batch's loss. @param outputs fresh ones of every sequence, in order, [B] */
export function batchLoss(prepared: PreparedObjective, outputs: readonly SequenceOutputs[]): number {
	assertLength("outputs by sequence", outputs, prepared.scales.length);
	return outputs.reduce((sum, output, b) => sum + sequenceLoss(prepared, b, output), 0);
}

function sequenceOf(prepared: PreparedObjective, b: number, logp: LogProbs) {
	const { batch, scales, costs } = prepared;
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
	return {
		advantages: tokensOf(batch, prepared.advantages, b),
		costs: costs === null ? null : tokensOf(batch, costs, b),
		sampler,
		reference: tokensOf(batch, batch.reference, b),
		scale: scales[b],
	};
}
