import type { DecoderConfig } from "../../formats/hf-config.ts";
import {
	columnSums_,
	linear,
	linearInputGradient,
	linearWeightGradient_,
	type PackedWeight,
	type Rotation,
	rmsNorm,
	rmsNormBackward,
	rope_,
	swiglu,
	swigluBackward,
} from "./ops.ts";
import { Tensor, tidy } from "./tensor.ts";
import type { Weights } from "./weights.ts";

/** The parameters of one transformer layer. */
export interface BlockWeights {
	readonly inputNorm: Tensor;
	readonly qkv: Tensor;
	readonly qkvBias?: Tensor;
	readonly qNorm?: Tensor;
	readonly kNorm?: Tensor;
	readonly output: Tensor;
	readonly outputBias?: Tensor;
	readonly postNorm: Tensor;
	readonly gateUp: Tensor;
	readonly gateUpBias?: Tensor;
	readonly down: Tensor;
	readonly downBias?: Tensor;
}

export function blockWeights(weights: Weights, layer: number): BlockWeights {
	const prefix = `layers.${layer}.`;
	const own = [...weights].filter(([name]) => name.startsWith(prefix));
	return Object.fromEntries(
		own.map(([name, tensor]) => [name.slice(prefix.length), tensor]),
	) as unknown as BlockWeights;
}

/** The matrices of a layer laid out for products with few rows. */
export type PackedBlock = Readonly<Record<"qkv" | "output" | "gateUp" | "down", PackedWeight>>;

/**
 * Attention over rows qkv [N, (heads + 2 kvHeads) d], rotated: the heads' outputs [N, heads * d], and what its backward
 * pass needs.
 */
export type Attend = (qkv: Tensor) => { readonly out: Tensor; readonly lse?: Tensor };

/** d(loss)/d(qkv) given that of the heads' outputs. */
export type AttendBackward = (activations: BlockActivations, dOut: Tensor) => Tensor;

/** What the backward pass needs of a layer's forward pass. */
export interface BlockActivations {
	/** [N, hidden] */
	readonly input: Tensor;
	/** [N, (heads + 2 kvHeads) d], rotated. */
	readonly qkv: Tensor;
	/** Queries and keys before their norms, where there are such. */
	readonly unnormed?: Tensor;
	/** [N, heads * d] */
	readonly attended: Tensor;
	/** f32 [N, heads] */
	readonly lse?: Tensor;
	/** The sum after attention, [N, hidden]. */
	readonly middle: Tensor;
	/** [N, 2 intermediate] */
	readonly gateUp: Tensor;
}

/** One pre-norm transformer layer: input [N, hidden] -> output [N, hidden]. */
export function blockForward(
	c: DecoderConfig,
	w: BlockWeights,
	input: Tensor,
	rotation: Rotation,
	attend: Attend,
	packed?: PackedBlock,
): { output: Tensor; activations: BlockActivations } {
	return tidy(() => {
		const normed = rmsNorm(input, w.inputNorm, c.rmsNormEps);
		const projected = linear(normed, w.qkv, { bias: w.qkvBias, packed: packed?.qkv });
		const { qkv, unnormed } = normHeads(c, w, projected);
		rope_(qkv, c.numHeads + c.numKvHeads, rotation);
		const { out: attended, lse } = attend(qkv);
		const middle = linear(attended, w.output, {
			bias: w.outputBias,
			residual: input,
			packed: packed?.output,
		});
		const gateUp = linear(rmsNorm(middle, w.postNorm, c.rmsNormEps), w.gateUp, {
			bias: w.gateUpBias,
			packed: packed?.gateUp,
		});
		const output = linear(swiglu(gateUp), w.down, {
			bias: w.downBias,
			residual: middle,
			packed: packed?.down,
		});
		const extras = { ...(unnormed === undefined ? {} : { unnormed }), ...(lse === undefined ? {} : { lse }) };
		return { output, activations: { input, qkv, attended, middle, gateUp, ...extras } };
	});
}

/** Normalises every query and key vector (Qwen3), into rows of their own. */
function normHeads(c: DecoderConfig, w: BlockWeights, qkv: Tensor): { qkv: Tensor; unnormed?: Tensor } {
	if (w.qNorm === undefined || w.kNorm === undefined) return { qkv };
	const [queries, keys] = [c.numHeads * c.headDim, c.numKvHeads * c.headDim];
	const [q, k, v] = qkv.split([queries, keys, keys], 1);
	const normed = [rmsNorm(q, w.qNorm, c.rmsNormEps), rmsNorm(k, w.kNorm, c.rmsNormEps), v];
	return { qkv: Tensor.cat(normed, 1), unnormed: qkv.narrow(1, 0, queries + keys) };
}

/**
 * d(loss)/d(input) given that of the output. Each parameter's gradient is added to `sums(name)`, f32 of its shape.
 */
export function blockBackward(
	c: DecoderConfig,
	w: BlockWeights,
	activations: BlockActivations,
	dOutput: Tensor,
	rotation: Rotation,
	attendBackward: AttendBackward,
	sums: (name: keyof BlockWeights) => Tensor,
): Tensor {
	const { input, attended, middle, gateUp } = activations;
	return tidy(() => {
		const { dGateUp, y: gated } = swigluBackward(gateUp, linearInputGradient(dOutput, w.down));
		linearWeightGradient_(sums("down"), dOutput, gated);
		if (w.downBias !== undefined) columnSums_(sums("downBias"), dOutput);
		linearWeightGradient_(sums("gateUp"), dGateUp, rmsNorm(middle, w.postNorm, c.rmsNormEps));
		if (w.gateUpBias !== undefined) columnSums_(sums("gateUpBias"), dGateUp);
		const dPostNormed = linearInputGradient(dGateUp, w.gateUp);
		const dMiddle = rmsNormBackward(middle, w.postNorm, dPostNormed, sums("postNorm"), c.rmsNormEps, dOutput);

		linearWeightGradient_(sums("output"), dMiddle, attended);
		if (w.outputBias !== undefined) columnSums_(sums("outputBias"), dMiddle);
		const dRotated = attendBackward(activations, linearInputGradient(dMiddle, w.output));
		rope_(dRotated, c.numHeads + c.numKvHeads, rotation, true);
		const dQkv = normHeadsBackward(c, w, activations, dRotated, sums);
		linearWeightGradient_(sums("qkv"), dQkv, rmsNorm(input, w.inputNorm, c.rmsNormEps));
		if (w.qkvBias !== undefined) columnSums_(sums("qkvBias"), dQkv);
		const dNormed = linearInputGradient(dQkv, w.qkv);
		return rmsNormBackward(input, w.inputNorm, dNormed, sums("inputNorm"), c.rmsNormEps, dMiddle);
	});
}

function normHeadsBackward(
	c: DecoderConfig,
	w: BlockWeights,
	{ unnormed }: BlockActivations,
	dQkv: Tensor,
	sums: (name: keyof BlockWeights) => Tensor,
): Tensor {
	if (w.qNorm === undefined || w.kNorm === undefined || unnormed === undefined) return dQkv;
	const [queries, keys] = [c.numHeads * c.headDim, c.numKvHeads * c.headDim];
	const [q, k] = unnormed.split([queries, keys], 1);
	const [dq, dk, dv] = dQkv.split([queries, keys, keys], 1);
	return Tensor.cat(
		[
			rmsNormBackward(q, w.qNorm, dq.contiguous(), sums("qNorm"), c.rmsNormEps),
			rmsNormBackward(k, w.kNorm, dk.contiguous(), sums("kNorm"), c.rmsNormEps),
			dv,
		],
		1,
	);
}
