import { forwardK, k1, k3 } from "../kl/estimators.ts";
import { effectiveSampleSize } from "../kl/importance.ts";
import { tokensOf } from "./batch.ts";
import type { PreparedObjective } from "./prepare.ts";
import { surrogateTerms } from "./surrogates.ts";
import { batchLoss, type SequenceOutputs, weigh } from "./weigh.ts";

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
	/** Effective sample size of the tokens' importance weights w_t over their number; 1 on-policy. */
	readonly tokenEss: number;
	/** The same of the completions' W_1:T, and the largest of them. */
	readonly sequenceEss: number;
	readonly largestSequenceRatio: number;
	/** Share of tokens that a bound of the surrogate holds: their weight is 0, or their ratio that of the bound. */
	readonly clippedLow: number;
	readonly clippedHigh: number;
	/** Share of tokens whose log-ratio a clamp of the KL cuts off; 0 without one. */
	readonly clamped: number;
	/** Share of the sum of |score weight| that the heaviest 1% of tokens carry (at least one token). */
	readonly topWeightShare: number;
	readonly tokens: number;
}

/**
 * @param outputs fresh ones of every sequence, in order, [B]
 * @throws ThaliaError `shape-mismatch`
 */
export function objectiveDiagnostics(
	prepared: PreparedObjective,
	outputs: readonly SequenceOutputs[],
): ObjectiveDiagnostics {
	const { batch, advantages, objective, kl } = prepared;
	const loss = batchLoss(prepared, outputs);
	const flat = Float64Array.from(outputs.flatMap(({ logprobs }) => Array.from(logprobs)));
	const weights = Float64Array.from(
		outputs.flatMap((output, b) => Array.from(weigh(prepared, b, output).logprobs)),
	);
	const toReference = flat.map((l, i) => l - batch.reference[i]);
	const toSampler = flat.map((l, i) => l - batch.sampler[i]);
	const ofSequences = Float64Array.from(outputs, (_, b) => Math.exp(sum(tokensOf(batch, toSampler, b))));
	const held = outputs.flatMap(({ logprobs }, b) => {
		const of = (values: typeof advantages) => tokensOf(batch, values, b);
		const sampler = tokensOf(batch, batch.sampler, b);
		return surrogateTerms(objective.surrogate, of(advantages), logprobs, sampler).held;
	});
	const share = (of: readonly unknown[], wanted: unknown) =>
		of.length === 0 ? 0 : of.filter((x) => x === wanted).length / of.length;
	const { logRatio = Infinity } = (kl.place === "none" ? undefined : kl.clamp) ?? {};
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
		tokenEss: effectiveSampleSize(toSampler.map(Math.exp)) / Math.max(1, flat.length),
		sequenceEss: effectiveSampleSize(ofSequences) / Math.max(1, ofSequences.length),
		largestSequenceRatio: ofSequences.reduce((most, w) => Math.max(most, w), 0),
		clippedLow: share(held, "low"),
		clippedHigh: share(held, "high"),
		clamped: mean(toReference.map((u) => (Math.abs(u) > logRatio ? 1 : 0))),
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
