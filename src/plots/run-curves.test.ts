import { expect, test } from "vitest";
import { runCurves } from "./run-curves.ts";
import { linearAxis, linearTicks } from "./svg.ts";

const step = (n: number, kl: number | null = n / 10) => ({
	...{ step: n, reward: n / 20, passRate: n / 20, kl, entropy: 1, completionTokens: 30 - n },
});

test("curves of what was measured, and words where nothing was", () => {
	const svg = runCurves(
		"a <run>",
		"caption",
		[1, 2, 3, 4].map((n) => step(n)),
	);
	expect(svg).toContain("a &lt;run&gt;");
	expect(svg.match(/<polyline class="line0"/g)).toHaveLength(4);
	expect(svg).not.toMatch(/NaN|undefined|not measured/);
	const without = runCurves("run", "caption", [step(1, null)]);
	expect(without).toContain("not measured");
	expect(without.match(/<polyline class="line0"/g)).toHaveLength(3);
});

test.each([
	[[0, 1], 5],
	[[0.31, 0.34], 5],
	[[-2, 1300], 7],
	[[5, 5], 4],
])("ticks over %j, at most %i", (values, most) => {
	const axis = linearAxis(values, [0, 100]);
	const ticks = linearTicks(axis, most);
	expect(ticks.length).toBeGreaterThan(1);
	expect(ticks.length).toBeLessThanOrEqual(most + 1);
	for (const tick of ticks) {
		expect(tick).toBeGreaterThanOrEqual(axis.low);
		expect(tick).toBeLessThanOrEqual(axis.high);
		expect(String(tick).length).toBeLessThan(8);
	}
	expect(axis.at(axis.low)).toBeCloseTo(0, 9);
	expect(axis.at(axis.high)).toBeCloseTo(100, 9);
});
