import type { DecoderConfig } from "../../formats/hf-config.ts";
import { linear, rmsNorm, rope } from "./ops.ts";
import type { Tensor } from "./tensor.ts";
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

/** Given q [B, T, heads, d] and k, v [B, T, kvHeads, d], the heads' outputs [B, T, heads * d]. */
export type Attend = (q: Tensor, k: Tensor, v: Tensor) => Tensor;

/**
 * One pre-norm transformer layer: x [B, T, hidden] -> [B, T, hidden]. cos and sin broadcast to [B, T, heads, d].
 */
export function block(
	c: DecoderConfig,
	w: BlockWeights,
	x: Tensor,
	positions: { cos: Tensor; sin: Tensor },
	attend: Attend,
): Tensor {
	const [B, T] = x.shape;
	const { numHeads, numKvHeads, headDim } = c;
	const qkv = linear(rmsNorm(x, w.inputNorm, c.rmsNormEps), w.qkv, w.qkvBias);
	const heads = qkv.view(B, T, numHeads + 2 * numKvHeads, headDim);
	const v = heads.narrow(2, numHeads + numKvHeads, numKvHeads);
	let q: Tensor;
	let k: Tensor;
	if (w.qNorm !== undefined && w.kNorm !== undefined) {
		q = rope(rmsNorm(heads.narrow(2, 0, numHeads), w.qNorm, c.rmsNormEps), positions.cos, positions.sin);
		k = rope(
			rmsNorm(heads.narrow(2, numHeads, numKvHeads), w.kNorm, c.rmsNormEps),
			positions.cos,
			positions.sin,
		);
	} else {
		const rotated = rope(heads.narrow(2, 0, numHeads + numKvHeads), positions.cos, positions.sin);
		q = rotated.narrow(2, 0, numHeads);
		k = rotated.narrow(2, numHeads, numKvHeads);
	}
	const attended = x.add(linear(attend(q, k, v), w.output, w.outputBias));
	const [gate, up] = linear(rmsNorm(attended, w.postNorm, c.rmsNormEps), w.gateUp, w.gateUpBias).split(
		[c.intermediateSize, c.intermediateSize],
		-1,
	);
	return attended.add(linear(gate.silu().mul(up), w.down, w.downBias));
}
