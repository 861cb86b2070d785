import type { Engine, TokenOutputs } from "../engine/engine.ts";
import { passingReward } from "../eval/evaluate.ts";
import type { Tokenizer } from "../formats/tokenizer.ts";
import { insideReward } from "../kl/config.ts";
import { type ObjectiveDiagnostics, objectiveDiagnostics } from "../objective/diagnostics.ts";
import { prepareObjective } from "../objective/prepare.ts";
import { scoreWeights } from "../objective/weigh.ts";
import { learningRateAt } from "../recipe/fields.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { type RolloutGroup, sampleGroups } from "../rollout/collect.ts";
import type { Task } from "../tasks/task.ts";
import { sequenceOf, type TrainingBatch, trainingBatch } from "./token-batch.ts";

/** Phases of a step, in order. */
export type Phase = "sampling" | "scoring" | "learning";

/** Why a step changed nothing: a loss or gradient that is not finite, or no group that could be scored. */
export type SkipReason = "loss" | "gradient" | "rewards";

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
	/** Before clipping. */
	readonly gradNorm: number | null;
	readonly learningRate: number;
	readonly skipped: SkipReason | null;
	/** Of the policy that sampled. */
	readonly policyVersion: number;
	readonly objective: ObjectiveDiagnostics | null;
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
	readonly task: Task;
	readonly onPhase?: (phase: Phase, tokens: number) => void;
}

/** Samples, scores and learns once. @param step from 1 */
export async function trainStep(context: StepContext, step: number): Promise<StepResult> {
	const { recipe, engine, tokenizer, task, onPhase } = context;
	const { rollout, optimizer } = recipe;
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
			sampling: { temperature, topK, topP, minP, maxTokens, seed },
			rewardTimeoutMs: rollout.rewardTimeoutSeconds * 1000,
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
		engine.evaluate(all, "reference"),
		needsCurrent(recipe) ? engine.evaluate(all, "policy") : undefined,
	]);
	const referenceAt = performance.now();
	onPhase?.("learning", sampled.tokens);
	const batch = trainingBatch(groups, groupSize, reference, current);
	const learningRate = learningRateAt(optimizer, step - 1, recipe.train.steps);
	const learned = batch === undefined ? nothing : await learn(context, batch, learningRate);
	const done = performance.now();
	const seconds = (from: number, to: number) => (to - from) / 1000;
	return {
		groups,
		metrics: {
			step,
			...summary(groups),
			droppedGroups: groups.length - (batch?.sequences.length ?? 0) / groupSize,
			learningRate,
			policyVersion: sampled.completions[0].policyVersion,
			...learned,
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

type Learned = Pick<StepMetrics, "entropy" | "gradNorm" | "skipped" | "objective">;
const nothing: Learned = { entropy: null, gradNorm: null, skipped: "rewards", objective: null };

/** One update. A loss or gradient that is not finite leaves the policy as it was. */
async function learn(
	{ recipe, engine }: StepContext,
	batch: TrainingBatch,
	learningRate: number,
): Promise<Learned> {
	const prepared = prepareObjective(batch.tokens, recipe.objective, recipe.kl);
	const outputs = await engine.accumulate(batch.sequences, (fresh, indices) =>
		fresh.map(({ logprobs }, i) => ({
			logprobs: Float32Array.from(scoreWeights(prepared, indices[i], logprobs), (c) => -c),
		})),
	);
	const objective = objectiveDiagnostics(prepared, outputs);
	const entropy = meanEntropy(outputs);
	if (!Number.isFinite(objective.loss)) {
		await engine.discard();
		return { entropy, gradNorm: null, skipped: "loss", objective };
	}
	const { gradNorm, applied } = await engine.step({
		learningRate,
		maxGradNorm: recipe.optimizer.maxGradNorm,
	});
	if (applied) await engine.publish();
	return { entropy, gradNorm, skipped: applied ? null : "gradient", objective };
}

/** Only an in-reward KL on the policy's own log-probs needs them before the update. */
function needsCurrent({ kl }: ResolvedRecipe): boolean {
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

function meanEntropy(outputs: readonly TokenOutputs[]): number {
	let sum = 0;
	let count = 0;
	for (const { entropy } of outputs) {
		for (const value of entropy) sum += value;
		count += entropy.length;
	}
	return sum / count;
}
