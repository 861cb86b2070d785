import { describe, expect, test } from "vitest";
import { aRecord, scores } from "../testing/run-records.ts";
import { gridOf } from "./configurations.ts";
import { interpolate, pathOf } from "./interpolate.ts";
import { familiesOf, matchedKl } from "./matched-kl.ts";
import type { RunRecord } from "./run-record.ts";

const accuracyOf = ({ after }: RunRecord) => after?.[0].problems[0].mean ?? null;

function run(kl: string, beta: string, seed: number, achieved: number | null, accuracy: number): RunRecord {
	return aRecord({
		seed,
		labels: { kl, "kl.beta": beta },
		series: { step: [1, 2], kl: [0, achieved] },
		after: [scores("in-domain", [accuracy])],
	});
}

/** What accuracy a family has at a KL: a + b ln KL, whatever the strength it came by. */
function family(kl: string, law: (kl: number) => number, achieved: readonly number[], seeds = [1, 2, 3]) {
	return seeds.flatMap((seed) =>
		achieved.map((at, i) => run(kl, String(i), seed, at * (1 + 0.1 * seed), law(at * (1 + 0.1 * seed)))),
	);
}
const matched = (records: readonly RunRecord[]) =>
	matchedKl(gridOf(records), "kl.beta", { kl: "k3-loss" }, accuracyOf);

describe("accuracy at equal KL", () => {
	test("finds the law behind, inside the overlap only, whatever the strengths", () => {
		const [result, ...rest] = matched([
			...family("k3-loss", (kl) => 0.3 + 0.05 * Math.log(kl), [8, 3, 0.5]),
			...family("k1-reward", (kl) => 0.4 + 0.05 * Math.log(kl), [4, 0.9, 0.1]),
		]);
		expect(rest).toEqual([]);
		expect(result).toMatchObject({ labels: { kl: "k1-reward" }, domain: "in-domain", collapsed: 0 });
		// Seed 1 begins at 0.5 x 1.1, seed 3 ends at 4 x 1.3.
		expect(result.overlap![0]).toBeCloseTo(0.55, 10);
		expect(result.overlap![1]).toBeCloseTo(5.2, 10);
		expect(result.levels.map(({ kl, seeds }) => [kl, seeds])).toEqual([
			[1, 3],
			[2, 3],
			[5, 1],
		]);
		for (const { kl, accuracy, baseline, difference } of result.levels) {
			expect(accuracy).toBeCloseTo(0.4 + 0.05 * Math.log(kl), 10);
			expect(baseline).toBeCloseTo(0.3 + 0.05 * Math.log(kl), 10);
			expect(difference).toBeCloseTo(0.1, 10);
		}
		expect(result.levels[2].test).toBeNull();
		expect(result.levels[0].test).toMatchObject({ n: 3 });
	});

	test("is none where no KL is reached by both, or by none of the same seeds", () => {
		const law = () => 0.5;
		const apart = [...family("k3-loss", law, [8, 3]), ...family("k1-reward", law, [1, 0.1])];
		expect(matched(apart)).toMatchObject([{ overlap: null, levels: [] }]);
		const seeds = [...family("k3-loss", law, [8, 3], [1]), ...family("k1-reward", law, [8, 3], [2])];
		expect(matched(seeds)).toMatchObject([{ overlap: null, levels: [] }]);
		expect(matched(family("k1-reward", law, [8, 3]))).toEqual([]);
	});

	test("leaves out what collapsed, has no KL, or no accuracy", () => {
		const law = (kl: number) => 0.5 + 0.01 * Math.log(kl);
		const sound = [...family("k3-loss", law, [8, 1]), ...family("k1-reward", law, [8, 1])];
		const odd = [1, 2, 3].flatMap((seed) => [
			{ ...run("k1-reward", "7", seed, 3, 0), outcome: "collapsed" as const },
			run("k1-reward", "8", seed, null, 0),
			run("k1-reward", "9", seed, -0.1, 0),
			{ ...run("k1-reward", "10", seed, 3, 0), after: null },
		]);
		const [result] = matched([...sound, ...odd]);
		expect(result).toEqual({ ...matched(sound)[0], collapsed: 3 });
		expect(result.levels[0].difference).toBeCloseTo(0, 10);
	});

	test("a narrow overlap is compared at its middle", () => {
		const [result] = matched([
			...family("k3-loss", () => 0.2, [3, 2.2], [1]),
			...family("k1-reward", () => 0.3, [3.4, 2.4], [1]),
		]);
		expect(result.levels).toHaveLength(1);
		expect(result.levels[0].kl).toBeCloseTo(Math.sqrt(2.4 * 1.1 * 3 * 1.1), 10);
	});
});

test("a family is all strengths of the same labels", () => {
	const grid = gridOf([...family("a", () => 0, [1, 2]), aRecord({ labels: { kl: "none" } })]);
	expect(
		familiesOf(grid, "kl.beta").map(({ labels, configurations }) => [labels, configurations.length]),
	).toEqual([
		[{ kl: "none" }, 1],
		[{ kl: "a" }, 2],
	]);
});

test("between points it is linear, beyond them unknown", () => {
	const path = pathOf([
		[2, 4],
		[0, 0],
		[2, 6],
	]);
	expect(path).toEqual([
		[0, 0],
		[2, 5],
	]);
	expect([-0.1, 0, 1, 2, 2.1].map((x) => interpolate(path, x))).toEqual([null, 0, 2.5, 5, null]);
	expect(interpolate([], 1)).toBeNull();
});
