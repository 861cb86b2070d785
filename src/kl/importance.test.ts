import fc from "fast-check";
import { expect, test } from "vitest";
import { effectiveSampleSize, IMPORTANCES, importanceWeights } from "./importance.ts";

const logp = Float64Array.of(Math.log(0.5), Math.log(0.2), Math.log(0.9));
const sampler = Float64Array.of(Math.log(0.25), Math.log(0.4), Math.log(0.3));

test("weights by hand: ratios 2, 1/2 and 3", () => {
	const of = (importance: (typeof IMPORTANCES)[number]) => {
		const { weights } = importanceWeights(importance, logp, sampler);
		return Array.from(weights, (w) => Number(w.toFixed(12)));
	};
	expect(of("none")).toEqual([1, 1, 1]);
	expect(of("token")).toEqual([2, 0.5, 3]);
	expect(of("prefix")).toEqual([2, 1, 3]);
	expect(of("sequence")).toEqual([3, 3, 3]);
});

test("bounds hold or mask what is outside, and say so", () => {
	const bounds = { low: 0.6, high: 2.5 };
	const clipped = importanceWeights("token", logp, sampler, { ...bounds, by: "clip" });
	expect(Array.from(clipped.weights, (w) => Number(w.toFixed(12)))).toEqual([2, 0.6, 2.5]);
	expect(clipped.free).toEqual([true, false, false]);
	const masked = importanceWeights("token", logp, sampler, { ...bounds, by: "mask" });
	expect(Array.from(masked.weights, (w) => Number(w.toFixed(12)))).toEqual([2, 0, 0]);
});

test("on-policy every weight is 1, whatever the bounds", () => {
	fc.assert(
		fc.property(
			fc.array(fc.double({ min: -30, max: 0, noNaN: true }), { minLength: 1, maxLength: 6 }),
			fc.constantFrom(...IMPORTANCES),
			fc.constantFrom<"clip" | "mask">("clip", "mask"),
			(values, importance, by) => {
				const same = Float64Array.from(values);
				const { weights } = importanceWeights(importance, same, same, { low: 1, high: 1, by });
				expect(Array.from(weights)).toEqual(values.map(() => 1));
			},
		),
	);
});

test("no importance is no importance: a bound does not touch it, and nothing moves it", () => {
	const { weights, free } = importanceWeights("none", logp, sampler, { low: 1, high: 1, by: "mask" });
	expect([Array.from(weights), free]).toEqual([
		[1, 1, 1],
		[false, false, false],
	]);
});

test("the effective sample size of equal weights is their number, of one that outweighs all is 1", () => {
	expect(effectiveSampleSize([2, 2, 2, 2])).toBe(4);
	expect(effectiveSampleSize([1e9, 1, 1])).toBeCloseTo(1, 6);
	expect(effectiveSampleSize([0, 0])).toBe(0);
	expect(effectiveSampleSize([1, 3])).toBeCloseTo(16 / 10, 12);
});
