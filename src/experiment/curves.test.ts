import { expect, test } from "vitest";
import { aRecord } from "../testing/run-records.ts";
import { binWidth, curvesOf } from "./curves.ts";

const run = (reward: readonly (number | null)[]) =>
	aRecord({ series: { step: reward.map((_, i) => i + 1), reward } });

test("means of bins, then over seeds, with the lowest and the highest", () => {
	const { step, of } = curvesOf([run([1, 3, 5, null, 9]), run([2, 2])], 2);
	expect(step).toEqual([1.5, 3.5, 5.5]);
	expect(of.reward).toEqual({ mean: [2, 5, 9], low: [2, 5, 9], high: [2, 5, 9] });
	const wide = curvesOf([run([1]), run([4])], 1).of.reward;
	expect(wide).toEqual({ mean: [2.5], low: [1], high: [4] });
	expect(of.entropy.mean).toEqual([null, null, null]);
});

test("no steps, and as many bins as are asked for at most", () => {
	expect(curvesOf([], 1).step).toEqual([]);
	expect(curvesOf([run([])], 5).of.kl.mean).toEqual([]);
	expect([0, 1, 50, 51, 250].map((steps) => binWidth(steps))).toEqual([1, 1, 1, 2, 5]);
});

test("where a seed that is measured is not finite there is no mean; one that never is does not count", () => {
	const { reward } = curvesOf([run([1, 1, 1]), run([3, null]), run([null, null])], 1).of;
	expect(reward.mean).toEqual([2, null, 1]);
});
