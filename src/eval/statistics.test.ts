import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../tasks/random.ts";
import { bootstrapInterval, meanAtK, pairedDifference, passAtK } from "./statistics.ts";

/** The share of all ways to choose k of n completions, c of them right, that hold a right one. */
function passByEnumeration(n: number, c: number, k: number): number {
	let ways = 0;
	let passed = 0;
	for (let chosen = 0; chosen < 2 ** n; chosen++) {
		let size = 0;
		for (let bits = chosen; bits > 0; bits >>= 1) size += bits & 1;
		if (size !== k) continue;
		ways++;
		if ((chosen & (2 ** c - 1)) !== 0) passed++;
	}
	return passed / ways;
}

describe("pass@k", () => {
	test("is what counting every choice gives", () => {
		for (let n = 1; n <= 9; n++)
			for (let c = 0; c <= n; c++)
				for (let k = 1; k <= n; k++)
					expect(passAtK(n, c, k), `n ${n} c ${c} k ${k}`).toBeCloseTo(passByEnumeration(n, c, k), 12);
	});

	test("known values", () => {
		// 1 - C(7,5)/C(10,5) = 1 - 21/252
		expect(passAtK(10, 3, 5)).toBeCloseTo(11 / 12, 14);
		expect(passAtK(8, 8, 8)).toBe(1);
		expect(passAtK(8, 0, 8)).toBe(0);
		// No overflow where the binomials are past any double: 1 - (1 - 1e-3)^1000 nearly, without replacement.
		expect(passAtK(1_000_000, 1000, 1000)).toBeCloseTo(0.6325, 3);
		// One right one among n is drawn with chance k / n.
		expect(passAtK(100_000, 1, 250)).toBeCloseTo(0.0025, 12);
	});

	test("is c / n for one draw, grows with c and k, and treats right and drawn alike", () => {
		const cases = fc.integer({ min: 2, max: 200 }).chain((n) =>
			fc.record({
				n: fc.constant(n),
				c: fc.integer({ min: 0, max: n - 1 }),
				k: fc.integer({ min: 1, max: n - 1 }),
			}),
		);
		fc.assert(
			fc.property(cases, ({ n, c, k }) => {
				expect(passAtK(n, c, 1)).toBeCloseTo(c / n, 12);
				expect(passAtK(n, c + 1, k)).toBeGreaterThanOrEqual(passAtK(n, c, k));
				expect(passAtK(n, c, k + 1)).toBeGreaterThanOrEqual(passAtK(n, c, k));
				if (c > 0) expect(passAtK(n, c, k)).toBeCloseTo(passAtK(n, k, c), 12);
			}),
		);
	});

	test("is unbiased: its mean over samples is the chance itself", () => {
		const [n, k, p] = [6, 3, 0.3];
		let average = 0;
		let ways = 1;
		for (let c = 0; c <= n; c++) {
			average += ways * p ** c * (1 - p) ** (n - c) * passAtK(n, c, k);
			ways = (ways * (n - c)) / (c + 1);
		}
		expect(average).toBeCloseTo(1 - (1 - p) ** k, 14);
	});

	test.each([
		[0, 0, 1, "n"],
		[4, 5, 1, "c"],
		[4, -1, 1, "c"],
		[4, 1.5, 1, "c"],
		[4, 1, 5, "k"],
		[4, 1, 0, "k"],
		[Number.NaN, 1, 1, "n"],
	])("refuses n %s, c %s, k %s", (n, c, k, name) => {
		expect(() => passAtK(n, c, k)).toThrow(
			new RegExp(`^Expected a whole number from .* for ${name} of pass@k`),
		);
	});
});

test("mean@k is the mean reward, and needs rewards", () => {
	expect(meanAtK([1, 0, 0, 1, 1, 0, 1, 1])).toBe(0.625);
	expect(() => meanAtK([])).toThrow("at least one for the rewards of mean@k");
	expect(() => meanAtK([1, Number.NaN])).toThrow("finite numbers for the rewards of mean@k, number 1");
});

