import { AdamW } from "../../src/engine/local/adamw.ts";
import { blockRows } from "../../src/engine/local/block-sizes.ts";
import type { Decoder } from "../../src/engine/local/decoder.ts";
import { Gradients } from "../../src/engine/local/gradients.ts";
import { logitStatistics } from "../../src/engine/local/logit-kernels.ts";
import { native } from "../../src/engine/local/native.ts";
import { rmsNorm, rmsNormBackward, swiglu, swigluBackward } from "../../src/engine/local/ops.ts";
import { Tensor, tidy } from "../../src/engine/local/tensor.ts";
import type { DecoderConfig } from "../../src/formats/hf-config.ts";
import type { RooflinePoint, RooflineSize } from "./roofline.ts";

/** One kernel, and what a call of it does. */
interface Kernel {
	readonly name: string;
	readonly operations: number;
	readonly bytes: number;
	/** What every call has an own copy of. */
	readonly operands: readonly Tensor[];
	/** Its results stay until the round ends: the next call writes to other memory. */
	readonly call: (operands: readonly Tensor[]) => unknown;
}

/** A group of one prompt and its completions, as a micro-batch has it. */
interface Group {
	readonly prompt: number;
	readonly completions: number;
	readonly completion: number;
}

/** Kernels that are no product, over the rows of a micro-batch. */
export function kernelPoints(decoder: Decoder, size: RooflineSize): RooflinePoint[] {
	const kernels = [
		() => norms(decoder, size.learningRows),
		() => gates(decoder, size.learningRows),
		() => attention(decoder, size.learningRows),
		() => [decodeAttention(decoder, size.decodingRows)],
		() => [statistics(decoder, size.learningRows)],
	];
	const points = kernels.flatMap((make) => tidy(() => make().map((kernel) => measure(kernel, size))));
	return [...points, adamw(decoder, size.passes)];
}

function measure({ name, operations, bytes, operands, call }: Kernel, size: RooflineSize): RooflinePoint {
	return tidy(() => {
		const copies = Math.max(2, Math.ceil(size.coldBytes / bytes));
		const sets = Array.from({ length: copies }, () => operands.map((tensor) => tensor.clone()));
		const rounds: number[] = [];
		for (let round = 0; round <= size.passes; round++) {
			const seconds = tidy(() => {
				const started = performance.now();
				for (const set of sets) call(set);
				return (performance.now() - started) / 1000;
			});
			// The first one finds no memory yet.
			if (round > 0) rounds.push(seconds / copies);
		}
		return { group: "kernels", name, operations, bytes, seconds: Math.min(...rounds) };
	});
}

function random(shape: readonly number[], { dtype }: Decoder): Tensor {
	return tidy(() => Tensor.empty(shape).normal_(0, 1, shape.length).to(dtype));
}

function sizeOf({ dtype }: Decoder): number {
	return dtype === "f32" ? 4 : 2;
}

// Operations are counted by the formula, an exponential, root or quotient as one.

function norms(decoder: Decoder, rows: number): Kernel[] {
	const { hiddenSize, rmsNormEps } = decoder.config;
	const elements = rows * hiddenSize;
	const x = random([rows, hiddenSize], decoder);
	const weight = random([hiddenSize], decoder);
	const sums = Tensor.zeros([hiddenSize]);
	return [
		{
			name: "RMSNorm",
			// Squares and their sum; scaled, weighted.
			operations: 4 * elements,
			bytes: 2 * elements * sizeOf(decoder),
			operands: [x],
			call: ([input]) => rmsNorm(input, weight, rmsNormEps),
		},
		{
			name: "RMSNorm backward",
			// The forward's sum (2), dy weighted (1) and its product with x (2), dx (3), the residual's (1), the weight's (3).
			operations: 12 * elements,
			bytes: 4 * elements * sizeOf(decoder),
			operands: [x, x, x],
			call: ([input, dy, add]) => rmsNormBackward(input, weight, dy, sums, rmsNormEps, add),
		},
	];
}

function gates(decoder: Decoder, rows: number): Kernel[] {
	const { intermediateSize } = decoder.config;
	const elements = rows * intermediateSize;
	const gateUp = random([rows, 2 * intermediateSize], decoder);
	const dy = random([rows, intermediateSize], decoder);
	return [
		{
			name: "SwiGLU",
			// The sigmoid is four.
			operations: 6 * elements,
			bytes: 3 * elements * sizeOf(decoder),
			operands: [gateUp],
			call: ([input]) => swiglu(input),
		},
		{
			name: "SwiGLU backward",
			// The forward's again, the gradient of up (1) and of the gate (5).
			operations: 12 * elements,
			bytes: 6 * elements * sizeOf(decoder),
			operands: [gateUp, dy],
			call: ([input, cotangent]) => swigluBackward(input, cotangent),
		},
	];
}

