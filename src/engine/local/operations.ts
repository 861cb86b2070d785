import type { DecoderConfig } from "../../formats/hf-config.ts";

/** What one RL step does, as far as its arithmetic goes. */
export interface Workload {
	readonly prompts: number;
	/** Completions of one prompt. */
	readonly groupSize: number;
	readonly promptTokens: number;
	readonly completionTokens: number;
}

/** Parts of a step that multiply matrices, and the whole. */
export type Parts = Readonly<Record<"sample" | "reference" | "learn" | "step", number>>;

/**
 * Floating-point operations of the matrix products that a step cannot do without, a multiply-add counting as two: every
 * prompt read once for its group, every token but a completion's last through the layers, every completion token
 * through the vocabulary head, and attention's two products over each row and what it sees; learning three times that.
 */
export function matmulOperations(c: DecoderConfig, workload: Workload): Parts {
	const { prompts, groupSize, promptTokens, completionTokens } = workload;
	const heads = (c.numHeads + 2 * c.numKvHeads) * c.headDim + c.numHeads * c.headDim;
	const layers = c.numLayers * c.hiddenSize * (heads + 3 * c.intermediateSize);
	const completions = prompts * groupSize;
	const rows = prompts * promptTokens + completions * (completionTokens - 1);
	const attention = 2 * c.numLayers * c.numHeads * c.headDim * attendedPairs(workload);
	const head = completions * completionTokens * c.vocabSize * c.hiddenSize;
	const once = 2 * (rows * layers + attention + head);
	return { sample: once, reference: once, learn: 3 * once, step: 5 * once };
}

/** Pairs of a row and a row that it attends to: a prompt's own, a completion's prompt and own, causally. */
function attendedPairs({ prompts, groupSize, promptTokens, completionTokens }: Workload): number {
	const causal = (rows: number) => (rows * (rows + 1)) / 2;
	const own = completionTokens - 1;
	return prompts * (causal(promptTokens) + groupSize * (own * promptTokens + causal(own)));
}
