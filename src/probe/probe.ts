import type { Engine, Sequence } from "../engine/engine.ts";
import { openLocalEngine } from "../engine/local/open.ts";
import { ThaliaError } from "../errors.ts";
import { loadDomains } from "../eval/domains.ts";
import { loadTokenizer, type Tokenizer } from "../formats/tokenizer.ts";
import { effectiveSampleSize, importanceWeights } from "../kl/importance.ts";
import type { KlWeights } from "../kl/weights.ts";
import { tokensOf } from "../objective/batch.ts";
import type { ObjectiveConfig } from "../objective/config.ts";
import { topShare } from "../objective/diagnostics.ts";
import { type PreparedObjective, prepareObjective, selectSequences } from "../objective/prepare.ts";
import { weigh } from "../objective/weigh.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { sampleGroups } from "../rollout/collect.ts";
import { examplesOf, makePrompter } from "../rollout/prompter.ts";
import type { Task } from "../tasks/task.ts";
import { engineOptions } from "../trainer/engine-options.ts";
import { accumulate } from "../trainer/learn.ts";
import { assertServes, checkTopK } from "../trainer/serves.ts";
import { sequenceOf, type TrainingBatch, trainingBatch } from "../trainer/token-batch.ts";
import type { ProbedConfig } from "./configurations.ts";
import { type Moments, momentsOf } from "./moments.ts";

export interface ProbeOptions {
	/** Task, rollouts, objective and reference; its `model` is the policy that is probed. */
	readonly recipe: ResolvedRecipe;
	readonly configs: readonly ProbedConfig[];
	/** Model folder of another policy that samples the rollouts; default: the policy itself. */
	readonly sampler?: string;
	/** Parts of the rollouts whose gradients are compared, 2 or more: their memory is a gradient each. */
	readonly folds: number;
	/** Batches of rollouts, each of the recipe's size, that the true gradient is estimated from: 2 or more. */
	readonly trueBatches: number;
	/** Each with rollouts of its own. */
	readonly seeds: readonly number[];
	readonly onProgress?: (doing: string) => void;
	/** Aborted: seeds that are done are what comes out. */
	readonly signal?: AbortSignal;
}

/** One configuration at one seed. */
export interface ProbeMeasurement extends Moments {
	/** Effective sample size of its importance weights over their number, and the largest; 1 without importance. */
	readonly sampleSize: number;
	readonly largestWeight: number;
	/** Share of the sum of |score weight| that the heaviest 1% of tokens carry. */
	readonly topWeightShare: number;
}

export interface ProbedSeed {
	readonly seed: number;
	/** Cosine between the two estimates of the true gradient, and its squared length without noise. */
	readonly agreement: number | null;
	readonly trueSignal: number;
	/** In the order of the configurations. */
	readonly measurements: readonly ProbeMeasurement[];
}

export interface ProbeResult {
	readonly completions: number;
	readonly trueCompletions: number;
	readonly seeds: readonly ProbedSeed[];
}

/** What the true gradient is estimated by: every token's divergence and its gradient (Amini et al., arXiv 2504.10637). */
const trueKl = { place: "loss", estimator: "rao-blackwell", beta: 1 } as const;
const bare: ObjectiveConfig = {
	advantage: "reinforce",
	surrogate: { kind: "reinforce" },
	aggregation: "sequence-sum",
};

/**
 * Measures the KL gradient of each configuration on rollouts of a real model, against the gradient of the sequence-level
 * reverse KL. What a configuration adds is the difference that it makes to the whole objective's score weights, over beta.
 * @throws ThaliaError `probe-options`, and those of the model and the task
 */
export async function probe(options: ProbeOptions): Promise<ProbeResult> {
	const { recipe, configs } = options;
	checkOptions(options);
	const tokenizer = loadTokenizer(recipe.model);
	const { train: task } = await loadDomains(recipe.task, 0, recipe.eval.seed);
	const engine = await openLocalEngine(engineOptions(recipe));
	const other =
		options.sampler === undefined
			? undefined
			: await openLocalEngine(engineOptions({ ...recipe, model: options.sampler })).catch(
					async (error: unknown) => {
						await engine.close();
						throw error;
					},
				);
	try {
		for (const { kl } of [{ kl: trueKl }, ...configs]) assertServes(engine.capabilities, kl);
		for (const { kl } of configs) checkTopK(kl, engine.vocabSize);
		const seeds: ProbedSeed[] = [];
		for (const seed of options.seeds) {
			const probed = await new Probe(options, engine, other ?? engine, tokenizer, task, seed).run();
			if (probed === undefined) break;
			seeds.push(probed);
		}
		const completions = recipe.rollout.prompts * recipe.rollout.groupSize;
		return { completions, trueCompletions: completions * options.trueBatches, seeds };
	} finally {
		await engine.close();
		await other?.close();
	}
}

