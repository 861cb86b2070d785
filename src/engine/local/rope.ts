import type { DecoderConfig } from "../../formats/hf-config.ts";
import { keep, Tensor } from "./tensor.ts";

/** cos and sin of every position's angles, f32 [positions, headDim / 2] each. */
export interface RopeTable {
	readonly cos: Tensor;
	readonly sin: Tensor;
}

export function ropeTable(config: DecoderConfig, positions: number): RopeTable {
	const frequencies = inverseFrequencies(config);
	const shape = [positions, frequencies.length];
	const cos = new Float64Array(positions * frequencies.length);
	const sin = new Float64Array(positions * frequencies.length);
	for (let p = 0; p < positions; p++) {
		frequencies.forEach((frequency, i) => {
			// The reference implementations multiply in f32; doing the same keeps long positions in agreement.
			const angle = Math.fround(Math.fround(frequency) * p);
			cos[p * frequencies.length + i] = Math.cos(angle);
			sin[p * frequencies.length + i] = Math.sin(angle);
		});
	}
	return { cos: keep(Tensor.fromArray(cos, shape)), sin: keep(Tensor.fromArray(sin, shape)) };
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
