import { matmulOperations, type Parts, type Workload } from "../src/engine/local/operations.ts";
import type { DecoderConfig } from "../src/formats/hf-config.ts";
import type { Timing } from "./measurement.ts";

/** Seconds below which the matrix products alone cannot be done at a rate of `gigaflops`. */
export function matmulFloor(c: DecoderConfig, workload: Workload, gigaflops: number): Timing {
	const operations = matmulOperations(c, workload);
	const seconds = (part: keyof Parts) => operations[part] / gigaflops / 1e9;
	return {
		sample: seconds("sample"),
		reference: seconds("reference"),
		learn: seconds("learn"),
		step: seconds("step"),
	};
}

/** Products [rows, out, in] of which the quickest sets the rate: square ones, and those of both shapes. */
export const matmulSizes = [
	[1024, 1024, 1024],
	[2048, 2048, 2048],
	[4544, 576, 1536],
	[4544, 3072, 576],
	[4544, 1408, 256],
] as const;
