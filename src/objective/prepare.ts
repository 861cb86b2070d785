import { expected } from "../errors.ts";
import { insideReward, type KlConfig, type SampledInReward, validateKlConfig } from "../kl/config.ts";
import { assignCredit, total } from "../kl/credit.ts";
import { klValues } from "../kl/estimators.ts";
import type { LogProbs } from "../kl/log-probs.ts";
import { centreCosts, sequenceAdvantages, whiten } from "./advantages.ts";
import { aggregationScales } from "./aggregation.ts";
import { type TokenBatch, tokensOf, validateBatch } from "./batch.ts";
import { type ObjectiveConfig, validateObjective } from "./config.ts";

/** All of the objective that is settled before the policy's fresh log-probs are known. */
export interface PreparedObjective {
	readonly batch: TokenBatch;
	readonly objective: ObjectiveConfig;
	readonly kl: KlConfig;
	/** A_t per token, with an in-reward KL folded in that the surrogate acts on, [N]. */
	readonly advantages: Float64Array;
	/** An in-reward KL's cost per token, beta included, that no surrogate acts on, [N]; null where there is none. */
	readonly costs: Float64Array | null;
	/** Aggregation factor per sequence, [B]. */
	readonly scales: Float64Array;
}

/**
 * Rewards to per-token advantages, the in-reward KL included:
 * - normalisation "before": r_b - beta sum_t k_t goes through the group baseline (and GRPO's division) as one reward, as
 *   TRL's RLOO has it;
 * - "after": the advantage of the task's reward, then minus beta times each token's credit, itself centred position by
 *   position where the baseline is a mean (`centreCosts`) or by the batch's mean, and never divided by a standard
 *   deviation (FRPO, arXiv 2601.10201).
 * A KL with an importance of its own is in none of these: it is weighed at the fresh log-probs, beside the surrogate.
 * With rloo both expect the gradient of E[r] - beta KL where the estimator does, and a first token has the same
 * advantage under "sequence" and "reward-to-go".
 * @throws ThaliaError `kl-config-invalid`, `objective-config-invalid`, `batch-invalid`, `shape-mismatch`
 */
export function prepareObjective(
	batch: TokenBatch,
	objective: ObjectiveConfig,
	kl: KlConfig,
): PreparedObjective {
	validateBatch(batch);
	validateObjective(objective, batch.groupSize);
	validateKlConfig(kl);
	const scales = aggregationScales(objective.aggregation, batch.offsets);
	const prepared = { batch, objective, kl, scales, costs: null };
	const inside = insideReward(kl);
	if (inside === null) return { ...prepared, advantages: advantagesOf(batch, objective, batch.rewards) };
	const values = klValues(inside.estimator, ...logProbsOf(batch, inside), inside.clamp);
	if (inside.normalisation === "before") {
		const shaped = batch.rewards.map((r, b) => r - inside.beta * total(tokensOf(batch, values, b)));
		return { ...prepared, advantages: advantagesOf(batch, objective, shaped) };
	}
	const advantages = advantagesOf(batch, objective, batch.rewards);
	const costs = costsOf(batch, objective, inside, values);
	if (inside.clip === "outside") return { ...prepared, advantages, costs };
	return { ...prepared, advantages: advantages.map((a, i) => a - costs[i]) };
}

/** The same for some of the sequences: one of several updates that are made of a batch. @param chosen of the batch */
export function selectSequences(prepared: PreparedObjective, chosen: readonly number[]): PreparedObjective {
	const { batch, objective, kl, costs } = prepared;
	const offsets = new Int32Array(chosen.length + 1);
	chosen.forEach((b, i) => (offsets[i + 1] = offsets[i] + batch.offsets[b + 1] - batch.offsets[b]));
	const pick = <T extends LogProbs>(values: T): T => {
		const picked = values.slice(0, offsets[chosen.length]) as T;
		chosen.forEach((b, i) => {
			picked.set(tokensOf(batch, values, b), offsets[i]);
		});
		return picked;
	};
	return {
		objective,
		kl,
		batch: {
			offsets,
			sampler: pick(batch.sampler),
			reference: pick(batch.reference),
			...(batch.current === undefined ? {} : { current: pick(batch.current) }),
			rewards: Float64Array.from(chosen, (b) => batch.rewards[b]),
			groupSize: batch.groupSize,
		},
		advantages: pick(prepared.advantages),
		costs: costs === null ? null : pick(costs),
		scales: aggregationScales(objective.aggregation, offsets),
	};
}

/** Per token, [N]. */
function advantagesOf(
	batch: TokenBatch,
	{ advantage }: ObjectiveConfig,
	rewards: Float64Array,
): Float64Array {
	const tokens = spread(sequenceAdvantages(advantage, rewards, batch.groupSize), batch.offsets);
	return advantage === "reinforce++" ? whiten(tokens) : tokens;
}

function costsOf(
	batch: TokenBatch,
	{ advantage }: ObjectiveConfig,
	{ credit, discount, beta, centre }: SampledInReward,
	values: Float64Array,
): Float64Array {
	const credited = new Float64Array(values.length);
	for (let b = 0; b < batch.rewards.length; b++) {
		credited.set(assignCredit(credit, tokensOf(batch, values, b), discount), batch.offsets[b]);
	}
	if (centre === "group") {
		return centreCosts(advantage, credited, batch.offsets, batch.groupSize).map((c) => beta * c);
	}
	const mean = total(credited) / Math.max(1, credited.length);
	return credited.map((c) => beta * (c - mean));
}

/** Of the policy, and of the one it is held to. */
function logProbsOf(batch: TokenBatch, { logprobs, to }: SampledInReward): [LogProbs, LogProbs] {
	const other = to === "sampler" ? batch.sampler : batch.reference;
	if (logprobs === "sampler") return [batch.sampler, other];
	if (batch.current !== undefined) return [batch.current, other];
	throw expected(
		"batch-invalid",
		"the policy's log-probs",
		'batch.current with kl.logprobs "current"',
		undefined,
		'Evaluate the policy before the update, or use kl.logprobs "sampler".',
	);
}

/** One number per sequence, [B], repeated for each of its tokens, [N]. */
function spread(values: Float64Array, offsets: Int32Array): Float64Array {
	const tokens = new Float64Array(offsets[values.length]);
	for (const [b, value] of values.entries()) tokens.fill(value, offsets[b], offsets[b + 1]);
	return tokens;
}