/** Two groups of one prompt and seven completions, all of one length: as `rows` of a micro-batch lie. */
function attention(decoder: Decoder, rows: number): Kernel[] {
	const { config } = decoder;
	const { numHeads, numKvHeads, headDim } = config;
	const length = rows / 16;
	const group: Group = { prompt: length, completions: 7, completion: length };
	const span = (start: number) => [start * length, length];
	const tables = [
		Tensor.fromArray([0, 8].flatMap(span), [2, 2], "i32"),
		Tensor.fromArray([1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15].flatMap(span), [14, 2], "i32"),
		Tensor.fromArray([0, 7, 14], [3], "i32"),
	];
	const [prompts, completions, offsets] = tables.map(({ handle }) => handle);
	const qkv = random([rows, qkvColumns(config)], decoder);
	const dOut = random([rows, numHeads * headDim], decoder);
	const forward = (x: Tensor) => {
		const results = native.packedAttention(x.handle, numHeads, numKvHeads, prompts, completions, offsets);
		return results.map((handle) => new Tensor(handle));
	};
	const [out, lse] = forward(qkv);
	const pairs = 2 * pairsOf(group);
	const inner = numHeads * headDim;
	const size = sizeOf(decoder);
	return [
		{
			name: "attention",
			operations: 4 * inner * pairs,
			bytes: rows * ((qkvColumns(config) + inner) * size + 4 * numHeads),
			operands: [qkv],
			call: ([x]) => forward(x),
		},
		{
			name: "attention backward",
			// Five products: the scores once more, and a gradient of each of the two in both its factors.
			operations: 10 * inner * pairs,
			bytes: rows * ((2 * qkvColumns(config) + 2 * inner) * size + 4 * numHeads),
			operands: [qkv, out, dOut, lse],
			call: (operands) => {
				const [x, o, d, l] = operands.map(({ handle }) => handle);
				const tables = [prompts, completions, offsets] as const;
				return new Tensor(native.packedAttentionBackward(x, o, d, l, numHeads, numKvHeads, ...tables));
			},
		},
	];
}

/** Pairs of a row and one that it sees, causally: a prompt's own, a completion's prompt and own. */
export function pairsOf({ prompt, completions, completion }: Group): number {
	const causal = (rows: number) => (rows * (rows + 1)) / 2;
	return causal(prompt) + completions * (prompt * completion + causal(completion));
}

/** One token further for 8 completions a prompt, in the middle of completions of 64 tokens after prompts of 64. */
function decodeAttention(decoder: Decoder, rows: number): Kernel {
	const { config } = decoder;
	const { numHeads, numKvHeads, headDim } = config;
	const [length, columns, column] = [64, 64, 32];
	const prompts = rows / 8;
	const table = (values: readonly number[], shape: readonly number[]) =>
		Tensor.fromArray(values, shape, "i32");
	const range = (count: number, of: (i: number) => number) => Array.from({ length: count }, (_, i) => of(i));
	const spans = table(
		range(prompts, (p) => p * length).flatMap((start) => [start, length]),
		[prompts, 2],
	);
	const offsets = table(
		range(prompts + 1, (p) => 8 * p),
		[prompts + 1],
	);
	const slots = table(
		range(rows, (row) => row),
		[rows],
	);
	const cache = native.decodeCache(rows, numKvHeads, columns, headDim, decoder.dtype);
	const [keys, values] = cache.map((handle) => new Tensor(handle).fill_(0.5));
	const promptKv = random([prompts * length, 2 * numKvHeads * headDim], decoder);
	const qkv = random([rows, qkvColumns(config)], decoder);
	const inner = numHeads * headDim;
	const size = sizeOf(decoder);
	const seen = prompts * length + rows * (column + 1);
	return {
		name: "attention, decoding",
		operations: 4 * inner * rows * (length + column + 1),
		bytes: (seen * 2 * numKvHeads * headDim + rows * (qkvColumns(config) + inner)) * size,
		operands: [qkv, promptKv, keys, values],
		call: (operands) => {
			const [x, p, k, v] = operands.map(({ handle }) => handle);
			const tables = [spans.handle, offsets.handle, slots.handle] as const;
			return new Tensor(native.decodeAttention(x, numHeads, p, ...tables, k, v, column));
		},
	};
}

function statistics(decoder: Decoder, learningRows: number): Kernel {
	const { vocabSize } = decoder.config;
	const rows = blockRows(learningRows, vocabSize);
	const logits = tidy(() => Tensor.empty([rows, vocabSize]).normal_(0, 1, 1));
	const targets = Tensor.zeros([rows], "i64");
	return {
		name: "head statistics",
		// Scaled, the maximum taken and subtracted, the exponential, its sum, and its product with the logit summed.
		operations: 7 * rows * vocabSize,
		bytes: 4 * rows * vocabSize,
		operands: [logits],
		call: ([block]) => logitStatistics(block, targets, 1),
	};
}

/** A whole step of the optimiser over the first layers, which are many times what a cache holds. */
function adamw(decoder: Decoder, passes: number): RooflinePoint {
	const layers = decoder.blocks.slice(0, 8).map((_, layer) => `layers.${layer}.`);
	const weights = new Map(
		[...decoder.weights].filter(([name]) => layers.some((prefix) => name.startsWith(prefix))),
	);
	const optimizer = new AdamW(weights, { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 });
	const gradients = new Gradients();
	try {
		let parameters = 0;
		for (const [name, weight] of weights) {
			gradients.sumFor(name, weight).fill_(1e-3);
			parameters += weight.size;
		}
		const times: number[] = [];
		for (let pass = 0; pass <= passes; pass++) {
			const started = performance.now();
			optimizer.step(gradients, 1e-6, 1);
			if (pass > 0) times.push((performance.now() - started) / 1000);
		}
		// Gradients twice, for their norm too; master, m and v read and written; in bf16 the weight made of its master.
		const bytes = 4 * 2 + 8 * 3 + (decoder.dtype === "f32" ? 0 : 6);
		return {
			group: "kernels",
			name: "AdamW",
			// The norm (2); clipping (1), m (3), v (4), bias correction (2), root, epsilon, quotient, rate, difference.
			operations: 17 * parameters,
			bytes: bytes * parameters,
			seconds: Math.min(...times),
		};
	} finally {
		optimizer.dispose();
		gradients.clear();
	}
}

function qkvColumns({ numHeads, numKvHeads, headDim }: DecoderConfig): number {
	return (numHeads + 2 * numKvHeads) * headDim;
}
