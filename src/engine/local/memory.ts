import type { DecoderConfig } from "../../formats/hf-config.ts";
import { blockRows, cacheBytes, tokensPerPrefill } from "./block-sizes.ts";
import type { LocalEngineOptions } from "./local-engine.ts";
import { adapterSpecs } from "./lora/adapter-specs.ts";
import type { LoraConfig } from "./lora/config.ts";
import { parameterSpecs } from "./parameters.ts";

/** What one step of training does, as far as memory goes. */
export interface StepSize {
	/** Completions of a step. */
	readonly completions: number;
	/** Longest prompt and longest completion, tokens. */
	readonly promptTokens: number;
	readonly maxTokens: number;
}

/** Bytes that training needs, by what needs them. */
export interface MemoryEstimate {
	/** There all the time. */
	readonly resident: Readonly<
		Record<"program" | "policy" | "adapters" | "reference" | "retained" | "optimizer" | "gradients", number>
	>;
	/** On top of that, one after the other. */
	readonly phases: Readonly<Record<"sampling" | "reference" | "learning", number>>;
	/** The most at once. */
	readonly peak: number;
}

/** Node and libtorch without a model. */
const programBytes = 230e6;

/**
 * Foresees the peak of training, from shapes alone: nothing is opened. It counts what the engine allocates; the
 * allocator's gaps make the real peak up to about a tenth larger or smaller.
 */
export function estimateMemory(
	policy: DecoderConfig,
	reference: DecoderConfig | undefined,
	{ dtype, retainVersions = 0, lora }: Pick<LocalEngineOptions, "dtype" | "retainVersions"> & MemoryOfLora,
	{ tokensPerMicroBatch, recompute }: { tokensPerMicroBatch: number; recompute: boolean },
	step: StepSize,
): MemoryEstimate {
	const size = dtype === "f32" ? 4 : 2;
	const parameters = countParameters(policy);
	const trained = lora === undefined ? parameters : countAdapters(policy, lora.config);
	const resident = {
		program: programBytes,
		policy: parameters * size,
		adapters: lora === undefined ? 0 : trained * size,
		reference: reference === undefined || lora?.shared === true ? 0 : countParameters(reference) * size,
		retained: trained * size * retainVersions,
		// Two moments, and masters where the weights are not f32 themselves.
		optimizer: trained * (dtype === "f32" ? 8 : 12),
		gradients: trained * 4,
	};
	const length = step.promptTokens + step.maxTokens;
	const rows = Math.max(length, Math.min(tokensPerMicroBatch, step.completions * length));
	const batches = (step.completions * length) / tokensPerMicroBatch;
	const evaluating = (c: DecoderConfig) =>
		rows * transientPerRow(c) * size +
		headBytes(c, rows, size) +
		(batches > 1 ? countParameters(c) * size : 0);
	const kept = recompute ? policy.hiddenSize * size : activationsPerRow(policy, size);
	const phases = {
		sampling: samplingBytes(policy, size, step),
		reference: reference === undefined ? 0 : evaluating(reference),
		learning:
			rows * (policy.numLayers * kept + 2 * transientPerRow(policy) * size) +
			(recompute ? rows * activationsPerRow(policy, size) : 0) +
			2 * headBytes(policy, rows, size),
	};
	const { gradients, ...always } = resident;
	const sum = Object.values(always).reduce((a, b) => a + b, 0);
	const peak = sum + Math.max(phases.sampling, phases.reference, gradients + phases.learning);
	return { resident, phases, peak };
}

/** Whether adapters are learned, and the reference is their base. */
export interface MemoryOfLora {
	readonly lora?: { readonly config: LoraConfig; readonly shared: boolean };
}

export function countAdapters(c: DecoderConfig, lora: LoraConfig): number {
	return adapterSpecs(c, lora).reduce((sum, { rows, columns, depth }) => sum + (rows + columns) * depth, 0);
}

export function countParameters(c: DecoderConfig): number {
	return parameterSpecs(c).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** Elements of a layer's temporary results: norms, projections, and what attention and the gate make of them. */
function transientPerRow(c: DecoderConfig): number {
	const qkv = (c.numHeads + 2 * c.numKvHeads) * c.headDim;
	return 3 * c.hiddenSize + 2 * qkv + c.numHeads * c.headDim + 3 * c.intermediateSize;
}

/** Bytes of `BlockActivations` a row. */
function activationsPerRow(c: DecoderConfig, size: number): number {
	const qkv = (c.numHeads + 2 * c.numKvHeads) * c.headDim;
	const unnormed = c.qkNorm ? qkv : 0;
	const elements = 2 * c.hiddenSize + qkv + unnormed + c.numHeads * c.headDim + 2 * c.intermediateSize;
	return elements * size + 4 * c.numHeads;
}

/** A block of logits and of their gradient (in f32 it takes their place), and the head laid out for its product. */
function headBytes(c: DecoderConfig, rows: number, size: number): number {
	const block = blockRows(rows, c.vocabSize) * c.vocabSize;
	return block * (size === 2 ? 6 : 4) + c.vocabSize * c.hiddenSize * size;
}

function samplingBytes(c: DecoderConfig, size: number, step: StepSize): number {
	const packed = countParameters(c) * size;
	const perColumn = c.numLayers * 2 * c.numKvHeads * c.headDim * size;
	const cache = Math.min(cacheBytes, perColumn * step.completions * (step.promptTokens + step.maxTokens));
	const prefill = Math.min(
		Math.max(tokensPerPrefill, step.promptTokens),
		step.completions * step.promptTokens,
	);
	return packed + cache + step.completions * c.vocabSize * 8 + prefill * transientPerRow(c) * size;
}
