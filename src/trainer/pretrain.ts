import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sequence } from "../engine/engine.ts";
import { openLocalEngine } from "../engine/local/open.ts";
import { byteTokenizer, writeByteTokenizer } from "../formats/byte-tokenizer.ts";
import { type DecoderConfig, serializeDecoderConfig } from "../formats/hf-config.ts";
import { loadTokenizer, type Tokenizer } from "../formats/tokenizer.ts";
import { learningRateAt } from "../recipe/fields.ts";
import type { PretrainRecipe } from "../recipe/pretrain-recipe.ts";
import type { Problem } from "../tasks/family.ts";
import { familyTask } from "../tasks/task.ts";

export interface PretrainProgress {
	readonly step: number;
	readonly steps: number;
	/** Mean negative log-likelihood of the solutions' tokens since the last report, nats. */
	readonly loss: number;
	readonly learningRate: number;
	readonly tokensPerSecond: number;
}

/** The decoder that a recipe describes, over the byte-level tokenizer. */
export function pretrainConfig(recipe: PretrainRecipe): DecoderConfig {
	const { model } = recipe;
	return {
		architecture: "llama",
		vocabSize: byteTokenizer.vocabSize,
		hiddenSize: model.hiddenSize,
		intermediateSize: model.intermediateSize,
		numLayers: model.layers,
		numHeads: model.heads,
		numKvHeads: model.kvHeads ?? model.heads,
		headDim: model.hiddenSize / model.heads,
		rmsNormEps: 1e-5,
		ropeTheta: model.ropeTheta,
		ropeScaling: null,
		tieWordEmbeddings: true,
		qkvBias: false,
		outputBias: false,
		mlpBias: false,
		qkNorm: false,
		maxPositions: model.maxPositions,
		bosTokenId: null,
		eosTokenIds: [byteTokenizer.eosTokenId],
		padTokenId: byteTokenizer.padTokenId,
		dtype: recipe.saveAs,
	};
}

/**
 * Supervised training of a fresh decoder on the solutions of train-split problems; the model goes to `dir` (which
 * exists and is empty). Aborting saves what there is.
 */
export async function pretrain(
	recipe: PretrainRecipe,
	dir: string,
	{ onProgress, signal }: { onProgress?: (progress: PretrainProgress) => void; signal?: AbortSignal } = {},
): Promise<void> {
	mkdirSync(dir, { recursive: true });
	writeFileSync(join(dir, "config.json"), `${JSON.stringify(serializeDecoderConfig(pretrainConfig(recipe)), null, 2)}\n`);
	writeByteTokenizer(dir);
	const tokenizer = loadTokenizer(dir);
	const task = familyTask(recipe.task);
	const engine = await openLocalEngine({
		model: dir,
		randomSeed: recipe.seed,
		dtype: recipe.dtype,
		saveAs: recipe.saveAs,
		...(recipe.threads === undefined ? {} : { threads: recipe.threads }),
		optimizer: recipe.optimizer,
		learner: { tokensPerMicroBatch: recipe.train.tokensPerMicroBatch },
	});
	const { steps, batch, logEvery } = recipe.train;
	let loss = 0;
	let lossTokens = 0;
	let tokens = 0;
	let since = performance.now();
	for (let step = 0; step < steps && signal?.aborted !== true; step++) {
		const sequences = task
			.problems("train", batch, recipe.seed * 1_000_003 + step)
			.map((problem) => solutionSequence(tokenizer, problem));
		const count = sequences.reduce((sum, s) => sum + s.tokens.length - s.promptLength, 0);
		const outputs = await engine.accumulate(sequences, (fresh) =>
			fresh.map(({ logprobs }) => ({ logprobs: new Float32Array(logprobs.length).fill(-1 / count) })),
		);
		const learningRate = learningRateAt(recipe.optimizer, step, steps);
		await engine.step({ learningRate, maxGradNorm: recipe.optimizer.maxGradNorm });
		loss -= outputs.reduce((sum, { logprobs }) => sum + logprobs.reduce((a, b) => a + b, 0), 0);
		lossTokens += count;
		tokens += sequences.reduce((sum, s) => sum + s.tokens.length, 0);
		if ((step + 1) % logEvery === 0 || step + 1 === steps) {
			const seconds = (performance.now() - since) / 1000;
			onProgress?.({ step: step + 1, steps, loss: loss / lossTokens, learningRate, tokensPerSecond: tokens / seconds });
			loss = lossTokens = tokens = 0;
			since = performance.now();
		}
	}
	await engine.save(dir);
	await engine.close();
}

/** Prompt and solution as tokens, with the end of the sequence; the solution's tokens are the evaluated ones. */
export function solutionSequence(tokenizer: Tokenizer, problem: Problem): Sequence {
	const prompt = tokenizer.encode(problem.prompt);
	const solution = tokenizer.encode(problem.solution);
	return { tokens: Int32Array.from([...prompt, ...solution, tokenizer.eosTokenId!]), promptLength: prompt.length };
}
