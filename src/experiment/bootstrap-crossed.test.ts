import { describe, expect, test } from "vitest";
import { bootstrapInterval } from "../eval/statistics.ts";
import { seededRandom } from "../tasks/random.ts";
import { type CrossedOptions, crossedInterval } from "./bootstrap-crossed.ts";

const random = seededRandom(11);
const normal = () => Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());

/** Values whose mean is 0, as seeds and problems of these standard deviations make them. */
function drawn(
	seeds: number,
	problems: number,
	ofSeed: number,
	ofProblem: number,
	noise: number,
): number[][] {
	const effects = Array.from({ length: problems }, () => ofProblem * normal());
	return Array.from({ length: seeds }, () => {
		const effect = ofSeed * normal();
		return effects.map((own) => effect + own + noise * normal());
	});
}

/** Share of intervals that hold the true mean. */
function coverage(make: () => number[][], options: CrossedOptions = {}): number {
	const repeats = 400;
	let held = 0;
	for (let i = 0; i < repeats; i++) {
		const { low, high } = crossedInterval(make(), { resamples: 400, ...options })!;
		if (low <= 0 && 0 <= high) held++;
	}
	return held / repeats;
}

describe("the interval holds the mean as often as it says", () => {
	test.each([
		["as much between seeds as between problems", 5, 40, 0.05, 0.3, 0.3],
		["most of it between seeds", 5, 40, 0.3, 0.1, 0.1],
		["three seeds, most of it between them", 3, 40, 0.3, 0.1, 0.1],
		["most of it between problems", 5, 40, 0.01, 0.3, 0.1],
	])("%s", (_, seeds, problems, ofSeed, ofProblem, noise) => {
		const held = coverage(() => drawn(seeds, problems, ofSeed, ofProblem, noise));
		expect(held).toBeGreaterThan(0.91);
		expect(held).toBeLessThan(0.995);
	});

	test("it would not, were few seeds taken for many, or problems alone resampled", () => {
		const make = () => drawn(3, 40, 0.3, 0.1, 0.1);
		expect(coverage(make, { widened: false })).toBeLessThan(0.85);
		let held = 0;
		for (let i = 0; i < 200; i++) {
			const rows = make();
			const means = rows[0].map((__, p) => (rows[0][p] + rows[1][p] + rows[2][p]) / 3);
			const { low, high } = bootstrapInterval(means, { resamples: 400 });
			if (low <= 0 && 0 <= high) held++;
		}
		expect(held / 200).toBeLessThan(0.4);
	});
});

test("one seed is the bootstrap over problems", () => {
	const [row] = drawn(1, 60, 0, 1, 0);
	const crossed = crossedInterval([row], { resamples: 4000 })!;
	const plain = bootstrapInterval(row, { resamples: 4000 });
	expect(crossed).toMatchObject({ estimate: plain.estimate, seeds: 1, problems: 60, level: 0.95 });
	expect(Math.abs(crossed.low - plain.low)).toBeLessThan(0.03);
	expect(Math.abs(crossed.high - plain.high)).toBeLessThan(0.03);
});

test("missing values are left out: the mean is of what each seed has", () => {
	const rows = [
		[1, null, 0, 1],
		[null, null, null, null],
		[0, null, null, 0],
	];
	const interval = crossedInterval(rows)!;
	expect(interval).toMatchObject({ estimate: 1 / 3, seeds: 2, problems: 3 });
	expect(interval.low).toBeLessThan(1 / 3);
	expect(interval.high).toBeGreaterThan(1 / 3);
	expect(crossedInterval([])).toBeNull();
	expect(crossedInterval([[null]])).toBeNull();
	expect(crossedInterval([[]])).toBeNull();
});

test("the same values give the same interval, within its bounds", () => {
	const rows = drawn(4, 30, 1, 1, 1);
	expect(crossedInterval(rows)).toEqual(crossedInterval(rows));
	expect(crossedInterval(rows, { seed: 1 })).not.toEqual(crossedInterval(rows));
	expect(crossedInterval(rows, { bounds: [-0.1, 0.1] })).toMatchObject({ low: -0.1, high: 0.1 });
	const equal = crossedInterval([
		[0.25, 0.25],
		[0.25, 0.25],
	]);
	expect(equal).toMatchObject({ estimate: 0.25, low: 0.25, high: 0.25 });
});

test("seeds of other problems, and what is no number, are refused", () => {
	expect(() => crossedInterval([[1, 2], [1]])).toThrow("Expected 2 problems for each seed");
	expect(() => crossedInterval([[1, NaN]])).toThrow("finite numbers or null");
});
