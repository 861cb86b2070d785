import { blockRows } from "./block-sizes.ts";
import { BlockLogits, forEachBlock, HeadGradient } from "./head-blocks.ts";
import { type HeadDivergences, type OtherHead, topMask } from "./head-divergence.ts";
import { logitDivergences, logitGradient_, logitStatistics } from "./logit-kernels.ts";
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
	tidy(() => {
		const own = new BlockLogits(hidden, weight);
		const others = other && new BlockLogits(other.hidden, other.weight);
		forEachBlock(rows, blockRows(rows, weight.shape[0]), (start, count) => {
			const logits = own.of(start, count);
			const target = targets.narrow(0, start, count);
			const statistics = logitStatistics(logits, target, temperature);
			logprobs.set(statistics.logprobs.toFloat32Array(), start);
			entropy.set(statistics.entropy.toFloat32Array(), start);
			if (others === undefined) return;
			const block = logitDivergences(logits, others.of(start, count), temperature);
			divergence.set(block.divergence.toFloat32Array(), start);
			reverseDivergence.set(block.reverseDivergence.toFloat32Array(), start);
			if (topK === undefined) return;
			const marks = topMask(logits, topK).gather(1, target.unsqueeze(1));
			for (const mark of marks.toFloat32Array()) inHead.push(mark > 0);
		});
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
 * (f32 [vocabulary, hidden]), where there is one. With p = softmax(z): d logp_y / dz = onehot(y) - p and dH / dz = -p (log p + H).
 * The other model's side is a constant.
 */
export function headBackward(
	hidden: Tensor,
	weight: Tensor,
	targets: Tensor,
	cotangents: HeadCotangents,
	weightGradient: Tensor | undefined,
	{ temperature = 1, other, topK }: HeadOptions = {},
): Tensor {
	return tidy(() => {
		const rows = hidden.shape[0];
		const [vocabulary] = weight.shape;
		const size = blockRows(rows, vocabulary);
		const own = new BlockLogits(hidden, weight);
		const others =
			cotangents.divergence === undefined || other === undefined
				? undefined
				: new BlockLogits(other.hidden, other.weight);
		const products = new HeadGradient(weight, weightGradient);
		const hiddenGradient = Tensor.empty(hidden.shape, weight.dtype);
		// In f32 the gradient takes the place of the logits.
		const memory = weight.dtype === "f32" ? undefined : Tensor.empty([size, vocabulary], weight.dtype);
		forEachBlock(rows, size, (start, count) => {
			const column = (values: Float32Array) =>
				Tensor.fromArray(values.subarray(start, start + count), [count]);
			const logits = own.of(start, count);
			const gradient = memory?.narrow(0, 0, count) ?? logits;
			logitGradient_(gradient, logits, targets.narrow(0, start, count), temperature, {
				logprob: column(cotangents.logprobs),
				entropy: cotangents.entropy && column(cotangents.entropy),
				divergence: others && {
					cotangent: column(cotangents.divergence!),
					other: others.of(start, count),
					head: topK === undefined ? undefined : topMask(logits, topK),
				},
			});
			hiddenGradient
				.narrow(0, start, count)
				.copy_(products.pullBack(gradient, hidden.narrow(0, start, count)));
		});
		return hiddenGradient;
	});
}
