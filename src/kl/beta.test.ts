import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../tasks/random.ts";
import {
	type AdaptiveBeta,
	type Beta,
	betaAt,
	describeBeta,
	initialBeta,
	type MatchedBeta,
	nextBeta,
	validateBeta,
} from "./beta.ts";

const adaptive: AdaptiveBeta = { kind: "adaptive", initial: 0.05, target: 8 };
const matched: MatchedBeta = { kind: "matched", initial: 0.05, trace: [0, 1, 2] };

test("a number is the strength of every step, whatever the KL", () => {
	expect(initialBeta(0.05)).toBe(0.05);
	expect(betaAt(0.05, 7, 10, 0.3)).toBe(0.05);
	expect(nextBeta(0.05, 7, 0.05, 100)).toBe(0.05);
});

test.each([
	["linear", [0.4, 0.3, 0.2, 0.1, 0]],
	["cosine", [0.4, 0.4 * (0.5 + Math.SQRT1_2 / 2), 0.2, 0.4 * (0.5 - Math.SQRT1_2 / 2), 0]],
] as const)("%s over the whole run", (kind, strengths) => {
	const beta: Beta = { kind, from: 0.4, to: 0 };
	expect(initialBeta(beta)).toBe(0.4);
	for (const [i, strength] of strengths.entries()) {
		expect(betaAt(beta, i + 1, 5, 9)).toBeCloseTo(strength, 15);
	}
});

test("a schedule over some steps stays where it ends; a run of one step is its start", () => {
	const beta: Beta = { kind: "linear", from: 0, to: 0.3, steps: 4 };
	expect([1, 4, 5, 100].map((step) => betaAt(beta, step, 100, 0))).toEqual([0, 0.3, 0.3, 0.3]);
	expect(betaAt({ kind: "cosine", from: 0.1, to: 0.2 }, 1, 1, 0)).toBe(0.1);
	expect([1, 2].map((step) => betaAt({ ...beta, steps: 1 }, step, 100, 0))).toEqual([0, 0.3]);
});

test("a schedule starts and ends exactly, lies between and never turns back", () => {
	const strength = fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1e9, noNaN: true }));
	const kind = fc.constantFrom("linear" as const, "cosine" as const);
	fc.assert(
		fc.property(kind, strength, strength, fc.integer({ min: 2, max: 50 }), (name, from, to, steps) => {
			const beta: Beta = { kind: name, from, to };
			const all = Array.from({ length: steps + 2 }, (_, i) => betaAt(beta, i + 1, steps, 0));
			expect(all[0]).toBe(from);
			expect(all.slice(steps - 1)).toEqual([to, to, to]);
			const slack = 1e-15 * Math.max(from, to);
			for (const [i, b] of all.slice(1).entries()) {
				expect((b - all[i]) * Math.sign(to - from)).toBeGreaterThanOrEqual(-slack);
			}
		}),
	);
});

test("the adaptive controller is Ziegler et al.'s equation", () => {
	expect(initialBeta(adaptive)).toBe(0.05);
	expect(betaAt(adaptive, 3, 10, 0.07)).toBe(0.07);
	expect(nextBeta(adaptive, 1, 0.05, 8)).toBe(0.05);
	expect(nextBeta(adaptive, 1, 0.05, 8.8)).toBeCloseTo(0.05 * 1.01, 15);
	expect(nextBeta(adaptive, 1, 0.05, 1e308)).toBeCloseTo(0.05 * 1.02, 15);
	expect(nextBeta(adaptive, 1, 0.05, -3)).toBeCloseTo(0.05 * 0.98, 15);
	expect(nextBeta({ ...adaptive, gain: 0.5, bound: 1 }, 1, 0.05, 12)).toBeCloseTo(0.05 * 1.25, 15);
});

test.each([null, Number.NaN, Infinity, -Infinity])("a KL of %s changes nothing", (achieved) => {
	for (const beta of [adaptive, matched]) expect(nextBeta(beta, 2, 0.07, achieved)).toBe(0.07);
});

test("matched aims at the trace's value of the same step, and at its last one after its end", () => {
	expect(nextBeta(matched, 2, 0.05, 1.5)).toBeCloseTo(0.05 * 1.25, 15);
	for (const step of [3, 4, 100]) expect(nextBeta(matched, step, 0.05, 2)).toBe(0.05);
});

test("a target of 0 is no division by 0", () => {
	expect(nextBeta(matched, 1, 0.05, 0)).toBe(0.05);
	expect(nextBeta(matched, 1, 0.05, 0.02)).toBeCloseTo(0.05 * 1.1, 15);
	expect(nextBeta(matched, 1, 0.05, -0.02)).toBeCloseTo(0.05 * 0.9, 15);
});

test("under a controller beta is finite, positive and within a thousandfold of its start, whatever the KL", () => {
	const size = fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true });
	const control = fc
		.record({ gain: size, bound: size })
		.filter(({ gain, bound }) => gain * bound < 1)
		.chain((both) => fc.constantFrom({}, both));
	const trace = fc.array(fc.oneof(fc.constant(0), size), { minLength: 1, maxLength: 5 });
	const controller = fc.oneof(
		fc.tuple(size, size, control).map(
			([initial, target, c]): Beta => ({
				...{ kind: "adaptive", initial, target },
				...c,
			}),
		),
		fc.tuple(size, trace, control).map(
			([initial, kls, c]): Beta => ({
				...{ kind: "matched", initial, trace: kls },
				...c,
			}),
		),
	);
	const achieved = fc.array(fc.oneof(fc.double(), fc.constant(null)), { maxLength: 60 });
	fc.assert(
		fc.property(controller, achieved, fc.integer({ min: 1, max: 40 }), (beta, kls, times) => {
			validateBeta(beta);
			const initial = initialBeta(beta);
			let current = initial;
			for (const [i, kl] of Array.from({ length: times }, () => kls)
				.flat()
				.entries()) {
				current = nextBeta(beta, i + 1, current, kl);
				if (!(Number.isFinite(current) && current > 0 && current / 1000 <= initial))
					throw new Error(`beta ${current}`);
			}
		}),
	);
});

