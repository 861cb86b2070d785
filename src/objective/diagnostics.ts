import { forwardK, k1, k3 } from "../kl/estimators.ts";
import type { LogProbs } from "../kl/log-probs.ts";
import type { PreparedObjective } from "./prepare.ts";
import { clipSide } from "./surrogates.ts";
import { batchLoss, scoreWeights } from "./weigh.ts";

/** What one update looked like. Means over no token are 0. KL values in nats. */
export interface ObjectiveDiagnostics {
	readonly loss: number;
	/** Mean task reward over sequences. */
	readonly reward: number;
	/** Share of groups whose task rewards are all equal: they teach nothing but their KL. */
	readonly flatGroups: number;
	/** Mean advantage over tokens, and mean of its absolute value. */
	readonly advantage: number;
	readonly advantageSize: number;
	/** Mean over tokens of k1 = log pi - log ref: the KL to the reference, unbiased on-policy, noisy. */
	readonly k1: number;
	/** Mean over tokens of k3: the same KL, never negative, of unbounded variance far from the reference. */
	readonly k3: number;
	/** Mean over tokens of an estimate of the local KL(ref || pi), the other direction. */
	readonly forwardKl: number;
	/** Mean over sequences of sum_t k1: the KL per completion. */
	readonly sequenceKl: number;
	/** Mean over tokens of k3 between sampler and policy, KL(mu || pi): how far the policy left the sampler. */
	readonly samplerKl: number;
	/** Largest exp(|log pi - log mu|) over tokens; 1 on-policy. */
	readonly largestRatio: number;
	/** Share of tokens whose weight a bound of PPO's clip has set to 0; 0 without the clip. */
	readonly clippedLow: number;
	readonly clippedHigh: number;
	/** Share of the sum of |score weight| that the heaviest 1% of tokens carry (at least one token). */
	readonly topWeightShare: number;
	readonly tokens: number;
}

/**
 * @param logp fresh log-probs of every sequence, in order, nats, [B] of [T_b]
 * @throws ThaliaError `shape-mismatch`
 */
export function objectiveDiagnostics(
	prepared: PreparedObjective,
	logp: readonly LogProbs[],
): ObjectiveDiagnostics {
	const { batch, advantages, objective } = prepared;
	const loss = batchLoss(prepared, logp);
	const flat = Float64Array.from(logp.flatMap((l) => Array.from(l)));
	const weights = Float64Array.from(logp.flatMap((l, b) => Array.from(scoreWeights(prepared, b, l))));
	const toReference = flat.map((l, i) => l - batch.reference[i]);
	const toSampler = flat.map((l, i) => l - batch.sampler[i]);
	const { surrogate } = objective;
	const clipped = (side: "low" | "high") =>
		surrogate.kind === "reinforce"
			? 0
			: mean(
					toSampler.map((r, i) =>
						clipSide(advantages[i], r, surrogate.epsilonLow, surrogate.epsilonHigh) === side ? 1 : 0,
					),
				);
	return {
		loss,
		reward: mean(batch.rewards),
		flatGroups: flatGroups(batch.rewards, batch.groupSize),
		advantage: mean(advantages),
		advantageSize: mean(advantages.map(Math.abs)),
		k1: mean(toReference.map(k1)),
		k3: mean(toReference.map(k3)),
		forwardKl: mean(toReference.map(forwardK)),
		sequenceKl: sum(toReference) / batch.rewards.length,
		samplerKl: mean(toSampler.map((r) => k3(-r))),
		largestRatio: Math.exp(toSampler.reduce((most, r) => Math.max(most, Math.abs(r)), 0)),
		clippedLow: clipped("low"),
		clippedHigh: clipped("high"),
		topWeightShare: topShare(weights),
		tokens: flat.length,
	};
}

/** Share of the sum of |w| in its largest 1% (at least one entry); 0 where all are 0. */
export function topShare(weights: Float64Array): number {
	const sizes = weights.map(Math.abs).sort();
	const all = sum(sizes);
	return all === 0 ? 0 : sum(sizes.subarray(sizes.length - Math.ceil(sizes.length / 100))) / all;
}

function flatGroups(rewards: Float64Array, groupSize: number): number {
	const groups = rewards.length / groupSize;
	let flat = 0;
	for (let first = 0; first < rewards.length; first += groupSize) {
		if (rewards.subarray(first, first + groupSize).every((r) => r === rewards[first])) flat++;
	}
	return flat / groups;
}

function mean(values: Float64Array): number {
	return values.length === 0 ? 0 : sum(values) / values.length;
}

function sum(values: Float64Array): number {
	return values.reduce((total, value) => total + value, 0);
}
