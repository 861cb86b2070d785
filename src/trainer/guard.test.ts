import fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import { guardSchema } from "../recipe/guard-schema.ts";
import { toJsonLine } from "../runs/json-lines.ts";
import { seededRandom } from "../tasks/random.ts";
import { detectCollapse, type GuardOptions, type GuardRecord } from "./guard.ts";
import type { StepMetrics } from "./step.ts";

const options: GuardOptions = guardSchema.parse({});
const steady = { reward: 0.5, entropy: 1, completionTokens: 40, stopped: 1, objective: { k1: 0.1, k3: 0.1 } };

type Fields = Omit<GuardRecord, "step">;

/** So many steps, from 1. */
function run(steps: number, fieldsOf: (step: number) => Partial<Fields>): GuardRecord[] {
	return Array.from({ length: steps }, (_, i) => ({ ...steady, ...fieldsOf(i + 1), step: i + 1 }));
}

/** A steady run whose steps from 21 on have these values. */
const turning = (fields: Partial<Fields>, before: Partial<Fields> = {}) =>
	run(40, (step) => (step <= 20 ? before : fields));

const kl = (k3: number | string, k1: number | string = k3) => ({ objective: { k1, k3 } });

test("metrics of a step are what the guard reads", () => {
	expectTypeOf<StepMetrics>().toExtend<GuardRecord>();
});

test.each<[string, number, string, Partial<Fields>, Partial<Fields>?]>([
	["reward", 24, "reward fell to 0.1, under 50% of its best 0.5", { reward: 0 }],
	["kl", 24, "KL to the reference rose to 1.2 nats a token, over 1", kl(1.5)],
	["kl", 21, "KL to the reference rose to Infinity nats a token, over 1", kl(Infinity, Number.NaN)],
	["kl", 21, "KL to the reference rose to Infinity nats a token, over 1", kl("Infinity", "NaN")],
	["kl", 24, "KL to the reference rose to 1.2 nats a token, over 1", kl("Infinity", -1.5)],
	["entropy-low", 25, "entropy fell to 0.01, under 5% of 1", { entropy: 0.01 }],
	["entropy-high", 22, "entropy rose to 1.7 from 0.2", { entropy: 4 }, { entropy: 0.2 }],
	[
		"short-completions",
		25,
		"completions fell to 4 tokens, under 20% of 40, for no more reward",
		{ completionTokens: 4 },
	],
	[
		"runaway-completions",
		25,
		"only 5% of completions end by themselves, where 60% did",
		{ stopped: 0.05 },
		{ stopped: 0.6 },
	],
])("%s: at step %d, %s", (kind, step, what, fields, before) => {
	expect(detectCollapse(turning(fields, before), options)).toEqual({
		step,
		kinds: [kind],
		reason: `${what} (means of 5 steps)`,
	});
});

test("what comes at once is said at once, and a window of one step is that step", () => {
	expect(detectCollapse(turning({ entropy: 0, stopped: 0 }), options)).toEqual({
		step: 25,
		kinds: ["entropy-low", "runaway-completions"],
		reason:
			"entropy fell to 0, under 5% of 1; only 0% of completions end by themselves, where 100% did (means of 5 steps)",
	});
	expect(detectCollapse(turning(kl(2)), { ...options, window: 1 })).toEqual({
		step: 21,
		kinds: ["kl"],
		reason: "KL to the reference rose to 2 nats a token, over 1",
	});
});

test.each<[string, GuardRecord[]]>([
	["no step", []],
	["fewer steps than a window, however bad", run(4, () => kl(100))],
	["a reward that falls to just half", turning({ reward: 0.25 })],
	["a reward that was never there", turning({ reward: 0 }, { reward: 0.09 })],
	["rewards below 0", turning({ reward: -5 }, { reward: -1 })],
	["one bad step", run(40, (step) => (step === 21 ? { reward: 0, ...kl(3) } : {}))],
	["a KL at its bound", turning(kl(1))],
	["signs of k1 without a KL", turning(kl(0.2, -9))],
	[
		"k3 of another policy's tokens beside a small exact KL",
		turning({ ...kl(90, -9), divergence: { kl: 0.1 } }),
	],
	["an entropy that multiplies from next to nothing", turning({ entropy: 0.9 }, { entropy: 0.01 })],
	["an entropy that rises by a nat from much", turning({ entropy: 4.5 })],
	["certainty where the task is solved", turning({ entropy: 0.01, reward: 0.95 })],
	["certainty where it was", turning({ entropy: 0.01, reward: 0.7 }, { reward: 0.9 })],
	["answers instead of rambling", turning({ completionTokens: 4, reward: 0.6 })],
	["completions that never ended by themselves", turning({ stopped: 0 }, { stopped: 0.4 })],
	[
		"nothing measured",
		run(40, () => ({ reward: null, entropy: null, completionTokens: null, stopped: null, objective: null })),
	],
])("no collapse: %s", (_, history) => {
	expect(detectCollapse(history, options)).toBeNull();
});