/** A policy whose KL goes to gain / (0.02 + beta), `lag` steps behind; what is measured of it is noisy. */
function follow(beta: Beta, steps: number, { gain = 1, lag = 0, noise = 0.05, seed = 1 } = {}): number[] {
	const random = seededRandom(seed);
	let current = initialBeta(beta);
	let kl = 0;
	return Array.from({ length: steps }, (_, i) => {
		const strength = betaAt(beta, i + 1, steps, current);
		kl += (gain / (0.02 + strength) - kl) / (1 + lag);
		current = nextBeta(beta, i + 1, current, kl * (1 + noise * (2 * random.unit() - 1)));
		return kl;
	});
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

test.each([
	[8, 0],
	[8, 5],
	[2, 0],
	[30, 5],
])("adaptive comes within 3%% of a target of %d nats, %d steps of lag", (target, lag) => {
	for (const seed of [1, 2, 3]) {
		const achieved = follow({ ...adaptive, target }, 600, { lag, seed });
		expect(Math.abs(mean(achieved.slice(-100)) / target - 1)).toBeLessThan(0.03);
	}
});

test.each([
	["as strong", 1],
	["three times as strong", 3],
	["a third as strong", 1 / 3],
])("matched follows a trace that changes within 10%% on average, where the same beta is %s", (_, gain) => {
	const trace = Array.from({ length: 300 }, (__, i) => 6 * (1 - Math.exp(-i / 30)) + 2 * Math.sin(i / 40));
	for (const seed of [1, 2, 3]) {
		const errors = follow({ ...matched, trace }, 300, { gain, lag: 2, seed }).map((kl, i) =>
			Math.abs(kl / trace[i] - 1),
		);
		// What is left out is the way from the initial beta, which need not suit.
		expect(mean(errors.slice(30))).toBeLessThan(0.1);
	}
});

test.each<Beta>([
	0,
	0.05,
	{ kind: "linear", from: 0, to: 0 },
	{ kind: "cosine", from: 0.1, to: 0, steps: 1 },
	adaptive,
	{ ...adaptive, gain: 0.9, bound: 1 },
	matched,
])("accepts %j", (beta) => {
	validateBeta(beta);
});

const notNegative = "a finite number >= 0";
const positive = "a finite number > 0";
test.each([
	["kl.beta", notNegative, -0.1],
	["kl.beta", notNegative, Number.NaN],
	["kl.beta", notNegative, "0.1"],
	["kl.beta", notNegative, null],
	["kl.beta", notNegative, undefined],
	["kl.beta.kind", 'one of "linear", "cosine", "adaptive", "matched"', { kind: "step" }],
	["kl.beta.kind", 'one of "linear", "cosine", "adaptive", "matched"', {}],
	["kl.beta.from", notNegative, { kind: "linear", from: -0.1, to: 0 }],
	["kl.beta.to", notNegative, { kind: "linear", from: 0.1, to: -0.1 }],
	["kl.beta.to", notNegative, { kind: "cosine", from: 0.1 }],
	["kl.beta.steps", "a whole number >= 1", { kind: "linear", from: 0.1, to: 0, steps: 0 }],
	["kl.beta.steps", "a whole number >= 1", { kind: "linear", from: 0.1, to: 0, steps: 1.5 }],
	["kl.beta.initial", positive, { ...adaptive, initial: 0 }],
	["kl.beta.initial", positive, { ...matched, initial: Infinity }],
	["kl.beta.target", positive, { ...adaptive, target: 0 }],
	["kl.beta.gain", positive, { ...adaptive, gain: 0 }],
	["kl.beta.bound", positive, { ...matched, bound: Number.NaN }],
	["kl.beta.gain x kl.beta.bound", "a product below 1", { ...adaptive, gain: 1, bound: 1 }],
	["kl.beta.trace", "the KL of at least one step", { ...matched, trace: [] }],
	["kl.beta.trace", "the KL of at least one step", { ...matched, trace: undefined }],
	["kl.beta.trace[1]", notNegative, { ...matched, trace: [0, -1] }],
	["kl.beta.trace[0]", notNegative, { ...matched, trace: [Number.NaN] }],
])("refuses %s that is not %s: %j", (subject, what, beta) => {
	expect(() => validateBeta(beta as unknown as Beta)).toThrow(
		expect.objectContaining({
			code: "kl-config-invalid",
			message: expect.stringContaining(`Expected ${what} for ${subject} but received`) as string,
		}) as Error,
	);
});

test.each<[Beta, string]>([
	[0.05, "0.05"],
	[0.1 + 0.2, "0.3"],
	[{ kind: "linear", from: 0.1, to: 0 }, "0.1 to 0 (linear)"],
	[{ kind: "cosine", from: 0, to: 0.05, steps: 40 }, "0 to 0.05 (cosine, 40 steps)"],
	[adaptive, "adaptive, 8 nats a completion"],
	[matched, "matched to a trace of 3 steps"],
])("describes %j", (beta, words) => {
	expect(describeBeta(beta)).toBe(words);
});
