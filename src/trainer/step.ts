import type { Engine, Sequence } from "../engine/engine.ts";
import { passingReward } from "../eval/problem-result.ts";
import type { Tokenizer } from "../formats/tokenizer.ts";
import { insideReward, type KlConfig, needsVocabulary } from "../kl/config.ts";
import type { ObjectiveDiagnostics } from "../objective/diagnostics.ts";
import type { Overflow } from "../objective/overflow.ts";
import { learningRateAt } from "../recipe/fields.ts";
import { klWithBeta } from "../recipe/kl-schema.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { type RolloutGroup, sampleGroups } from "../rollout/collect.ts";
import type { Prompter } from "../rollout/prompter.ts";
import type { Task } from "../tasks/task.ts";
import { type Divergence, type Learned, type LearnOptions, learn, measureDivergence } from "./learn.ts";
import { sequenceOf, type TrainingBatch, trainingBatch } from "./token-batch.ts";

/** Tokens, prompts included, after which no more completions have their full-vocabulary KL measured for the record. */
const measuredTokens = 512;

/** Phases of a step, in order. */
export type Phase = "sampling" | "scoring" | "learning";

/** Why a step changed nothing: a loss or gradient that is not finite, or no group that could be scored. */
export type SkipReason = "loss" | "gradient" | "rewards";

/** The token at which a log-ratio left what numbers can hold: nothing is clamped, the update is not made. */
export interface OverflowedToken {
	readonly problem: string;
	/** Index in its group. */
	readonly completion: number;
	/** Index in the completion. */
	readonly position: number;
	readonly token: number;
	readonly text: string;
	/** log pi, log ref and log mu, nats. */
	readonly logp: number;
	readonly reference: number;
	readonly sampler: number;
}

/** A line of metrics.jsonl. KL values in nats, times in seconds. */
export interface StepMetrics {
	/** From 1. */
	readonly step: number;
	/** Mean reward of the completions that have one; null where none has. */
	readonly reward: number | null;
	/** Share of them whose reward is 1 or more. */
	readonly passRate: number | null;
	/** Completions whose verifier failed, and the groups left out for it. */
	readonly rewardErrors: number;
	readonly droppedGroups: number;
	/** Tokens of a completion, on average; share of completions that ended by themselves. */
	readonly completionTokens: number;
	readonly stopped: number;
	/** Of the distributions that the tokens were drawn from, averaged over tokens. */
	readonly entropy: number | null;
	/** Before clipping; mean over the updates. */
	readonly gradNorm: number | null;
	/** Optimiser steps that changed the policy. */
	readonly updates: number;
	readonly learningRate: number;
	/**
	 * KL(policy || reference) per completion, nats: from the full vocabulary at the tokens of `divergence` where there is
	 * one, else k1 of the sampled tokens. What another policy sampled makes of k1 no KL.
	 */
	readonly kl: number | null;
	/** Strength of the KL; null without one. */
	readonly beta: number | null;
	readonly skipped: SkipReason | null;
	readonly overflow: OverflowedToken | null;
	/** Of the policy that sampled, and by how many versions it was behind. */
	readonly policyVersion: number;
	readonly staleness: number;
	readonly objective: ObjectiveDiagnostics | null;
	/** Full-vocabulary KLs: of every token where the KL reads them, else of some completions before the update. */
	readonly divergence: Divergence | null;
	/** Where rollouts lag: policy versions that are kept, and the memory of their copies in bytes. */
	readonly retained?: { readonly versions: number; readonly bytes: number };
	readonly timing: {
		readonly sample: number;
		readonly reference: number;
		readonly learn: number;
		readonly step: number;
		/** Sampled tokens a second of the whole step. */
		readonly tokensPerSecond: number;
	};
}

export interface StepResult {
	readonly metrics: StepMetrics;
	readonly groups: readonly RolloutGroup[];
}

export interface StepContext {
	readonly recipe: ResolvedRecipe;
	readonly engine: Engine;
	readonly tokenizer: Tokenizer;
	/** Default: as `sampleGroups` has it. */
	readonly prompter?: Prompter;
	readonly task: Task;
	/** Strength of the KL at this step. */
	readonly beta: number;
	/** The version that samples, and the newest: none where it is that one. */
	readonly sampleFrom?: { readonly version: number; readonly newest: number };
	readonly onPhase?: (phase: Phase, tokens: number) => void;
}

