import { expect, test } from "vitest";
import { assignCredit, type Credit } from "./credit.ts";
import { type Estimator, klDerivatives, klValues } from "./estimators.ts";
import {
	enumerateSequences,
	expectedGradient,
	localForwardKlGradient,
	localReverseKlGradient,
	numericalGradient,
	prefixCount,
	sequenceKl,
	sequenceKlGradient,
	sequenceLogProbs,
	sequenceProbability,
	type TabularPolicy,
	type TabularSequence,
} from "./exact.ts";

// The on-policy table of KL configurations, by exact enumeration of all sequences of 3 tokens x 3 steps.

function tabular(seed: number, stopToken: number | null): TabularPolicy {
	const logits = new Float64Array(prefixCount(3, 3) * 3).map(
		(_, i) => 1.3 * Math.sin(seed + 12.9898 * (i + 1)),
	);
	return { vocabSize: 3, steps: 3, stopToken, logits };
}

function inReward(policy: TabularPolicy, reference: TabularPolicy, estimator: Estimator, credit: Credit) {
	return expectedGradient(policy, (y) =>
		assignCredit(credit, klValues(estimator, sequenceLogProbs(policy, y), sequenceLogProbs(reference, y))),
	);
}

function inLoss(policy: TabularPolicy, reference: TabularPolicy, estimator: Estimator) {
	return expectedGradient(policy, (y) =>
		klDerivatives(estimator, sequenceLogProbs(policy, y), sequenceLogProbs(reference, y)),
	);
}

function largestDifference(a: Float64Array, b: Float64Array): number {
	expect(a.length).toBe(b.length);
	return Math.max(...a.map((x, i) => Math.abs(x - b[i])));
}

const plus = (a: Float64Array, b: Float64Array) => a.map((x, i) => x + b[i]);
const minus = (a: Float64Array, b: Float64Array) => a.map((x, i) => x - b[i]);
const EXACT = 1e-12;
const CLEARLY_DIFFERENT = 1e-2;

for (const [name, stopToken] of [
	["3 steps", null],
	["up to 3 steps, with a stop token", 2],
] as const) {
	const policy = tabular(1, stopToken);
	const reference = tabular(5, stopToken);
	const exact = sequenceKlGradient(policy, reference);
	const reverse = localReverseKlGradient(policy, reference);
	const forward = localForwardKlGradient(policy, reference);
	const zero = new Float64Array(exact.length);

	test(`${name}: the sequences are all there, and their KL and its gradient are what the definition says`, () => {
		const sequences = enumerateSequences(policy);
		expect(sequences.length).toBe(stopToken === null ? 27 : 15);
		const mean = (f: (y: TabularSequence) => number) =>
			sequences.reduce((sum, y) => sum + sequenceProbability(policy, y) * f(y), 0);
		expect(mean(() => 1)).toBeCloseTo(1, 14);
		const logRatio = (y: TabularSequence) =>
			Math.log(sequenceProbability(policy, y) / sequenceProbability(reference, y));
		expect(mean(logRatio)).toBeCloseTo(sequenceKl(policy, reference), 13);
		const numerical = numericalGradient(policy, (moved) => sequenceKl(moved, reference));
		expect(largestDifference(exact, numerical)).toBeLessThan(1e-9);
	});

	test(`${name}: the three targets differ, so that the rows below can tell them apart`, () => {
		expect(largestDifference(exact, reverse)).toBeGreaterThan(CLEARLY_DIFFERENT);
		expect(largestDifference(exact, forward)).toBeGreaterThan(CLEARLY_DIFFERENT);
		expect(largestDifference(reverse, forward)).toBeGreaterThan(CLEARLY_DIFFERENT);
	});

	test(`${name}: k1 in reward is exact with sequence credit and with reward-to-go`, () => {
		expect(largestDifference(inReward(policy, reference, "k1", "sequence"), exact)).toBeLessThan(EXACT);
		expect(largestDifference(inReward(policy, reference, "k1", "reward-to-go"), exact)).toBeLessThan(EXACT);
	});

	test(`${name}: k1 in reward with token credit, and k2 in loss, follow the local reverse KL`, () => {
		expect(largestDifference(inReward(policy, reference, "k1", "token"), reverse)).toBeLessThan(EXACT);
		expect(largestDifference(inLoss(policy, reference, "k2"), reverse)).toBeLessThan(EXACT);
	});

	test(`${name}: k1 in loss is nothing but noise`, () => {
		expect(largestDifference(inLoss(policy, reference, "k1"), zero)).toBeLessThan(EXACT);
	});

	test(`${name}: k3 in loss follows the local forward KL`, () => {
		expect(largestDifference(inLoss(policy, reference, "k3"), forward)).toBeLessThan(EXACT);
	});

	test(`${name}: k3 in reward misses the sequence KL by exactly the local forward KL`, () => {
		const k3 = inReward(policy, reference, "k3", "sequence");
		expect(largestDifference(k3, minus(exact, forward))).toBeLessThan(EXACT);
		expect(largestDifference(k3, exact)).toBeGreaterThan(CLEARLY_DIFFERENT);
	});

	test(`${name}: k2 in reward is none of the three`, () => {
		const k2 = inReward(policy, reference, "k2", "sequence");
		for (const target of [exact, reverse, forward]) {
			expect(largestDifference(k2, target)).toBeGreaterThan(CLEARLY_DIFFERENT);
		}
	});

	test(`${name}: k1 in both places, and k3 in both places, are exact`, () => {
		for (const estimator of ["k1", "k3"] as const) {
			const both = plus(
				inReward(policy, reference, estimator, "sequence"),
				inLoss(policy, reference, estimator),
			);
			expect(largestDifference(both, exact)).toBeLessThan(EXACT);
		}
	});
}
