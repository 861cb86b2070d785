import { z } from "zod";
import { noGrad } from "../../src/engine/local/autograd.ts";
import { Decoder } from "../../src/engine/local/decoder.ts";
import { matmulRate } from "../../src/engine/local/matmul-rate.ts";
import { native } from "../../src/engine/local/native.ts";
import { Tensor, tidy } from "../../src/engine/local/tensor.ts";
import { randomWeights, type WeightDtype } from "../../src/engine/local/weights.ts";
import type { DecoderConfig } from "../../src/formats/hf-config.ts";
import { matmulSizes } from "../floor.ts";
import { shapes } from "../shapes.ts";
import { kernelPoints } from "./roofline-kernels.ts";
import { productPoints } from "./roofline-products.ts";

/** Where operators are used: products over few rows, products over many, and what is no product. */
export const pointGroups = ["decoding", "learning", "kernels"] as const;

const rooflinePoint = z.strictObject({
	group: z.enum(pointGroups),
	name: z.string(),
	/** Of one call: floating-point operations, and bytes of everything read and written, each counted once. */
	operations: z.number().positive(),
	bytes: z.number().positive(),
	seconds: z.number().positive(),
});

export type RooflinePoint = z.output<typeof rooflinePoint>;

/** What the process of the roofline prints. */
export const rooflineMeasurement = z.strictObject({
	/** Bytes read and bytes written of a large copy, GB/s. */
	bandwidth: z.number().positive(),
	copyBytes: z.number(),
	/** The best rate of a product, GFLOP/s. */
	gigaflops: z.number().positive(),
	decodingRows: z.int(),
	learningRows: z.int(),
	points: z.array(rooflinePoint).min(1),
	environment: z.record(z.string(), z.union([z.string(), z.number()])),
});

export type RooflineMeasurement = z.output<typeof rooflineMeasurement>;

/** How much is measured. */
export interface RooflineSize {
	readonly config: DecoderConfig;
	/** [rows, out, in] of products that are tried for the best rate, beside those of the model. */
	readonly products: readonly (readonly [number, number, number])[];
	readonly decodingRows: number;
	/** Rows of a micro-batch. */
	readonly learningRows: number;
	/** Of each of the copy's two sides. */
	readonly copyBytes: number;
	/** Operands of one kernel take this many bytes together, so that each call finds its own in memory, not in a cache. */
	readonly coldBytes: number;
	/** Of which the quickest counts, as for the two limits. */
	readonly passes: number;
}

export const rooflineSizes = {
	full: {
		config: shapes["smollm2-135m"].config,
		products: matmulSizes,
		decodingRows: 64,
		learningRows: 1024,
		copyBytes: 512 * 2 ** 20,
		coldBytes: 256 * 2 ** 20,
		passes: 5,
	},
	toy: {
		config: shapes.toy.config,
		products: [[64, 64, 64]],
		decodingRows: 8,
		learningRows: 64,
		copyBytes: 2 ** 20,
		coldBytes: 2 ** 18,
		passes: 1,
	},
} as const satisfies Record<string, RooflineSize>;

/** The machine's two limits, and how near to them the operators come. */
export function measureRoofline(
	size: RooflineSize,
	{ dtype, threads }: { readonly dtype: WeightDtype; readonly threads: number },
): RooflineMeasurement {
	native.setThreads(threads);
	const { config, products, decodingRows, learningRows, copyBytes } = size;
	const bandwidth = copyBandwidth(copyBytes);
	const rates = products.map((of) => matmulRate(dtype, of));
	const decoder = new Decoder(config, randomWeights(config, dtype, 1));
	try {
		const points = noGrad(() => [
			...productPoints(decoder, "decoding", decodingRows, size.passes),
			...productPoints(decoder, "learning", learningRows, size.passes),
			...kernelPoints(decoder, size),
		]);
		const own = points.filter(({ group }) => group !== "kernels").map(gigaflopsOf);
		return {
			bandwidth,
			copyBytes,
			gigaflops: Math.max(...rates, ...own),
			decodingRows,
			learningRows,
			points,
			environment: { isa: native.isa(), libtorch: native.torchVersion(), threads: native.threads(), dtype },
		};
	} finally {
		decoder.dispose();
		native.emptyArena();
	}
}

/** The quickest of a few copies by all threads. What the processor reads of the target before writing it is not counted. */
function copyBandwidth(bytes: number): number {
	return noGrad(() =>
		tidy(() => {
			const [from, to] = [Tensor.full([bytes / 4], 1), Tensor.zeros([bytes / 4])];
			let best = Infinity;
			for (let i = 0; i < 6; i++) {
				const started = performance.now();
				to.copy_(from);
				if (i > 0) best = Math.min(best, performance.now() - started);
			}
			return (2 * bytes) / best / 1e6;
		}),
	);
}

export function gigaflopsOf({ operations, seconds }: RooflinePoint): number {
	return operations / seconds / 1e9;
}

/** Operations a byte. */
export function intensityOf({ operations, bytes }: RooflinePoint): number {
	return operations / bytes;
}

/** The most that the machine's limits allow at an intensity, GFLOP/s. */
export function roofAt({ bandwidth, gigaflops }: RooflineMeasurement, intensity: number): number {
	return Math.min(gigaflops, bandwidth * intensity);
}
