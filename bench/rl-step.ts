import { cpus } from "node:os";
import { openLocalEngine } from "../src/engine/local/open.ts";
import type { WeightDtype } from "../src/engine/local/weights.ts";
import { readDecoderConfig } from "../src/formats/hf-config.ts";
import type { Tokenizer } from "../src/formats/tokenizer.ts";
import { resolveFields } from "../src/recipe/resolve-recipe.ts";
import { type ResolvedRecipe, trainRecipe } from "../src/recipe/train-recipe.ts";
import type { Task } from "../src/tasks/task.ts";
import { engineOptions } from "../src/trainer/engine-options.ts";
import { trainStep } from "../src/trainer/step.ts";
import { version } from "../src/version.ts";
import type { Measurement, Timing } from "./measurement.ts";
import { type Job, readJob } from "./model-folder.ts";

export interface RlStepOptions {
	/** Made by `writeModelFolder`; policy and reference. */
	readonly model: string;
	readonly dtype: WeightDtype;
	readonly threads: number;
	/** Steps before the measured ones. */
	readonly warmup: number;
	readonly steps: number;
	readonly tokensPerMicroBatch?: number;
	readonly onStep?: (timing: Timing) => void;
}

/** Measures the trainer's own step (`trainStep`) with the engine that the trainer opens, in a thread of its own. */
export async function measureRlStep(options: RlStepOptions): Promise<Measurement> {
	const job = readJob(options.model);
	const recipe = recipeOf(options, job);
	const engine = await openLocalEngine(engineOptions(recipe));
	try {
		const loaded = process.memoryUsage().rss;
		const context = {
			recipe,
			engine,
			tokenizer: numberWords(readDecoderConfig(options.model).vocabSize),
			task: fixedTask(job),
			beta: 0.05,
		};
		const tokens = job.prompts.length * job.groupSize * job.completionTokens;
		const steps: Timing[] = [];
		for (let step = 1; step <= options.warmup + options.steps; step++) {
			const { metrics } = await trainStep(context, step);
			// A step that changed nothing, or stopped early, is not the step that is claimed.
			const sampled = metrics.completionTokens * job.prompts.length * job.groupSize;
			if (metrics.skipped !== null || sampled !== tokens) {
				throw new Error(`step ${step}: skipped ${String(metrics.skipped)}, ${sampled} of ${tokens} tokens`);
			}
			const { sample, reference, learn, step: whole } = metrics.timing;
			const timing = { sample, reference, learn, step: whole };
			if (step > options.warmup) steps.push(timing);
			options.onStep?.(timing);
		}
		return {
			side: "thalia",
			steps,
			tokens,
			memory: { loaded, peak: process.resourceUsage().maxRSS * 1024 },
			environment: {
				thalia: version,
				node: process.versions.node,
				cpu: cpus().at(0)?.model ?? "unknown",
				tokensPerMicroBatch: recipe.train.tokensPerMicroBatch,
				...engine.environment,
			},
		};
	} finally {
		await engine.close();
	}
}

/** RLOO with k1 in the reward: the recipe's defaults, spelt out where the peer is told the same. */
function recipeOf(options: RlStepOptions, job: Job): ResolvedRecipe {
	const { model, dtype, threads, warmup, steps, tokensPerMicroBatch } = options;
	const recipe = trainRecipe.parse({
		model,
		dtype,
		// The step is given its task; the recipe only has to name one.
		task: { train: [{ family: "add" }] },
		rollout: {
			prompts: job.prompts.length,
			groupSize: job.groupSize,
			maxTokens: job.completionTokens,
			temperature: 1,
		},
		objective: { advantage: "rloo", surrogate: "reinforce", aggregation: "sequence-sum" },
		kl: { place: "reward", estimator: "k1", credit: "sequence", beta: 0.05, logprobs: "sampler" },
		optimizer: { learningRate: 1e-5, maxGradNorm: 1 },
		train: { steps: warmup + steps, ...(tokensPerMicroBatch === undefined ? {} : { tokensPerMicroBatch }) },
	});
	return resolveFields({ ...recipe, threads }, { name: "bench", folders: ["."], subject: "the benchmark" });
}

/** The prompts of the folder at every step; the reward, which stands in for a verifier, is a hash of the text. */
function fixedTask(job: Job): Task {
	return {
		name: "bench",
		problems: () =>
			job.prompts.map((prompt, i) => ({
				id: String(i),
				family: "bench",
				level: 1,
				prompt: prompt.join(" "),
				answer: "",
				solution: "",
			})),
		reward({ completion }) {
			let hash = 0;
			for (let i = 0; i < completion.length; i++)
				hash = Math.imul(hash ^ completion.charCodeAt(i), 0x01000193);
			return hash & 1;
		},
	};
}

/** Token 17 is the word "17": a tokenizer without a file, and with the peer's work to do. */
function numberWords(vocabSize: number): Tokenizer {
	return {
		vocabSize,
		eosTokenId: null,
		chatTemplate: null,
		encode: (text) => text.split(" ").map(Number),
		decode: (ids) => Array.from(ids).join(" "),
	};
}
