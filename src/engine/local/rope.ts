import type { DecoderConfig } from "../../formats/hf-config.ts";
import { keep, Tensor } from "./tensor.ts";
import type { WeightDtype } from "./weights.ts";

/** cos and sin of every position's angles, each [positions, headDim], both halves alike (rotate-half convention). */
export interface RopeTable {
	readonly cos: Tensor;
	readonly sin: Tensor;
}

export function ropeTable(config: DecoderConfig, positions: number, dtype: WeightDtype): RopeTable {
	const frequencies = inverseFrequencies(config);
	const half = frequencies.length;
	const cos = new Float64Array(positions * 2 * half);
	const sin = new Float64Array(positions * 2 * half);
	for (let p = 0; p < positions; p++) {
		for (let i = 0; i < half; i++) {
			// The reference implementations multiply in f32; doing the same keeps long positions in agreement.
			const angle = Math.fround(Math.fround(frequencies[i]) * p);
			for (const at of [p * 2 * half + i, p * 2 * half + half + i]) {
				cos[at] = Math.cos(angle);
				sin[at] = Math.sin(angle);
			}
		}
	}
	const shape = [positions, 2 * half];
	return { cos: keep(Tensor.fromArray(cos, shape, dtype)), sin: keep(Tensor.fromArray(sin, shape, dtype)) };
}

/**
 * Angles per position of each pair of dimensions: theta^(-2i/d) (Su et al. 2021), with Llama 3's scaling: long waves
 * are slowed by `factor`, short ones kept, those between interpolated.
 */
export function inverseFrequencies(config: DecoderConfig): Float64Array {
	const half = config.headDim / 2;
	const plain = Float64Array.from({ length: half }, (_, i) => config.ropeTheta ** (-i / half));
	const scaling = config.ropeScaling;
	if (scaling === null) return plain;
	return plain.map((frequency) => {
		const wavelength = (2 * Math.PI) / frequency;
		if (wavelength < scaling.originalMaxPositions / scaling.highFreqFactor) return frequency;
		if (wavelength > scaling.originalMaxPositions / scaling.lowFreqFactor) return frequency / scaling.factor;
		const smooth =
			(scaling.originalMaxPositions / wavelength - scaling.lowFreqFactor) /
			(scaling.highFreqFactor - scaling.lowFreqFactor);
		return ((1 - smooth) * frequency) / scaling.factor + smooth * frequency;
	});
}