describe("bootstrap", () => {
	test("finds the exact resampling distribution of three values", () => {
		// The 27 resamples of 0, 1, 5 have sums 0, 1, 2, 3, 5, 6, 7, 10, 11, 15 in 1, 3, 3, 1, 3, 6, 3, 3, 3, 1 ways;
		// the shares up to each are 1, 4, 7, 8, 11, 17, 20, 23, 26, 27 of 27.
		const at = (level: number) => bootstrapInterval([0, 1, 5], { level, resamples: 40_000, seed: 3 });
		// Lower tail 5 % is above 1/27 and below 4/27; upper 95 % between 23/27 and 26/27.
		expect(at(0.9)).toEqual({ estimate: 2, low: 1 / 3, high: 11 / 3, level: 0.9 });
		// 20 % lies between 4/27 and 7/27; 80 % between 20/27 and 23/27.
		expect(at(0.6)).toEqual({ estimate: 2, low: 2 / 3, high: 10 / 3, level: 0.6 });
		// 1 % is within the first, 99 % within the last.
		expect(at(0.98)).toEqual({ estimate: 2, low: 0, high: 5, level: 0.98 });
	});

	test("has the width of the normal interval where that holds", () => {
		const values = Array.from({ length: 400 }, (_, i) => (i < 120 ? 1 : 0));
		const { estimate, low, high } = bootstrapInterval(values, { seed: 1 });
		const half = 1.96 * Math.sqrt((0.3 * 0.7) / 400);
		expect(estimate).toBeCloseTo(0.3, 14);
		expect(Math.abs(low - (0.3 - half))).toBeLessThan(0.004);
		expect(Math.abs(high - (0.3 + half))).toBeLessThan(0.004);
	});

	test("covers the truth about as often as it says", () => {
		const random = seededRandom(11);
		const truth = 0.4;
		let covered = 0;
		for (let trial = 0; trial < 400; trial++) {
			const values = Array.from({ length: 60 }, () => (random.unit() < truth ? 1 : 0));
			const { low, high } = bootstrapInterval(values, { seed: trial, resamples: 400, level: 0.9 });
			if (low <= truth && truth <= high) covered++;
		}
		// Standard error of the share over 400 trials: 0.015.
		expect(covered / 400).toBeGreaterThan(0.85);
		expect(covered / 400).toBeLessThan(0.95);
	});

	test("a problem is the unit: more completions of the same problems make it no narrower", () => {
		const problems = Array.from({ length: 50 }, (_, i) => i % 2);
		const width = (values: number[]) => {
			const { low, high } = bootstrapInterval(values, { resamples: 2000 });
			return high - low;
		};
		const eightEach = problems.map((p) => meanAtK(Array.from({ length: 8 }, () => p)));
		expect(width(eightEach)).toBe(width(problems));
		expect(width(problems.flatMap((p) => Array.from({ length: 8 }, () => p)))).toBeLessThan(
			width(problems) / 2,
		);
	});

	const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 20 });
	const options = fc.record({ seed: fc.integer(), resamples: fc.constant(200), level: fc.constant(0.9) });

	test("is reproducible, ordered, within the values, and moves and scales with them", () => {
		fc.assert(
			fc.property(values, options, (v, o) => {
				const interval = bootstrapInterval(v, o);
				expect(bootstrapInterval(Float64Array.from(v), o)).toEqual(interval);
				expect(interval.low).toBeLessThanOrEqual(interval.high);
				expect(interval.low).toBeGreaterThanOrEqual(Math.min(...v));
				expect(interval.high).toBeLessThanOrEqual(Math.max(...v));
				const moved = bootstrapInterval(
					v.map((x) => 4 * x + 10),
					o,
				);
				expect(moved.low).toBeCloseTo(4 * interval.low + 10, 8);
				expect(moved.high).toBeCloseTo(4 * interval.high + 10, 8);
			}),
		);
	});

	test("other seeds draw other resamples", () => {
		const v = Array.from({ length: 30 }, (_, i) => Math.sin(i));
		const low = (seed: number) => bootstrapInterval(v, { seed, resamples: 100 }).low;
		expect(low(1)).not.toBe(low(2));
	});

	test("a paired difference changes sign with the order, and is surer than its parts", () => {
		const random = seededRandom(5);
		const before = Array.from({ length: 100 }, () => random.unit());
		const after = before.map((b) => b + 0.1 + 0.02 * random.unit());
		const gain = pairedDifference(before, after);
		const loss = pairedDifference(after, before);
		expect(gain.estimate).toBeCloseTo(meanAtK(after) - meanAtK(before), 12);
		expect(loss.low).toBeCloseTo(-gain.high, 12);
		expect(loss.high).toBeCloseTo(-gain.low, 12);
		expect(gain.low).toBeGreaterThan(0.1);
		const alone = bootstrapInterval(before);
		expect(gain.high - gain.low).toBeLessThan((alone.high - alone.low) / 10);
		expect(pairedDifference(before, before)).toMatchObject({ estimate: 0, low: 0, high: 0 });
	});

	test("one value has an interval of no width", () => {
		expect(bootstrapInterval([0.5])).toEqual({ estimate: 0.5, low: 0.5, high: 0.5, level: 0.95 });
	});

	test.each([
		[[], {}, "at least one"],
		[[1, Infinity], {}, "finite numbers"],
		[[1], { level: 1 }, "between 0 and 1"],
		[[1], { level: Number.NaN }, "between 0 and 1"],
		[[1], { resamples: 0 }, "whole number from 1"],
		[[1], { seed: 0.5 }, "whole number for a seed"],
	])("refuses %j %j", (bad, o, message) => {
		expect(() => bootstrapInterval(bad, o)).toThrow(message);
	});

	test("refuses problems that do not pair", () => {
		expect(() => pairedDifference([1, 2], [1])).toThrow("as many values after as before (2)");
		expect(() => pairedDifference([Number.NaN], [1])).toThrow("finite numbers for the values before");
	});
});