/** Samples, scores and learns once. @param step from 1 */
export async function trainStep(context: StepContext, step: number): Promise<StepResult> {
	const { recipe, engine, tokenizer, prompter, task, onPhase, beta, sampleFrom } = context;
	const { rollout, optimizer } = recipe;
	const kl = klWithBeta(recipe.kl, beta);
	const seed = recipe.seed * 1_000_003 + step;
	const started = performance.now();
	const problems = task.problems("train", rollout.prompts, seed);
	const { temperature, topK, topP, minP, maxTokens, groupSize } = rollout;
	const sampled = await sampleGroups(
		engine,
		tokenizer,
		task.reward,
		problems,
		{
			groupSize,
			sampling: {
				...{ temperature, topK, topP, minP, maxTokens, seed },
				...(sampleFrom === undefined ? {} : { policyVersion: sampleFrom.version }),
			},
			rewardTimeoutMs: rollout.rewardTimeoutSeconds * 1000,
			...(prompter === undefined ? {} : { prompter }),
		},
		(tokens) => onPhase?.("sampling", tokens),
	);
	const sampledAt = performance.now();
	onPhase?.("scoring", sampled.tokens);
	const all = sampled.completions.map(({ tokens }, i) =>
		sequenceOf(sampled.prompts[Math.floor(i / groupSize)], tokens),
	);
	// Verifiers run while the engine's thread evaluates.
	const [groups, reference, current] = await Promise.all([
		sampled.scored,
		engine.evaluate(all, "reference", { temperature }),
		needsCurrent(kl) ? engine.evaluate(all, "policy", { temperature }) : undefined,
	]);
	const referenceAt = performance.now();
	onPhase?.("learning", sampled.tokens);
	const batch = trainingBatch(groups, groupSize, reference, current);
	const learningRate = learningRateAt(optimizer, step - 1, recipe.train.steps);
	const learned =
		batch === undefined
			? nothing
			: await learnFrom(context, batch, groups, { kl, learningRate, seed, temperature });
	const { policyVersion } = sampled.completions[0];
	const summarised = summary(groups);
	const { completionTokens } = summarised;
	const done = performance.now();
	const seconds = (from: number, to: number) => (to - from) / 1000;
	return {
		groups,
		metrics: {
			step,
			...summarised,
			droppedGroups: groups.length - (batch?.sequences.length ?? 0) / groupSize,
			learningRate,
			beta: kl.place === "none" ? null : beta,
			policyVersion,
			staleness: (sampleFrom?.newest ?? policyVersion) - policyVersion,
			...learned,
			kl: achievedKl(learned, completionTokens),
			timing: {
				sample: seconds(started, sampledAt),
				reference: seconds(sampledAt, referenceAt),
				learn: seconds(referenceAt, done),
				step: seconds(started, done),
				tokensPerSecond: sampled.tokens / seconds(started, done),
			},
		},
	};
}

const nothing: Pick<StepMetrics, keyof Learned> = {
	...{ entropy: null, gradNorm: null, updates: 0, skipped: "rewards" },
	...{ objective: null, divergence: null, overflow: null },
};

async function learnFrom(
	{ recipe, engine, tokenizer }: StepContext,
	batch: TrainingBatch,
	groups: readonly RolloutGroup[],
	options: LearnOptions,
): Promise<Pick<StepMetrics, keyof Learned>> {
	const reads = needsVocabulary(options.kl);
	const some = reads ? [] : sampleSequences(batch.sequences, recipe.rollout.groupSize);
	const measured = await measureDivergence(engine, some, options.temperature);
	const { overflow, divergence, ...learned } = await learn(engine, recipe, batch, options);
	const where =
		overflow === null ? null : tokenAt(overflow, batch.positions[overflow.sequence], groups, tokenizer);
	return { ...learned, divergence: divergence ?? measured, overflow: where };
}

function achievedKl({ divergence, objective }: Pick<StepMetrics, keyof Learned>, completionTokens: number) {
	return divergence === null ? (objective?.sequenceKl ?? null) : divergence.kl * completionTokens;
}

/** Of each group the first completion, until there are tokens enough: one at least. */
function sampleSequences(sequences: readonly Sequence[], groupSize: number): Sequence[] {
	let tokens = 0;
	return sequences
		.filter((_, b) => b % groupSize === 0)
		.filter(({ tokens: { length } }) => {
			const wanted = tokens < measuredTokens;
			tokens += length;
			return wanted;
		});
}

function tokenAt(
	{ token, logp, reference, sampler }: Overflow,
	position: number,
	groups: readonly RolloutGroup[],
	tokenizer: Tokenizer,
): OverflowedToken {
	const groupSize = groups[0].rollouts.length;
	const { problem, rollouts } = groups[Math.floor(position / groupSize)];
	const completion = position % groupSize;
	const id = rollouts[completion].tokens[token];
	const text = tokenizer.decode(Int32Array.of(id));
	return { problem: problem.id, completion, position: token, token: id, text, logp, reference, sampler };
}

/** Only an in-reward KL on the policy's own log-probs needs them before the update. */
function needsCurrent(kl: KlConfig): boolean {
	return insideReward(kl)?.logprobs === "current";
}

function summary(groups: readonly RolloutGroup[]) {
	const rollouts = groups.flatMap((group) => group.rollouts);
	const rewards = rollouts.flatMap(({ scored }) => ("reward" in scored ? [scored.reward] : []));
	const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
	return {
		reward: rewards.length === 0 ? null : mean(rewards),
		passRate: rewards.length === 0 ? null : mean(rewards.map((r) => (r >= passingReward ? 1 : 0))),
		rewardErrors: rollouts.length - rewards.length,
		completionTokens: mean(rollouts.map(({ tokens }) => tokens.length)),
		stopped: mean(rollouts.map(({ finish }) => (finish === "stop" ? 1 : 0))),
	};
}
