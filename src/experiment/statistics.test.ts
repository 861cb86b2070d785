import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { holm } from "./holm.ts";
import { pairedT } from "./paired-t.ts";
import { studentQuantile, twoSidedTail } from "./student-t.ts";

interface Golden {
	readonly tails: readonly { t: number; df: number; p: number }[];
	readonly quantiles: readonly { q: number; df: number; t: number }[];
	readonly paired: readonly Record<"before" | "after", number[]>[] &
		readonly Record<"t" | "p" | "low" | "high", number>[];
	readonly holm: readonly { p: number[]; adjusted: number[] }[];
}
const golden = JSON.parse(readFileSync(new URL("statistics.golden.json", import.meta.url), "utf8")) as Golden;

function close(value: number, wanted: number, relative = 1e-10): void {
	expect(Math.abs(value - wanted)).toBeLessThanOrEqual(relative * Math.abs(wanted) + 1e-300);
}

describe("Student's t", () => {
	test("its tails are SciPy's", () => {
		expect(golden.tails.length).toBeGreaterThan(40);
		for (const { t, df, p } of golden.tails) close(twoSidedTail(t, df), p);
	});

	test("its quantiles are SciPy's", () => {
		for (const { q, df, t } of golden.quantiles) {
			if (q === 0.5) expect(Math.abs(studentQuantile(q, df))).toBeLessThan(1e-12);
			else close(studentQuantile(q, df), t, 1e-9);
			if (q !== 0.5) close(studentQuantile(1 - q, df), -t, 1e-9);
		}
	});

	test("one degree of freedom is Cauchy's distribution, two have a square root", () => {
		for (const t of [0.1, 1, 3, 50]) {
			close(twoSidedTail(t, 1), 1 - (2 * Math.atan(t)) / Math.PI);
			close(twoSidedTail(-t, 2), 1 - t / Math.sqrt(2 + t * t));
		}
		expect(twoSidedTail(Infinity, 3)).toBe(0);
	});

	test("what is no number of its is refused", () => {
		expect(() => twoSidedTail(1, 0)).toThrow("degrees of freedom");
		expect(() => twoSidedTail(NaN, 1)).toThrow("for t");
		expect(() => studentQuantile(1, 3)).toThrow("a quantile");
	});
});

describe("the paired t test", () => {
	test("is SciPy's", () => {
		expect(golden.paired.map(({ before }) => before.length)).toEqual([2, 3, 5, 20]);
		for (const { before, after, p, low, high } of golden.paired) {
			const result = pairedT(after.map((value, i) => value - before[i]))!;
			close(result.p!, p, 1e-8);
			close(result.low, low, 1e-8);
			close(result.high, high, 1e-8);
		}
	});

	test("one pair tells nothing, and neither do equal differences", () => {
		expect(pairedT([])).toBeNull();
		expect(pairedT([0.3])).toBeNull();
		expect(pairedT([0, 0, 0])).toEqual({ mean: 0, p: null, low: 0, high: 0, n: 3 });
		expect(pairedT([0.1, 0.1, 0.1])).toMatchObject({ p: null });
		expect(pairedT([-0.1, 0.1])).toMatchObject({ mean: 0, p: 1 });
		expect(() => pairedT([1, NaN])).toThrow("finite numbers");
	});
});

describe("Holm's adjustment", () => {
	test("a worked example: 3 x 0.01, 2 x 0.03, and what is smaller than one before is as large as that", () => {
		const adjusted = holm([0.04, 0.01, 0.03]);
		[0.06, 0.03, 0.06].forEach((wanted, i) => close(adjusted[i], wanted));
	});

	test("is statsmodels'", () => {
		for (const { p, adjusted } of golden.holm) holm(p).forEach((value, i) => close(value, adjusted[i]));
	});

	test("none, equal ones, and what is no p value", () => {
		expect(holm([])).toEqual([]);
		expect(holm([0.5, 0.5, 1])).toEqual([1, 1, 1]);
		expect(() => holm([0.5, 1.5])).toThrow("p values");
		expect(() => holm([NaN])).toThrow("p values");
	});
});