test("shares of 0 turn their bounds off", () => {
	const off = { ...options, rewardDrop: 0, entropyLow: 0, lengthLow: 0, stoppedLow: 0 };
	expect(
		detectCollapse(turning({ reward: -1, entropy: 0, completionTokens: 0, stopped: 0 }), off),
	).toBeNull();
});

test("steps without a value are left out of the means and decide nothing", () => {
	const skipped = { entropy: null, objective: null };
	// The only KL of its window decides, as soon as it is in one.
	const late = run(20, (step) => (step === 9 ? kl(2) : skipped));
	expect(detectCollapse(late, options)).toMatchObject({ step: 9, kinds: ["kl"] });
	const word = (step: number) => (step % 2 === 0 ? { reward: "NaN", entropy: "NaN" } : {});
	expect(detectCollapse(run(40, word), options)).toBeNull();
	// The first entropy is that of the first window that has one.
	const entropies = run(40, (step) => (step <= 10 ? skipped : { entropy: step <= 20 ? 1 : 0.01 }));
	expect(detectCollapse(entropies, options)).toMatchObject({ step: 25, kinds: ["entropy-low"] });
});

/** Share of so many completions that pass, by chance. */
function passing(random: { unit(): number }, completions: number, rate: number): number {
	return (
		Array.from({ length: completions }, () => Number(random.unit() < rate)).reduce((a, b) => a + b) /
		completions
	);
}

test("noise is no collapse", () => {
	for (let seed = 0; seed < 20; seed++) {
		const random = seededRandom(seed);
		const even = run(500, () => ({ reward: 0.3 + 0.2 * random.unit() }));
		expect(detectCollapse(even, options)).toBeNull();
		for (const [completions, rate] of [
			[4, 0.3],
			[16, 0.1],
			[128, 0.5],
		]) {
			const history = run(500, () => ({ reward: passing(random, completions, rate) }));
			expect(detectCollapse(history, options)).toBeNull();
		}
	}
});

test("learning is no collapse: more reward, less entropy, shorter answers, further from the reference", () => {
	for (let seed = 0; seed < 20; seed++) {
		const random = seededRandom(seed);
		const noisy = (value: number) => value * (0.8 + 0.4 * random.unit());
		const history = run(400, (step) => {
			const progress = 1 / (1 + Math.exp(-(step - 100) / 30));
			return {
				reward: passing(random, 64, 0.05 + 0.9 * progress),
				entropy: noisy(1.2 - 1.15 * progress),
				completionTokens: noisy(60 - 52 * progress),
				stopped: passing(random, 64, 0.3 + 0.7 * progress),
				...kl(noisy(0.6 * progress)),
			};
		});
		expect(detectCollapse(history, options)).toBeNull();
	}
});

test("a run that has learnt and then collapses is found within two windows", () => {
	for (let seed = 0; seed < 20; seed++) {
		const random = seededRandom(seed);
		const history = run(400, (step) => ({
			reward: passing(random, 128, step <= 300 ? 0.1 + step / 600 : 0.02),
		}));
		const found = detectCollapse(history, options);
		expect(found?.kinds).toEqual(["reward"]);
		expect(found?.step).toBeGreaterThan(300);
		expect(found?.step).toBeLessThanOrEqual(310);
	}
});

const logged = (max: number) =>
	fc.oneof(
		{ weight: 8, arbitrary: fc.double({ min: 0, max, noNaN: true }) },
		fc.constantFrom(null, Number.NaN, Infinity, -Infinity),
	);
const anyHistory = fc
	.array(
		fc.record({
			reward: logged(1),
			entropy: logged(3),
			completionTokens: logged(50),
			stopped: logged(1),
			objective: fc.oneof(
				{ weight: 8, arbitrary: fc.record({ k1: logged(1.05), k3: logged(1.05) }) },
				fc.constant(null),
			),
		}),
		{ maxLength: 40 },
	)
	.map((fields) => fields.map((values, i): GuardRecord => ({ ...values, step: i + 1 })));

test("later steps never change what was found, nor does having been written to a file", () => {
	const window = fc.integer({ min: 1, max: 6 });
	fc.assert(
		fc.property(anyHistory, window, (history, steps) => {
			const guard = { ...options, window: steps };
			const found = detectCollapse(history, guard);
			for (let count = 0; count <= history.length; count++) {
				const soFar = detectCollapse(history.slice(0, count), guard);
				expect(soFar).toEqual(found !== null && count >= found.step ? found : null);
			}
			const read = history.map((record) => JSON.parse(toJsonLine(record)) as GuardRecord);
			expect(detectCollapse(read, guard)).toEqual(found);
		}),
	);
});
