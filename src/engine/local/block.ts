import type { DecoderConfig } from "../../formats/hf-config.ts";
import {
	adapterForward,
	adapterInputGradient,
	adapterWeightGradients_,
	type DropoutSeed,
} from "./lora/adapter-ops.ts";
import { type AdaptedMatrix, adaptedMatrices } from "./lora/adapter-specs.ts";
import type { Adapter } from "./lora/adapters.ts";
import {
	columnSums_,
	type LinearExtras,
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
	/** What is added to the matrices. */
	readonly adapters: Partial<Record<AdaptedMatrix, Adapter>>;
}

export function blockWeights(
	weights: Weights,
	layer: number,
	adapters: BlockWeights["adapters"] = {},
): BlockWeights {
	const prefix = `layers.${layer}.`;
	const own = [...weights].filter(([name]) => name.startsWith(prefix));
	const tensors = Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
	return { ...tensors, adapters } as unknown as BlockWeights;
}

/** The matrices of a layer, laid out for products. */
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

export interface BlockOptions {
	readonly packed?: PackedBlock | undefined;
	/** Of the adapters, while learning. */
	readonly dropout?: DropoutSeed;
}

/** One pre-norm transformer layer: input [N, hidden] -> output [N, hidden]. */
export function blockForward(
	c: DecoderConfig,
	w: BlockWeights,
	input: Tensor,
	rotation: Rotation,
	attend: Attend,
	{ packed, dropout }: BlockOptions = {},
): { output: Tensor; activations: BlockActivations } {
	const project = (x: Tensor, matrix: AdaptedMatrix, residual?: Tensor) => {
		const extras: LinearExtras = { bias: w[`${matrix}Bias`], residual, packed: packed?.[matrix] };
		const adapter = w.adapters[matrix];
		if (adapter === undefined) return linear(x, w[matrix], extras);
		const added = adapterForward(adapter, x, residual, seedFor(matrix, dropout));
		return linear(x, w[matrix], { ...extras, residual: added });
	};
	return tidy(() => {
		const projected = project(rmsNorm(input, w.inputNorm, c.rmsNormEps), "qkv");
		const { qkv, unnormed } = normHeads(c, w, projected);
		rope_(qkv, c.numHeads + c.numKvHeads, rotation);
		const { out: attended, lse } = attend(qkv);
		const middle = project(attended, "output", input);
		const gateUp = project(rmsNorm(middle, w.postNorm, c.rmsNormEps), "gateUp");
		const output = project(swiglu(gateUp), "down", middle);
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

/** The f32 sum that a parameter's gradient is added to, by `<field of BlockWeights>` or `<matrix>.a`, `.b`; none if it is frozen. */
export type SumOf = (name: string) => Tensor | undefined;

/** d(loss)/d(input) given that of the output. Each parameter's gradient is added to its sum. */
export function blockBackward(
	c: DecoderConfig,
	w: BlockWeights,
	activations: BlockActivations,
	dOutput: Tensor,
	rotation: Rotation,
	attendBackward: AttendBackward,
	sumOf: SumOf,
	dropout?: DropoutSeed,
): Tensor {
	const inputGradient = (matrix: AdaptedMatrix, dy: Tensor) => {
		const dx = linearInputGradient(dy, w[matrix]);
		const adapter = w.adapters[matrix];
		return adapter === undefined ? dx : adapterInputGradient(adapter, dy, dx, seedFor(matrix, dropout));
	};
	const weightGradients = (matrix: AdaptedMatrix, dy: Tensor, x: () => Tensor) => {
		const [sum, a, b] = [sumOf(matrix), sumOf(`${matrix}.a`), sumOf(`${matrix}.b`)];
		const biasSum = w[`${matrix}Bias`] && sumOf(`${matrix}Bias`);
		if (biasSum !== undefined) columnSums_(biasSum, dy);
		if (sum !== undefined) linearWeightGradient_(sum, dy, x());
		const adapter = w.adapters[matrix];
		if (adapter === undefined || a === undefined || b === undefined) return;
		adapterWeightGradients_(adapter, x(), dy, { a, b }, seedFor(matrix, dropout));
	};
	const { input, attended, middle, gateUp } = activations;
	return tidy(() => {
		const { dGateUp, y: gated } = swigluBackward(gateUp, inputGradient("down", dOutput));
		weightGradients("down", dOutput, () => gated);
		weightGradients("gateUp", dGateUp, () => rmsNorm(middle, w.postNorm, c.rmsNormEps));
		const dPostNormed = inputGradient("gateUp", dGateUp);
		const dMiddle = rmsNormBackward(
			middle,
			w.postNorm,
			dPostNormed,
			sumOf("postNorm"),
			c.rmsNormEps,
			dOutput,
		);

		weightGradients("output", dMiddle, () => attended);
		const dRotated = attendBackward(activations, inputGradient("output", dMiddle));
		rope_(dRotated, c.numHeads + c.numKvHeads, rotation, true);
		const dQkv = normHeadsBackward(c, w, activations, dRotated, sumOf);
		weightGradients("qkv", dQkv, () => rmsNorm(input, w.inputNorm, c.rmsNormEps));
		const dNormed = inputGradient("qkv", dQkv);
		return rmsNormBackward(input, w.inputNorm, dNormed, sumOf("inputNorm"), c.rmsNormEps, dMiddle);
	});
}

/** Each matrix of a layer drops inputs of its own. */
function seedFor(matrix: AdaptedMatrix, seed: DropoutSeed): DropoutSeed {
	return seed === undefined ? undefined : seed * adaptedMatrices.length + adaptedMatrices.indexOf(matrix);
}

function normHeadsBackward(
	c: DecoderConfig,
	w: BlockWeights,
	{ unnormed }: BlockActivations,
	dQkv: Tensor,
	sumOf: SumOf,
): Tensor {
	if (w.qNorm === undefined || w.kNorm === undefined || unnormed === undefined) return dQkv;
	const [queries, keys] = [c.numHeads * c.headDim, c.numKvHeads * c.headDim];
	const [q, k] = unnormed.split([queries, keys], 1);
	const [dq, dk, dv] = dQkv.split([queries, keys, keys], 1);
	return Tensor.cat(
		[
			rmsNormBackward(q, w.qNorm, dq.contiguous(), sumOf("qNorm"), c.rmsNormEps),
			rmsNormBackward(k, w.kNorm, dk.contiguous(), sumOf("kNorm"), c.rmsNormEps),
			dv,
		],
		1,
	);
}
