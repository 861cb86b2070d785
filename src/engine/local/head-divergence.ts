import { blockRows } from "./block-sizes.ts";
import { BlockLogits, forEachBlock } from "./head-blocks.ts";
import { logitDivergences } from "./logit-kernels.ts";
import { Tensor, tidy } from "./tensor.ts";

/** The other model's side of a comparison: its hidden states [N, its hidden size] and head, same rows and vocabulary. */
export interface OtherHead {
	readonly hidden: Tensor;
	readonly weight: Tensor;
}

/** Full-vocabulary divergences per row between two models' next-token distributions, nats (both >= 0). */
export interface HeadDivergences {
	/** KL(model || other) = sum_v p (log p - log q). */
	readonly divergence: Float32Array;
	/** KL(other || model). */
	readonly reverseDivergence: Float32Array;
}

/** hidden [N, hidden] with its head [vocabulary, hidden]; all logits are divided by `temperature`. */
export function headDivergences(
	hidden: Tensor,
	weight: Tensor,
	other: OtherHead,
	temperature = 1,
): HeadDivergences {
	const rows = hidden.shape[0];
	const divergence = new Float32Array(rows);
	const reverseDivergence = new Float32Array(rows);
	tidy(() => {
		const own = new BlockLogits(hidden, weight);
		const others = new BlockLogits(other.hidden, other.weight);
		forEachBlock(rows, blockRows(rows, weight.shape[0]), (start, count) => {
			const block = logitDivergences(own.of(start, count), others.of(start, count), temperature);
			divergence.set(block.divergence.toFloat32Array(), start);
			reverseDivergence.set(block.reverseDivergence.toFloat32Array(), start);
		});
	});
	return { divergence, reverseDivergence };
}

/** [rows, vocabulary] f32: 1 at each row's k largest, exactly k of them (ties fall as libtorch's topk has them). */
export function topMask(logits: Tensor, k: number): Tensor {
	return tidy(() => {
		const largest = logits.topk(k, -1)[1];
		return logits.zerosLike().scatterAdd_(1, largest, Tensor.full(largest.shape, 1));
	});
}
