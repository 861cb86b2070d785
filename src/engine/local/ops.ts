import { native } from "./native.ts";
import { handleOf, Tensor } from "./tensor.ts";

/**
 * The operators a decoder is made of, in both directions. They are kernels of our own (native/kernels), for f32 and bf16;
 * sums and statistics are f32. Rows [N, ...] have no gaps unless it is said that they may.
 */

/** A weight laid out for the product of this machine; undefined where libtorch's product is used. */
export type PackedWeight = Tensor | undefined;

export interface LinearExtras {
	readonly bias?: Tensor | undefined;
	/** Added to the result: [N, out]. */
	readonly residual?: Tensor | undefined;
	/** `packWeight(weight)`: worth it where a weight is used more than once. */
	readonly packed?: PackedWeight;
}

/** x W^T + bias + residual. x [..., in], weight [out, in], bias [out] -> [..., out]. */
export function linear(x: Tensor, weight: Tensor, { bias, residual, packed }: LinearExtras = {}): Tensor {
	const handles = [bias, residual, packed].map((t) => (t === undefined ? undefined : handleOf(t, "linear")));
	const [b, r, p] = handles;
	return new Tensor(native.linearForward(handleOf(x, "linear"), handleOf(weight, "linear"), p, b, r));
}

export function packWeight(weight: Tensor): PackedWeight {
	const packed = native.packWeight(handleOf(weight, "packWeight"));
	return packed === undefined ? undefined : new Tensor(packed);
}

/** d(loss)/dx of `linear`: dy W. */
export function linearInputGradient(dy: Tensor, weight: Tensor): Tensor {
	return new Tensor(
		native.linearInputGradient(
			handleOf(dy, "linearInputGradient"),
			handleOf(weight, "linearInputGradient"),
			undefined,
		),
	);
}

/** gradient (f32 [out, in]) += dy^T x. */
export function linearWeightGradient_(gradient: Tensor, dy: Tensor, x: Tensor): void {
	native.linearWeightGradient_(
		handleOf(gradient, "linearWeightGradient_"),
		handleOf(dy, "linearWeightGradient_"),
		handleOf(x, "linearWeightGradient_"),
	);
}

/** sums (f32 [columns]) += the sums of x's columns: the gradient of a bias. */
export function columnSums_(sums: Tensor, x: Tensor): void {
	native.columnSums_(handleOf(sums, "columnSums_"), handleOf(x, "columnSums_"));
}

/** Rows of weight [vocabulary, hidden] for ids (i64, any shape) -> [..., hidden]. */
export function embedding(weight: Tensor, ids: Tensor): Tensor {
	return new Tensor(native.embedding(handleOf(weight, "embedding"), handleOf(ids, "embedding")));
}

/**
 * x / sqrt(mean(x^2) + epsilon) * weight over each vector of weight's size (Zhang and Sennrich 2019). x [N, groups *
 * size], rows perhaps apart.
 */
export function rmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
	return new Tensor(native.rmsNormForward(handleOf(x, "rmsNorm"), handleOf(weight, "rmsNorm"), epsilon));
}

/** d(loss)/dx of `rmsNorm` plus `add`; weightGradient (f32), where there is one, += d(loss)/d(weight). */
export function rmsNormBackward(
	x: Tensor,
	weight: Tensor,
	dy: Tensor,
	weightGradient: Tensor | undefined,
	epsilon: number,
	add?: Tensor,
): Tensor {
	const [xs, w, dys] = [x, weight, dy].map((t) => handleOf(t, "rmsNormBackward"));
	const [addend, sum] = [add, weightGradient].map((t) =>
		t === undefined ? undefined : handleOf(t, "rmsNormBackward"),
	);
	return new Tensor(native.rmsNormBackward(xs, w, dys, addend, sum, epsilon));
}

/** Where rows stand in their sequences, and the angles of every position. */
export interface Rotation {
	/** [N] i64, below the tables' rows. */
	readonly positions: Tensor;
	/** f32 [positions, d / 2]. */
	readonly cos: Tensor;
	readonly sin: Tensor;
}

/**
 * Rotates the first `heads` vectors of every row of x [N, at least heads * d] in place, rotate-half convention
 * (Su et al. 2021); `back` is the inverse, and so the gradient.
 */
export function rope_(x: Tensor, heads: number, { positions, cos, sin }: Rotation, back = false): void {
	const [at, c, s] = [positions, cos, sin].map((t) => handleOf(t, "rope_"));
	native.rope_(handleOf(x, "rope_"), heads, at, c, s, back);
}

/** silu(gate) * up of gateUp [N, 2 * size] (Shazeer 2020) -> [N, size]. */
export function swiglu(gateUp: Tensor): Tensor {
	return new Tensor(native.swigluForward(handleOf(gateUp, "swiglu")));
}

/** d(loss)/d(gateUp) of `swiglu`, and its result again. */
export function swigluBackward(gateUp: Tensor, dy: Tensor): { dGateUp: Tensor; y: Tensor } {
	const operands = [handleOf(gateUp, "swigluBackward"), handleOf(dy, "swigluBackward")] as const;
	const [dGateUp, y] = native.swigluBackward(...operands);
	return { dGateUp: new Tensor(dGateUp), y: new Tensor(y) };
}
