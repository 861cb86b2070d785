import { linear } from "./ops.ts";
import { Tensor, tidy } from "./tensor.ts";

/**
 * The vocabulary head over many token positions, in blocks of rows: the [rows, vocabulary] matrix never exists whole
 * in f32. The backward pass computes each block's logits again.
 */

/** Rows whose f32 logits take about this many bytes are one block. */
const blockBytes = 32 * 2 ** 20;

/** Per row: log softmax(logits)[target] and the entropy of softmax(logits), nats, f32. */
export interface HeadOutputs {
	readonly logprobs: Float32Array;
	readonly entropy: Float32Array;
}

/** hidden [N, hidden], weight [vocabulary, hidden], targets (i64) [N]. Records nothing: run it under `noGrad`. */
export function headForward(hidden: Tensor, weight: Tensor, targets: Tensor): HeadOutputs {
	const rows = hidden.shape[0];
	const logprobs = new Float32Array(rows);
	const entropy = new Float32Array(rows);
	forEachBlock(hidden, weight, (start, count) => {
		const logits = logitsOf(hidden.narrow(0, start, count), weight);
		const normaliser = logits.logsumexp(-1, true);
		const target = targets.narrow(0, start, count).unsqueeze(1);
		logprobs.set(logits.gather(1, target).sub(normaliser).toFloat32Array(), start);
		logits.sub_(normaliser);
		entropy.set(logits.exp().mul_(logits).sum([-1]).neg().toFloat32Array(), start);
	});
	return { logprobs, entropy };
}

/** d(loss)/d(output) per row; entropy absent means zero. */
export interface HeadCotangents {
	readonly logprobs: Float32Array;
	readonly entropy?: Float32Array;
}

/**
 * Pulls cotangents back: returns d(loss)/d(hidden) [N, hidden] and adds d(loss)/d(weight) to `weightGradient`
 * (f32 [vocabulary, hidden]). With p = softmax(z): d logp_y / dz = onehot(y) - p and dH / dz = -p (log p + H).
 */
export function headBackward(
	hidden: Tensor,
	weight: Tensor,
	targets: Tensor,
	cotangents: HeadCotangents,
	weightGradient: Tensor,
): Tensor {
	const dtype = weight.dtype;
	const hiddenGradient = Tensor.empty(hidden.shape, dtype);
	forEachBlock(hidden, weight, (start, count) => {
		const h = hidden.narrow(0, start, count);
		const column = (values: Float32Array) =>
			Tensor.fromArray(values.subarray(start, start + count), [count, 1]);
		const dLogprob = column(cotangents.logprobs);
		const logits = logitsOf(h, weight);
		logits.sub_(logits.logsumexp(-1, true));
		const p = logits.exp();
		let gradient: Tensor;
		if (cotangents.entropy === undefined) {
			gradient = p.mul_(dLogprob.neg());
		} else {
			const negativeEntropy = p.mul(logits).sum([-1], true);
			const dEntropy = column(cotangents.entropy);
			gradient = logits.sub_(negativeEntropy).mul_(dEntropy).add_(dLogprob).mul_(p).mul_(-1);
		}
		gradient.scatterAdd_(1, targets.narrow(0, start, count).unsqueeze(1), dLogprob);
		const narrow = gradient.to(dtype);
		hiddenGradient.narrow(0, start, count).copy_(narrow.matmul(weight));
		if (dtype === "f32") weightGradient.addmm_(narrow.transpose(0, 1), h);
		else weightGradient.add_(narrow.transpose(0, 1).matmul(h));
	});
	return hiddenGradient;
}

/** Full-vocabulary divergences per row between two models' next-token distributions, nats (both >= 0). */
export interface HeadDivergences {
	/** KL(model || other) = sum_v p (log p - log q). */
	readonly kl: Float32Array;
	/** KL(other || model). */
	readonly klReverse: Float32Array;
}

/** hidden [N, hidden] with its head, and the other model's; the two share a vocabulary. */
export function headDivergences(
	hidden: Tensor,
	weight: Tensor,
	otherHidden: Tensor,
	otherWeight: Tensor,
): HeadDivergences {
	const rows = hidden.shape[0];
	const kl = new Float32Array(rows);
	const klReverse = new Float32Array(rows);
	forEachBlock(hidden, weight, (start, count) => {
		const p = logitsOf(hidden.narrow(0, start, count), weight).logSoftmax(-1);
		const q = logitsOf(otherHidden.narrow(0, start, count), otherWeight).logSoftmax(-1);
		const difference = p.sub(q);
		kl.set(p.exp().mul_(difference).sum([-1]).toFloat32Array(), start);
		klReverse.set(q.exp().mul_(difference).sum([-1]).neg().toFloat32Array(), start);
	});
	return { kl, klReverse };
}

function logitsOf(hidden: Tensor, weight: Tensor): Tensor {
	return linear(hidden, weight).to("f32");
}

function forEachBlock(hidden: Tensor, weight: Tensor, body: (start: number, count: number) => void): void {
	const rows = hidden.shape[0];
	const size = Math.max(1, Math.floor(blockBytes / (weight.shape[0] * 4)));
	for (let start = 0; start < rows; start += size) {
		tidy(() => {
			body(start, Math.min(size, rows - start));
		});
	}
}
