import { expected } from "../errors.ts";
import { insideReward, type KlConfig, type SampledInReward, validateKlConfig } from "../kl/config.ts";
import { assignCredit, total } from "../kl/credit.ts";
import { klValues } from "../kl/estimators.ts";
import type { LogProbs } from "../kl/log-probs.ts";
import { centreCosts, sequenceAdvantages } from "./advantages.ts";
import { aggregationScales } from "./aggregation.ts";
import { type TokenBatch, tokensOf, validateBatch } from "./batch.ts";
import { type ObjectiveConfig, validateObjective } from "./config.ts";

/** All of the objective that is settled before the policy's fresh log-probs are known. */
export interface PreparedObjective {
	readonly batch: TokenBatch;
	readonly objective: ObjectiveConfig;
	readonly kl: KlConfig;
	/** A_t per token with an in-reward KL folded in, [N]. */
	readonly advantages: Float64Array;
	/** Aggregation factor per sequence, [B]. */
	readonly scales: Float64Array;
}

/**
 * Rewards to per-token advantages, the in-reward KL included:
 * - credit "sequence": r_b - beta sum_t k_t goes through the group baseline (and GRPO's division) as one reward, as
 *   TRL's RLOO has it;
 * - "reward-to-go" and "token": the group baseline of the task reward, then minus beta times each token's credit,
 *   itself centred position by position where the baseline is a mean (`centreCosts`), and never divided by a
 *   standard deviation: added after normalisation, as FRPO (arXiv 2601.10201).
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
	const inside = insideReward(kl);
	const advantages =
		inside === null ? taskAdvantages(batch, objective) : klAdvantages(batch, objective, inside);
	return {
		batch,
		objective,
		kl,
		advantages,
		scales: aggregationScales(objective.aggregation, batch.offsets),
	};
}

function taskAdvantages(batch: TokenBatch, objective: ObjectiveConfig): Float64Array {
	return spread(sequenceAdvantages(objective.advantage, batch.rewards, batch.groupSize), batch.offsets);
}

function klAdvantages(batch: TokenBatch, objective: ObjectiveConfig, kl: SampledInReward): Float64Array {
	const values = klValues(kl.estimator, rewardLogProbs(batch, kl), batch.reference);
	if (kl.credit === "sequence") {
		const shaped = batch.rewards.map((r, b) => r - kl.beta * total(tokensOf(batch, values, b)));
		return spread(sequenceAdvantages(objective.advantage, shaped, batch.groupSize), batch.offsets);
	}
	const credit = new Float64Array(values.length);
	for (let b = 0; b < batch.rewards.length; b++) {
		credit.set(assignCredit(kl.credit, tokensOf(batch, values, b), kl.discount), batch.offsets[b]);
	}
	const cost = centreCosts(objective.advantage, credit, batch.offsets, batch.groupSize);
	return taskAdvantages(batch, objective).map((a, i) => a - kl.beta * cost[i]);
}

function rewardLogProbs(batch: TokenBatch, kl: SampledInReward): LogProbs {
	if (kl.logprobs === "sampler") return batch.sampler;
	if (batch.current !== undefined) return batch.current;
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
