import fc from "fast-check";
import { expect, test } from "vitest";
import { mcnemar } from "./mcnemar.ts";

const pairs = (both: number, onlyBefore: number, onlyAfter: number) => {
	const of = (...counts: [number, boolean][]) =>
		counts.flatMap(([count, passed]) => Array<boolean>(count).fill(passed));
	return mcnemar(
		of([both, true], [onlyBefore, true], [onlyAfter, false]),
		of([both, true], [onlyBefore, false], [onlyAfter, true]),
	);
};

// min(1, 2 sum_{i <= least} C(n, i) / 2^n) in exact fractions (Python's).
test.each([
	[0, 0, 1],
	[0, 1, 1],
	[1, 9, 0.021484375],
	[10, 20, 0.09873714670538904],
	[40, 40, 1],
	[50, 150, 8.393020875604761e-13],
	[900, 1100, 8.457089535503927e-6],
])("%i against %i", (onlyBefore, onlyAfter, p) => {
	const result = pairs(7, onlyBefore, onlyAfter);
	expect(result).toMatchObject({ onlyBefore, onlyAfter });
	expect(Math.abs(result.p / p - 1)).toBeLessThan(1e-9);
});

test("it does not matter which of the two comes first, nor what both passed", () => {
	fc.assert(
		fc.property(fc.nat(60), fc.nat(60), fc.nat(60), (both, a, b) => {
			expect(pairs(both, a, b).p).toBe(pairs(0, b, a).p);
			expect(pairs(both, a, b).p).toBeLessThanOrEqual(1);
		}),
	);
});

test("refuses verdicts that are no pairs", () => {
	expect(() => mcnemar([true], [])).toThrow(expect.objectContaining({ code: "statistics-invalid" }));
});
