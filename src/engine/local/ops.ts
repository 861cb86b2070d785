import { native } from "./native.ts";
import { handleOf, Tensor } from "./tensor.ts";

/**
 * The operators a decoder is made of. Each is a seam: libtorch computes it today, a kernel of our own may tomorrow, in
 * both directions, without the model noticing.
 */

/** x W^T + b. x [..., in], weight [out, in], bias [out] -> [..., out]. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
	return new Tensor(
		native.linear(
			handleOf(x, "linear"),
			handleOf(weight, "linear"),
			bias === undefined ? undefined : handleOf(bias, "linear"),
		),
	);
}

/** Rows of weight [vocabulary, hidden] for ids (i64, any shape) -> [..., hidden]. */
export function embedding(weight: Tensor, ids: Tensor): Tensor {
	return new Tensor(native.embedding(handleOf(weight, "embedding"), handleOf(ids, "embedding")));
}

/** x / sqrt(mean(x^2) + epsilon) * weight over the last dimension, the statistics in f32 (Zhang and Sennrich 2019). */
export function rmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
	return new Tensor(native.rmsNorm(handleOf(x, "rmsNorm"), handleOf(weight, "rmsNorm"), epsilon));
}

/** Rotary embedding, rotate-half convention (Su et al. 2021): x [..., heads, d], cos and sin broadcast to it. */
export function rope(x: Tensor, cos: Tensor, sin: Tensor): Tensor {
	return new Tensor(native.rope(handleOf(x, "rope"), handleOf(cos, "rope"), handleOf(sin, "rope")));
}

/**
 * softmax(q k^T / sqrt(d) + mask) v. q [B, heads, T, d]; k, v [B, kvHeads, S, d] with kvHeads dividing heads;
 * mask [B, 1, T, S] additive.
 */
export function attention(
	q: Tensor,
	k: Tensor,
	v: Tensor,
	options: { mask?: Tensor; causal?: boolean; grouped?: boolean },
): Tensor {
	return new Tensor(
		native.attention(
			handleOf(q, "attention"),
			handleOf(k, "attention"),
			handleOf(v, "attention"),
			options.mask === undefined ? undefined : handleOf(options.mask, "attention"),
			options.causal ?? false,
			options.grouped ?? false,
		),
	);
}
