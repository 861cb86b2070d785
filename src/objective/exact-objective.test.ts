import { expect, test } from "vitest";
import type { KlConfig } from "../kl/config.ts";
import {
	addScores,
	enumerateSequences,
	numericalGradient,
	prefixCount,
	sequenceKl,
	sequenceLogProbs,
	sequenceProbability,
	type TabularPolicy,
	type TabularSequence,
} from "../kl/exact.ts";
import type { ObjectiveConfig } from "./config.ts";
import { prepareObjective } from "./prepare.ts";
import { scoreWeights } from "./weigh.ts";

// The whole path from rewards to score weights, in exact expectation over every group of two sequences of different
// lengths (15 x 15 groups), against the gradient of E[reward] - beta KL.

const BETA = 0.3;
const policy = tabular(1);
const reference = tabular(5);
const sequences = enumerateSequences(policy);

function tabular(seed: number): TabularPolicy {
	const logits = new Float64Array(prefixCount(3, 3) * 3).map(
		(_, i) => 1.3 * Math.sin(seed + 12.9898 * (i + 1)),
	);
	return { vocabSize: 3, steps: 3, stopToken: 2, logits };
}

function reward(y: TabularSequence): number {
	return y.tokens.reduce((sum, a, t) => sum + Math.sin(3 * a + 2 * t), 0.5);
}

/** Gradient of E[reward] - beta KL(policy || reference), from the definition. */
const target = numericalGradient(
	policy,
	(moved) =>
		sequences.reduce((sum, y) => sum + sequenceProbability(moved, y) * reward(y), 0) -
		BETA * sequenceKl(moved, reference),
);

function expectedAscent(objective: ObjectiveConfig, kl: KlConfig): Float64Array {
	const gradient = new Float64Array(policy.logits.length);
	for (const first of sequences) {
		for (const second of sequences) {
			const group = [first, second];
			const logp = group.map((y) => sequenceLogProbs(policy, y));
			const sampler = Float64Array.from(logp.flatMap((l) => Array.from(l)));
			const batch = {
				offsets: Int32Array.of(0, logp[0].length, sampler.length),
				sampler,
				current: sampler,
				reference: Float64Array.from(group.flatMap((y) => Array.from(sequenceLogProbs(reference, y)))),
				rewards: Float64Array.from(group, reward),
				groupSize: 2,
			};
			const prepared = prepareObjective(batch, objective, kl);
			const probability = group.reduce((p, y) => p * sequenceProbability(policy, y), 1);
			for (const [b, y] of group.entries()) {
				addScores(gradient, policy, y, scoreWeights(prepared, b, logp[b]), probability);
			}
		}
	}
	return gradient;
}

function largestDifference(a: Float64Array, b: Float64Array): number {
	return Math.max(...a.map((x, i) => Math.abs(x - b[i])));
}

const clip = { kind: "ppo-clip", epsilonLow: 0.2, epsilonHigh: 0.28 } as const;

for (const credit of ["sequence", "reward-to-go"] as const) {
	const kl = { place: "reward", estimator: "k1", credit, beta: BETA, logprobs: "sampler" } as const;

	test(`rloo and plain REINFORCE with k1 in reward, credit ${credit}, follow E[reward] - beta KL exactly`, () => {
		for (const advantage of ["rloo", "reinforce"] as const) {
			for (const surrogate of [{ kind: "reinforce" } as const, clip]) {
				const got = expectedAscent({ advantage, surrogate, aggregation: "sequence-sum" }, kl);
				expect(largestDifference(got, target)).toBeLessThan(1e-9);
			}
		}
	});

	test(`the policy's own log-probs in place of the sampler's, credit ${credit}: the same on-policy`, () => {
		const objective = { advantage: "rloo", surrogate: clip, aggregation: "sequence-sum" } as const;
		const got = expectedAscent(objective, { ...kl, logprobs: "current" });
		expect(largestDifference(got, target)).toBeLessThan(1e-9);
	});

	test(`dr-grpo with credit ${credit} shrinks reward and KL alike, by 1 - 1/n`, () => {
		const objective = { advantage: "dr-grpo", surrogate: clip, aggregation: "sequence-sum" } as const;
		const halved = target.map((g) => g / 2);
		expect(largestDifference(expectedAscent(objective, kl), halved)).toBeLessThan(1e-9);
	});

	test(`a fixed length of L with credit ${credit} is the sequence sum over L`, () => {
		const aggregation = { kind: "fixed-length", length: 4 } as const;
		const got = expectedAscent({ advantage: "rloo", surrogate: clip, aggregation }, kl);
		expect(
			largestDifference(
				got,
				target.map((g) => g / 4),
			),
		).toBeLessThan(1e-9);
	});
}

test("token credit and token-mean follow something else", () => {
	const kl = { place: "reward", estimator: "k1", credit: "token", beta: BETA, logprobs: "sampler" } as const;
	const token = expectedAscent({ advantage: "rloo", surrogate: clip, aggregation: "sequence-sum" }, kl);
	expect(largestDifference(token, target)).toBeGreaterThan(1e-2);
	const mean = expectedAscent(
		{ advantage: "rloo", surrogate: clip, aggregation: "token-mean" },
		{ ...kl, credit: "sequence" },
	);
	expect(largestDifference(mean, target)).toBeGreaterThan(1e-2);
});

test("k1 in loss: the expected update is the one without a KL", () => {
	const objective = { advantage: "rloo", surrogate: clip, aggregation: "sequence-sum" } as const;
	const noise = expectedAscent(objective, { place: "loss", estimator: "k1", beta: BETA });
	expect(largestDifference(noise, expectedAscent(objective, { place: "none" }))).toBeLessThan(1e-12);
});