function checkOptions({ recipe, folds, trueBatches, seeds, configs }: ProbeOptions): void {
	const wrong = (what: string, fix: string) => new ThaliaError("probe-options", `Expected ${what}`, { fix });
	const { prompts } = recipe.rollout;
	if (folds < 2 || folds > prompts)
		throw wrong(
			`2 to ${prompts} folds (rollout.prompts) but received ${folds}`,
			"give --folds in that range",
		);
	if (trueBatches < 2)
		throw wrong(
			`2 or more batches for the true gradient but received ${trueBatches}`,
			"raise --true-batches",
		);
	if (seeds.length === 0) throw wrong("a seed but received none", "give --seeds 1,2,3");
	if (configs.length === 0) throw wrong("a configuration but received none", "leave --presets out");
}

/** The batch of one seed, and what is done with it. */
class Probe {
	readonly #options: ProbeOptions;
	readonly #engine: Engine;
	readonly #sampler: Engine;
	readonly #tokenizer: Tokenizer;
	readonly #task: Task;
	readonly #seed: number;

	constructor(
		options: ProbeOptions,
		engine: Engine,
		sampler: Engine,
		tokenizer: Tokenizer,
		task: Task,
		seed: number,
	) {
		this.#options = options;
		this.#engine = engine;
		this.#sampler = sampler;
		this.#tokenizer = tokenizer;
		this.#task = task;
		this.#seed = seed;
	}

	/** Undefined where it was asked to stop. */
	async run(): Promise<ProbedSeed | undefined> {
		const { configs, trueBatches, signal } = this.#options;
		for (let batch = 0; batch < trueBatches; batch++) {
			if (signal?.aborted === true) return undefined;
			this.#say(`true gradient ${batch + 1}/${trueBatches}`);
			await this.#addToTrue(batch);
		}
		this.#say("sampling");
		const batch = await this.#rollouts(this.#sampler, 0);
		const measurements: ProbeMeasurement[] = [];
		for (const [i, config] of configs.entries()) {
			if (signal?.aborted === true) return undefined;
			this.#say(`${config.name} (${i + 1}/${configs.length})`);
			measurements.push(await this.#measure(config, batch));
		}
		const [[aa, ab], [, bb]] = await this.#engine.gradientProducts(halves);
		await this.#engine.dropGradients(halves);
		const [first, second] = this.#batchesOfHalves();
		return {
			seed: this.#seed,
			agreement: aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : null,
			trueSignal: ab / (first * second),
			measurements,
		};
	}

	#say(doing: string): void {
		const { seeds, onProgress } = this.#options;
		onProgress?.(`seed ${this.#seed} (${seeds.indexOf(this.#seed) + 1}/${seeds.length})  ${doing}`);
	}

