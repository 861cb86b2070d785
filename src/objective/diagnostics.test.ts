import { expect, test } from "vitest";
import { objectiveDiagnostics, topShare } from "./diagnostics.ts";
import { prepareObjective } from "./prepare.ts";

const ln2 = Math.log(2);

// Two groups of two; in nats and powers of two, so that every figure below can be worked out by hand.
const batch = {
	offsets: Int32Array.of(0, 2, 3, 4, 4),
	sampler: Float64Array.of(-1, -1 - ln2, -1, -1 - ln2),
	reference: Float64Array.of(-1 - ln2, -1, -1, -1 + ln2),
	rewards: Float64Array.of(1, 0, 1, 1),
	groupSize: 2,
};
const outputs = [
	Float64Array.of(-1, -1),
	Float64Array.of(-1 - ln2),
	Float64Array.of(-1),
	new Float64Array(0),
].map((logprobs) => ({ logprobs }));
const surrogate = { kind: "ppo-clip", epsilonLow: 0.2, epsilonHigh: 0.28 } as const;
const objective = { advantage: "rloo", surrogate, aggregation: "sequence-sum" } as const;

test("every figure of a batch worked out by hand", () => {
	const got = objectiveDiagnostics(prepareObjective(batch, objective, { place: "none" }), outputs);
	// u = [ln 2, 0, -ln 2, -ln 2], ratio to the sampler [1, 2, 1/2, 2], A = [1, 1, -1, 0]
	const want = {
		loss: -(1 + 1.28 - 0.8 + 0) / 4,
		reward: 3 / 4,
		flatGroups: 1 / 2,
		advantage: 1 / 4,
		advantageSize: 3 / 4,
		k1: -ln2 / 4,
		k3: (0.5 - 1 + ln2 + 2 * (2 - 1 - ln2)) / 4,
		forwardKl: (0.5 * -ln2 - 0.5 + 1 + 2 * (2 * ln2 - 2 + 1)) / 4,
		sequenceKl: -ln2 / 4,
		samplerKl: (2 * (2 - 1 - ln2) + (0.5 - 1 + ln2)) / 4,
		largestRatio: 2,
		// Tokens [1, 2, 1/2, 2], completions [2, 1/2, 2, 1].
		tokenEss: 5.5 ** 2 / 9.25 / 4,
		sequenceEss: 5.5 ** 2 / 9.25 / 4,
		largestSequenceRatio: 2,
		clippedLow: 1 / 4,
		clippedHigh: 1 / 4,
		clamped: 0,
		topWeightShare: 1,
		tokens: 4,
	};
	expect(Object.keys(got)).toEqual(Object.keys(want));
	for (const [key, value] of Object.entries(want))
		expect(got[key as keyof typeof got], key).toBeCloseTo(value, 14);
});

test("REINFORCE clips nothing, and a batch without tokens has means of 0", () => {
	const plain = { ...objective, surrogate: { kind: "reinforce" } } as const;
	const got = objectiveDiagnostics(prepareObjective(batch, plain, { place: "none" }), outputs);
	expect([got.clippedLow, got.clippedHigh]).toEqual([0, 0]);
	const none = new Float64Array(0);
	const empty = { ...batch, offsets: new Int32Array(5), sampler: none, reference: none };
	const silent = objectiveDiagnostics(prepareObjective(empty, plain, { place: "none" }), [
		...Array.from({ length: 4 }, () => ({ logprobs: none })),
	]);
	expect(silent).toMatchObject({
		loss: 0,
		k1: 0,
		k3: 0,
		advantage: 0,
		topWeightShare: 0,
		largestRatio: 1,
		tokens: 0,
	});
});

test("the share of the heaviest weights is between even and all", () => {
	expect(topShare(new Float64Array(0))).toBe(0);
	expect(topShare(new Float64Array(5))).toBe(0);
	expect(topShare(new Float64Array(300).fill(-2))).toBeCloseTo(3 / 300, 12);
	expect(topShare(Float64Array.of(0, 0, -7, 0))).toBe(1);
});
