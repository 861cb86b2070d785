import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Engine, Sequence } from "../engine/engine.ts";
import { openLocalEngine } from "../engine/local/open.ts";
import { ThaliaError } from "../errors.ts";
import { byteTokenizer, writeByteTokenizer } from "../formats/byte-tokenizer.ts";
import { type DecoderConfig, serializeDecoderConfig } from "../formats/hf-config.ts";
import { loadTokenizer, type Tokenizer } from "../formats/tokenizer.ts";
import { learningRateAt } from "../recipe/fields.ts";
import type { PretrainRecipe } from "../recipe/pretrain-recipe.ts";
import { finishFolder, temporaryName } from "../runs/atomic.ts";
import { JsonLinesFile } from "../runs/json-lines.ts";
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

export interface PretrainHooks {
	readonly onProgress?: (progress: PretrainProgress) => void;
	readonly signal?: AbortSignal;
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
 * Supervised training of a fresh decoder on the solutions of train-split problems. The model folder `dir`, with its
 * recipe and log, appears when it is whole. Aborting makes it of what has been learnt so far.
 * @throws ThaliaError `output-exists`
 */
export async function pretrain(
	recipe: PretrainRecipe,
	dir: string,
	hooks: PretrainHooks = {},
): Promise<void> {
	if (existsSync(dir)) {
		throw new ThaliaError("output-exists", `Expected a new folder for the model but ${dir} exists`, {
			fix: "choose another one, or remove it",
		});
	}
	const temporary = temporaryName(dir);
	rmSync(temporary, { recursive: true, force: true });
	mkdirSync(temporary, { recursive: true });
	try {
		writeFileSync(join(temporary, "recipe.yaml"), stringify(recipe));
		await fit(recipe, temporary, hooks);
		finishFolder(temporary, dir);
	} catch (error) {
		rmSync(temporary, { recursive: true, force: true });
		throw error;
	}
}

async function fit(recipe: PretrainRecipe, dir: string, hooks: PretrainHooks): Promise<void> {
	writeFileSync(
		join(dir, "config.json"),
		`${JSON.stringify(serializeDecoderConfig(pretrainConfig(recipe)), null, 2)}\n`,
	);
	writeByteTokenizer(dir);
	const engine = await openLocalEngine({
		model: dir,
		randomSeed: recipe.seed,
		dtype: recipe.dtype,
		saveAs: recipe.saveAs,
		...(recipe.threads === undefined ? {} : { threads: recipe.threads }),
		optimizer: recipe.optimizer,
		learner: { tokensPerMicroBatch: recipe.train.tokensPerMicroBatch },
	});
	const log = JsonLinesFile.open(join(dir, "log.jsonl"), () => false);
	try {
		await learn(recipe, engine, loadTokenizer(dir), log, hooks);
		await engine.save(dir);
	} finally {
		log.close();
		await engine.close();
	}
}

async function learn(
	recipe: PretrainRecipe,
	engine: Engine,
	tokenizer: Tokenizer,
	log: JsonLinesFile,
	{ onProgress, signal }: PretrainHooks,
): Promise<void> {
	const task = familyTask(recipe.task);
	const { steps, batch, logEvery } = recipe.train;
	let [loss, lossTokens, tokens, since] = [0, 0, 0, performance.now()];
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
			const progress = { step: step + 1, steps, loss: loss / lossTokens, learningRate };
			log.append(progress);
			onProgress?.({ ...progress, tokensPerSecond: tokens / seconds });
			[loss, lossTokens, tokens, since] = [0, 0, 0, performance.now()];
		}
	}
}

/** Prompt and solution as tokens, with the end of the sequence; the solution's tokens are the evaluated ones. */
export function solutionSequence(tokenizer: Tokenizer, problem: Problem): Sequence {
	const prompt = tokenizer.encode(problem.prompt);
	const solution = tokenizer.encode(problem.solution);
	return {
		tokens: Int32Array.from([...prompt, ...solution, tokenizer.eosTokenId!]),
		promptLength: prompt.length,
	};
}