	async #addToTrue(batch: number): Promise<void> {
		const { recipe } = this.#options;
		const sampled = await this.#rollouts(this.#engine, batch + 1);
		const rewards = new Float64Array(sampled.tokens.rewards.length);
		const prepared = prepareObjective({ ...sampled.tokens, rewards }, bare, trueKl);
		const { temperature } = recipe.rollout;
		await accumulate(this.#engine, trueKl, sampled.sequences, temperature, (b, fresh) =>
			weigh(prepared, b, fresh),
		);
		await this.#engine.keepGradient(halves[batch % 2]);
	}

	#batchesOfHalves(): [number, number] {
		const { trueBatches } = this.#options;
		return [Math.ceil(trueBatches / 2), Math.floor(trueBatches / 2)];
	}

	/** Completions of the recipe's prompts, scored and evaluated. @param part tells batches of one seed apart */
	async #rollouts(sampler: Engine, part: number): Promise<TrainingBatch> {
		const { rollout } = this.#options.recipe;
		const { temperature, topK, topP, minP, maxTokens, groupSize } = rollout;
		const seed = this.#seed * 1_000_003 + 500_000 + part;
		const sampled = await sampleGroups(
			sampler,
			this.#tokenizer,
			this.#task.reward,
			this.#task.problems("train", rollout.prompts, seed),
			{
				groupSize,
				sampling: { temperature, topK, topP, minP, maxTokens, seed },
				rewardTimeoutMs: rollout.rewardTimeoutSeconds * 1000,
				prompter: makePrompter(this.#tokenizer, this.#options.recipe.prompt, examplesOf([this.#task])),
			},
		);
		const all: Sequence[] = sampled.completions.map(({ tokens }, i) =>
			sequenceOf(sampled.prompts[Math.floor(i / groupSize)], tokens),
		);
		const groups = await sampled.scored;
		const reference = await this.#engine.evaluate(all, "reference", { temperature });
		const current = await this.#engine.evaluate(all, "policy", { temperature });
		const batch = trainingBatch(groups, groupSize, reference, current);
		if (batch !== undefined) return batch;
		throw new ThaliaError(
			"probe-rewards",
			"Expected a group whose completions all have a reward but there is none",
			{
				fix: "mend the verifier: thalia train shows its errors",
			},
		);
	}

	async #measure({ kl }: ProbedConfig, { tokens, sequences }: TrainingBatch): Promise<ProbeMeasurement> {
		const { recipe, folds } = this.#options;
		const whole = prepareObjective(tokens, recipe.objective, kl);
		const without = prepareObjective(tokens, recipe.objective, { place: "none" });
		const names = Array.from({ length: folds }, (_, k) => `fold-${k}`);
		const weights: number[] = [];
		for (const [k, name] of names.entries()) {
			const chosen = Array.from(sequences.keys()).filter(
				(b) => Math.floor(b / tokens.groupSize) % folds === k,
			);
			const parts = [selectSequences(whole, chosen), selectSequences(without, chosen)] as const;
			const mine = chosen.map((b) => sequences[b]);
			await accumulate(this.#engine, kl, mine, recipe.rollout.temperature, (b, fresh) => {
				const difference = contribution(parts, b, fresh, kl.beta);
				weights.push(...difference.logprobs);
				return difference;
			});
			await this.#engine.keepGradient(name);
		}
		const moments = await this.#moments(names, sequences.length / folds);
		return { ...moments, ...importanceOf(kl, tokens), topWeightShare: topShare(Float64Array.from(weights)) };
	}

	async #moments(names: readonly string[], completions: number): Promise<Moments> {
		const products = await this.#engine.gradientProducts([...names, ...halves]);
		await this.#engine.dropGradients(names);
		const [first, second] = this.#batchesOfHalves();
		const [a, b] = [names.length, names.length + 1];
		const rows = products.slice(0, names.length);
		const trueSignal = products[a][b] / (first * second);
		return momentsOf({
			folds: rows.map((row) => row.slice(0, names.length)),
			withTrue: rows.map((row) => (row[a] / first + row[b] / second) / 2),
			trueSquared: (products[a][a] / first ** 2 + products[b][b] / second ** 2 + 2 * trueSignal) / 4,
			trueSignal,
			completions,
		});
	}
}

const halves = ["true-0", "true-1"];

/**
 * What the KL adds to the ascent direction, as a descent on it: the sign that the engine minimises by makes it the KL's
 * own gradient.
 */
function contribution(
	[whole, without]: readonly [PreparedObjective, PreparedObjective],
	b: number,
	fresh: Parameters<typeof weigh>[2],
	beta: number,
): KlWeights {
	const all = weigh(whole, b, fresh);
	const rest = weigh(without, b, fresh).logprobs;
	return {
		logprobs: all.logprobs.map((c, t) => (c - rest[t]) / beta),
		divergence: all.divergence?.map((d) => d / beta) ?? null,
	};
}

function importanceOf(kl: ProbedConfig["kl"], batch: TrainingBatch["tokens"]) {
	const { importance = "none", truncation } = kl;
	const current = batch.current ?? batch.sampler;
	const weights = Array.from(batch.rewards, (_, b) => {
		const of = (values: typeof current) => tokensOf(batch, values, b);
		return Array.from(importanceWeights(importance, of(current), of(batch.sampler), truncation).weights);
	}).flat();
	return {
		sampleSize: effectiveSampleSize(weights) / Math.max(1, weights.length),
		largestWeight: weights.reduce((most, w) => Math.max(most, w), 0),
	};
}
