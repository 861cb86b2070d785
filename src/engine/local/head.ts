import { blockLogits, forEachBlock } from "./head-blocks.ts";
import {
	blockDivergences,
	divergenceGradient,
	type HeadDivergences,
	type OtherHead,
	otherLogprobs,
	topMask,
} from "./head-divergence.ts";
import { Tensor, tidy } from "./tensor.ts";

/**
 * The vocabulary head over many token positions, in blocks of rows: the [rows, vocabulary] matrix never exists whole
 * in f32. The backward pass computes each block's logits again.
 */

export interface HeadOptions {
	/** All logits are divided by it. Default 1. */
	readonly temperature?: number;
	/** Gives each row's divergences from this model too. */
	readonly other?: OtherHead | undefined;
	/** With `other`: gives `inHead`, and differentiates the divergence over the k most likely tokens alone. */
	readonly topK?: number | undefined;
}

/** Per row: log softmax(logits)[target] and the entropy of softmax(logits), nats, f32. */
export interface HeadOutputs extends Partial<HeadDivergences> {
	readonly logprobs: Float32Array;
	readonly entropy: Float32Array;
	/** Whether the target is among the k most likely tokens. */
	readonly inHead?: readonly boolean[];
}

/** hidden [N, hidden], weight [vocabulary, hidden], targets (i64) [N]. Records nothing: run it under `noGrad`. */
export function headForward(
	hidden: Tensor,
	weight: Tensor,
	targets: Tensor,
	{ temperature = 1, other, topK }: HeadOptions = {},
): HeadOutputs {
	const rows = hidden.shape[0];
	const logprobs = new Float32Array(rows);
	const entropy = new Float32Array(rows);
	const divergence = new Float32Array(rows);
	const reverseDivergence = new Float32Array(rows);
	const inHead: boolean[] = [];
	forEachBlock(hidden, weight, (start, count) => {
		const logits = blockLogits(hidden, weight, start, count, temperature);
		const normaliser = logits.logsumexp(-1, true);
		const target = targets.narrow(0, start, count).unsqueeze(1);
		logprobs.set(logits.gather(1, target).sub(normaliser).toFloat32Array(), start);
		logits.sub_(normaliser);
		entropy.set(
			tidy(() => logits.exp().mul_(logits).sum([-1]).neg().toFloat32Array()),
			start,
		);
		if (other === undefined) return;
		const block = blockDivergences(logits, otherLogprobs(other, start, count, temperature));
		divergence.set(block.divergence, start);
		reverseDivergence.set(block.reverseDivergence, start);
		if (topK === undefined) return;
		for (const mark of topMask(logits, topK).gather(1, target).toFloat32Array()) inHead.push(mark > 0);
	});
	return {
		logprobs,
		entropy,
		...(other === undefined ? {} : { divergence, reverseDivergence }),
		...(other === undefined || topK === undefined ? {} : { inHead }),
	};
}

/** d(loss)/d(output) per row; absent means zero. */
export interface HeadCotangents {
	readonly logprobs: Float32Array;
	readonly entropy?: Float32Array;
	/** Needs the `other` of the forward pass. */
	readonly divergence?: Float32Array;
}

/**
 * Pulls cotangents back: returns d(loss)/d(hidden) [N, hidden] and adds d(loss)/d(weight) to `weightGradient`
 * (f32 [vocabulary, hidden]). With p = softmax(z): d logp_y / dz = onehot(y) - p and dH / dz = -p (log p + H).
 * The other model's side is a constant.
 */
export function headBackward(
	hidden: Tensor,
	weight: Tensor,
	targets: Tensor,
	cotangents: HeadCotangents,
	weightGradient: Tensor,
	{ temperature = 1, other, topK }: HeadOptions = {},
): Tensor {
	const dtype = weight.dtype;
	const hiddenGradient = Tensor.empty(hidden.shape, dtype);
	forEachBlock(hidden, weight, (start, count) => {
		const h = hidden.narrow(0, start, count);
		const column = (values: Float32Array) =>
			Tensor.fromArray(values.subarray(start, start + count), [count, 1]);
		const dLogprob = column(cotangents.logprobs);
		const logits = blockLogits(hidden, weight, start, count, temperature);
		logits.sub_(logits.logsumexp(-1, true));
		const p = logits.exp();
		const { divergence } = cotangents;
		const ofDivergence =
			divergence === undefined || other === undefined
				? undefined
				: tidy(() => {
						const logQ = otherLogprobs(other, start, count, temperature);
						return divergenceGradient(logits, logQ, p, column(divergence), topK);
					});
		let gradient: Tensor;
		if (cotangents.entropy === undefined) {
			gradient = p.mul_(dLogprob.neg());
		} else {
			const negativeEntropy = p.mul(logits).sum([-1], true);
			const dEntropy = column(cotangents.entropy);
			gradient = logits.sub_(negativeEntropy).mul_(dEntropy).add_(dLogprob).mul_(p).mul_(-1);
		}
		gradient.scatterAdd_(1, targets.narrow(0, start, count).unsqueeze(1), dLogprob);
		if (ofDivergence !== undefined) gradient.add_(ofDivergence);
		if (temperature !== 1) gradient.mul_(1 / temperature);
		const narrow = gradient.to(dtype);
		hiddenGradient.narrow(0, start, count).copy_(narrow.matmul(weight));
		if (dtype === "f32") weightGradient.addmm_(narrow.transpose(0, 1), h);
		else weightGradient.add_(narrow.transpose(0, 1).matmul(h));
	});
	return hiddenGradient;
}
