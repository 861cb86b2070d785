import { blockLogits, forEachBlock } from "./head-blocks.ts";
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
	forEachBlock(hidden, weight, (start, count) => {
		const logP = blockLogits(hidden, weight, start, count, temperature);
		logP.sub_(logP.logsumexp(-1, true));
		const block = blockDivergences(logP, otherLogprobs(other, start, count, temperature));
		divergence.set(block.divergence, start);
		reverseDivergence.set(block.reverseDivergence, start);
	});
	return { divergence, reverseDivergence };
}

/** The other model's log-probabilities [count, vocabulary] of some rows, normalised as the head does its own. */
export function otherLogprobs(other: OtherHead, start: number, count: number, temperature: number): Tensor {
	const logits = blockLogits(other.hidden, other.weight, start, count, temperature);
	return logits.sub_(logits.logsumexp(-1, true));
}

/**
 * Of log-probabilities [rows, vocabulary] that may miss normalisation by a rounding error e each. As
 * sum (p (log p - log q) - p + q) that is an error of order e^2; without the masses, which cancel in exact arithmetic,
 * it would be of order e: more than the whole divergence of two policies that are close.
 */
export function blockDivergences(logP: Tensor, logQ: Tensor): HeadDivergences {
	return tidy(() => {
		const difference = logP.sub(logQ);
		const [p, q] = [logP.exp(), logQ.exp()];
		const excess = p.sub(q);
		const over = (t: Tensor) => t.mul_(difference).sub_(excess).sum([-1]).toFloat32Array();
		return {
			divergence: over(p).map((sum) => Math.max(0, sum)),
			reverseDivergence: over(q).map((sum) => Math.max(0, -sum)),
		};
	});
}

/** [rows, vocabulary] f32: 1 at each row's k largest, exactly k of them (ties fall as libtorch's topk has them). */
export function topMask(logP: Tensor, k: number): Tensor {
	return tidy(() => {
		const largest = logP.topk(k, -1)[1];
		return logP.zerosLike().scatterAdd_(1, largest, Tensor.full(largest.shape, 1));
	});
}

/**
 * d(loss)/d(logits) [rows, vocabulary] of sum_{v in head} p_v u_v with u = log p - log q, the head (all, or the k
 * largest p) held constant: d p_v (m_v (u_v + 1) - sum_w p_w m_w (u_w + 1)). `cotangent` d is [rows, 1]; p = exp(logP).
 */
export function divergenceGradient(
	logP: Tensor,
	logQ: Tensor,
	p: Tensor,
	cotangent: Tensor,
	topK: number | undefined,
): Tensor {
	return tidy(() => {
		const value = logP.sub(logQ);
		if (topK !== undefined) {
			const mask = topMask(logP, topK);
			value.mul_(mask).add_(mask);
		}
		// Over all, the ones cancel; left out, they take the rounding error of the normalisers with them.
		return value
			.sub_(p.mul(value).sum([-1], true))
			.mul_(p)
			.mul_(cotangent);
	});
}
