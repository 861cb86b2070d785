import type { Engine, Sequence, StepOptions, TokenOutputs } from "../engine/engine.ts";
import { type KlConfig, needsVocabulary, outsideReward } from "../kl/config.ts";
import type { KlWeights } from "../kl/weights.ts";
import { type ObjectiveDiagnostics, objectiveDiagnostics } from "../objective/diagnostics.ts";
import { findOverflow, type Overflow } from "../objective/overflow.ts";
import { prepareObjective, selectSequences } from "../objective/prepare.ts";
import { batchLoss, weigh } from "../objective/weigh.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { seededRandom } from "../tasks/random.ts";
import type { TrainingBatch } from "./token-batch.ts";

/** What a step makes of its batch: one update, or several. */
export interface Learned {
	/** Mean over tokens, nats. */
	readonly entropy: number | null;
	/** Before clipping; mean over the updates. */
	readonly gradNorm: number | null;
	/** Optimiser steps that changed the policy. */
	readonly updates: number;
	/** Why there was none. */
	readonly skipped: "loss" | "gradient" | null;
	/** Of the whole batch, each sequence as it was weighed last. */
	readonly objective: ObjectiveDiagnostics;
	/** Full-vocabulary KLs to the reference, where the KL reads them: of every token. */
	readonly divergence: Divergence | null;
	/** The token at which a log-ratio left what numbers can hold, by its sequence in the batch. */
	readonly overflow: Overflow | null;
}

/** Means over tokens, nats. */
export interface Divergence {
	/** KL(policy || reference). */
	readonly kl: number;
	/** KL(reference || policy). */
	readonly reverse: number;
	/** Tokens that they are means over. */
	readonly tokens: number;
}

export interface LearnOptions {
	readonly kl: KlConfig;
	readonly learningRate: number;
	/** Of the order in which several updates take the groups. */
	readonly seed: number;
	/** Temperature of all log-probs. */
	readonly temperature: number;
}

/** Learns from a batch. An update whose loss or gradient is not finite leaves the policy as it was. */
export async function learn(
	engine: Engine,
	{ objective, optimizer, train }: ResolvedRecipe,
	batch: TrainingBatch,
	{ kl, learningRate, seed, temperature }: LearnOptions,
): Promise<Learned> {
	const prepared = prepareObjective(batch.tokens, objective, kl);
	const latest: TokenOutputs[] = [];
	const gradNorms: number[] = [];
	let updates = 0;
	let skipped: Learned["skipped"] = null;
	let overflow: Overflow | null = null;
	for (const chosen of updatesOf(batch, train, seed)) {
		const part = chosen.length === batch.sequences.length ? prepared : selectSequences(prepared, chosen);
		const sequences = chosen.map((b) => batch.sequences[b]);
		const outputs = await accumulate(engine, kl, sequences, temperature, (b, fresh) => weigh(part, b, fresh));
		outputs.forEach((output, i) => (latest[chosen[i]] = output));
		const made = await update(engine, batchLoss(part, outputs), {
			learningRate,
			maxGradNorm: optimizer.maxGradNorm,
		});
		if (made.gradNorm !== null) gradNorms.push(made.gradNorm);
		if (made.skipped === null) {
			updates++;
			continue;
		}
		skipped = made.skipped;
		const found = findOverflow(part, outputs);
		overflow ??= found === null ? null : { ...found, sequence: chosen[found.sequence] };
	}
	if (updates > 0) await engine.publish();
	return {
		entropy: mean(latest.flatMap(({ entropy }) => Array.from(entropy))),
		gradNorm: gradNorms.length === 0 ? null : mean(gradNorms),
		updates,
		skipped: updates > 0 ? null : skipped,
		objective: objectiveDiagnostics(prepared, latest),
		divergence: divergenceOf(latest),
		overflow,
	};
}

/** An optimiser step with what is accumulated, unless the loss is not finite. */
async function update(
	engine: Engine,
	loss: number,
	options: StepOptions,
): Promise<{ gradNorm: number | null; skipped: Learned["skipped"] }> {
	if (!Number.isFinite(loss)) {
		await engine.discard();
		return { gradNorm: null, skipped: "loss" };
	}
	const { gradNorm, applied } = await engine.step(options);
	return { gradNorm, skipped: applied ? null : "gradient" };
}

/**
 * One forward and backward pass over some sequences.
 * @param kl says what of the vocabulary is needed
 * @param weightsOf the ascent direction of the b-th of them
 */
export function accumulate(
	engine: Engine,
	kl: KlConfig,
	sequences: readonly Sequence[],
	temperature: number,
	weightsOf: (b: number, fresh: TokenOutputs) => KlWeights,
): Promise<TokenOutputs[]> {
	const outside = outsideReward(kl);
	const topK = outside.place === "loss" ? outside.topK : undefined;
	return engine.accumulate(
		sequences,
		(fresh, indices) =>
			fresh.map((outputs, i) => {
				const { logprobs, divergence } = weightsOf(indices[i], outputs);
				return {
					logprobs: Float32Array.from(logprobs, (c) => -c),
					...(divergence === null ? {} : { divergence: Float32Array.from(divergence, (d) => -d) }),
				};
			}),
		{
			temperature,
			...(needsVocabulary(kl) ? { divergence: topK === undefined ? {} : { topK } } : {}),
		},
	);
}

/** Full-vocabulary KLs of some tokens, for the record alone. */
export async function measureDivergence(
	engine: Engine,
	sequences: readonly Sequence[],
	temperature: number,
): Promise<Divergence | null> {
	if (!engine.capabilities.fullVocabularyKl || sequences.length === 0) return null;
	return divergenceOf(await engine.divergences(sequences, { temperature }));
}

function divergenceOf(
	outputs: readonly { readonly divergence?: Float32Array; readonly reverseDivergence?: Float32Array }[],
): Divergence | null {
	const kl = outputs.flatMap(({ divergence }) => Array.from(divergence ?? []));
	const reverse = outputs.flatMap(({ reverseDivergence }) => Array.from(reverseDivergence ?? []));
	return kl.length === 0 ? null : { kl: mean(kl), reverse: mean(reverse), tokens: kl.length };
}

/** Sequences of each update in turn: whole groups, in a new order for every pass that is made in parts. */
function updatesOf(
	{ sequences, tokens: { groupSize } }: TrainingBatch,
	{ epochs, minibatches }: ResolvedRecipe["train"],
	seed: number,
): number[][] {
	const groups = Array.from({ length: sequences.length / groupSize }, (_, g) => g);
	const parts = Math.min(minibatches, groups.length);
	const random = seededRandom(seed);
	return Array.from({ length: epochs }, () => {
		const order = parts === 1 ? groups : shuffle(groups, (low, high) => random.int(low, high));
		return Array.from({ length: parts }, (_, p) =>
			order
				.slice(Math.round((p * groups.length) / parts), Math.round(((p + 1) * groups.length) / parts))
				.flatMap((g) => Array.from({ length: groupSize }, (__, i) => g * groupSize + i)),
		);
	}).flat();
}

/** Fisher and Yates. @param int a whole number from low to high */
function shuffle(items: readonly number[], int: (low: number, high: number) => number): number[] {
	const order = items.slice();
	for (let i = order.length - 1; i > 0; i--) {
		const j = int(0, i);
		[order[i], order[j]] = [order[j], order[i]];
	}
	return order;
}

function mean(values: readonly number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}
