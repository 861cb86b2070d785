import { describe, expect, test } from "vitest";
import { offPolicyRows, onPolicyRows, rowFailures, settingOf, tabularCases } from "../testing/kl-rows.ts";
import type { KlConfig } from "./config.ts";
import { klMoments } from "./exact-moments.ts";

describe.each(tabularCases)("%i tokens x %i steps, stop token %s, seed %i", (...example) => {
	const [on, off] = [settingOf(example, false), settingOf(example, true)];

	test.each(onPolicyRows)("on-policy: %s", (_, config, target) => {
		expect(rowFailures(config, on, target)).toEqual([]);
	});

	test.each(offPolicyRows)("off-policy: %s", (_, config, target) => {
		expect(rowFailures(config, off, target)).toEqual([]);
	});
});

test("reward-to-go has less variance than sequence credit, rao-blackwell less than both", () => {
	const variance = (config: KlConfig) => klMoments(config, settingOf(tabularCases[0], false)).variance;
	const reward = { place: "reward", estimator: "k1", beta: 1, logprobs: "current" } as const;
	const sequence = variance({ ...reward, credit: "sequence" });
	const toGo = variance({ ...reward, credit: "reward-to-go" });
	const raoBlackwell = variance({ place: "loss", estimator: "rao-blackwell", beta: 1 });
	expect(toGo).toBeLessThan(sequence);
	expect(raoBlackwell).toBeLessThan(toGo);
	expect(variance({ place: "loss", estimator: "k1", beta: 1 })).toBeGreaterThan(0);
});
