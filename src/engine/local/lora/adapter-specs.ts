import type { DecoderConfig } from "../../../formats/hf-config.ts";
import { parameterSpecs } from "../parameters.ts";
import type { LoraConfig } from "./config.ts";

/** The matrices of a layer that adapters add to, by their names in `parameterSpecs`. */
export const adaptedMatrices = ["qkv", "output", "gateUp", "down"] as const;
export type AdaptedMatrix = (typeof adaptedMatrices)[number];

/** One projection's share of an adapter: rows of B (and of the matrix), and of the rank. */
export interface AdapterPart {
	/** The projection's weight in a checkpoint's names. */
	readonly name: string;
	readonly start: number;
	readonly rows: number;
	readonly rankStart: number;
}

/** Where the adapters of one matrix lie: A [depth, columns] and B [rows, depth]. */
export interface AdapterSpec {
	readonly layer: number;
	readonly matrix: AdaptedMatrix;
	readonly rows: number;
	readonly columns: number;
	/** Of each projection. */
	readonly rank: number;
	/** Ranks of all parts, and what fills them up. */
	readonly depth: number;
	readonly parts: readonly AdapterPart[];
}

/** Kernels take products of this depth and its multiples; what is more than the ranks is zero and stays it. */
const depthMultiple = 32;

export function adapterSpecs(config: DecoderConfig, { rank, targets }: LoraConfig): AdapterSpec[] {
	const wanted = new Set<string>(targets);
	const specs = new Map(parameterSpecs(config).map((spec) => [spec.name, spec]));
	return Array.from({ length: config.numLayers }, (_, layer) => layer).flatMap((layer) =>
		adaptedMatrices.flatMap((matrix): AdapterSpec[] => {
			const spec = specs.get(`layers.${layer}.${matrix}`)!;
			const parts: AdapterPart[] = [];
			let start = 0;
			for (const { name, rows } of spec.parts) {
				const module = name.split(".").at(-2)!;
				if (wanted.has(module)) parts.push({ name, start, rows, rankStart: parts.length * rank });
				start += rows;
			}
			if (parts.length === 0) return [];
			const depth = Math.ceil((parts.length * rank) / depthMultiple) * depthMultiple;
			return [{ layer, matrix, rows: start, columns: spec.shape[1], rank, depth, parts }];
		}),
	);
}
