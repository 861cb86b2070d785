import { expect, test } from "vitest";
import { explainObjective } from "../objective/followed.ts";
import { exampleSetting, klBias } from "./bias.ts";
import { classifyKl } from "./classify.ts";
import { type KlConfig, validateKlConfig } from "./config.ts";
import { explainKl } from "./explain.ts";
import { flatOf, smallestFix } from "./fix.ts";
import { klFromFlat } from "./flat.ts";
import { namedConfigs } from "./named.ts";

test.each(namedConfigs)(
	"$name: the fix that is offered makes it exact, the formula and the reason are there",
	(named) => {
		const { config, offPolicy } = named;
		const { exact, fix, reason, weight } = explainKl(config, offPolicy);
		expect(weight).toMatch(/^c_t = /);
		expect(reason.length).toBeGreaterThan(20);
		expect(fix === null).toBe(exact);
		const fixed = smallestFix(config, offPolicy).reduce((flat, change) => change.apply(flat), flatOf(config));
		const changed = klFromFlat(fixed);
		validateKlConfig(changed);
		expect(classifyKl(changed, offPolicy).exact).toBe(true);
		// Not only by name: the expectation is the true gradient.
		expect(klBias(changed, exampleSetting(offPolicy ? 0.5 : 0)).relative).toBeLessThan(1e-9);
	},
);

test("the smallest changes are the ones a reader would make", () => {
	const fixOf = (config: KlConfig, off = false) => explainKl(config, off).fix;
	expect(fixOf({ place: "loss", estimator: "k1", beta: 1 })).toBe("kl.place=reward");
	expect(fixOf({ place: "loss", estimator: "k3", beta: 1 })).toBe("kl.place=both");
	const reward = { place: "reward", beta: 1, credit: "sequence", logprobs: "current" } as const;
	expect(fixOf({ ...reward, estimator: "k3" })).toBe("kl.estimator=k1");
	expect(fixOf({ ...reward, estimator: "k1", credit: "token" })).toBe("kl.credit=sequence");
	expect(fixOf({ ...reward, estimator: "k1" }, true)).toBe("kl.importance=prefix");
	const bounds = { low: 0.5, high: 2, by: "clip" } as const;
	expect(fixOf({ ...reward, estimator: "k1", importance: "prefix", truncation: bounds }, true)).toBe(
		"without kl.truncation",
	);
});

test("a whole objective adds what normalisation, clip and lengths do", () => {
	const kl = { place: "reward", estimator: "k1", credit: "sequence", beta: 1, logprobs: "sampler" } as const;
	const rloo = { advantage: "rloo", surrogate: { kind: "reinforce" }, aggregation: "sequence-sum" } as const;
	expect(explainObjective(rloo, kl, false)).toEqual(explainKl(kl, false));
	expect(explainObjective({ ...rloo, advantage: "dr-grpo" }, kl, false).exact).toBe(true);
	expect(explainObjective({ ...rloo, advantage: "grpo" }, kl, false)).toMatchObject({
		objective: "biased",
		exact: false,
		causes: ["normalisation"],
		fix: "kl.normalisation=after",
	});
	// Added after the division, it is not divided.
	const toGo = { ...kl, credit: "reward-to-go" } as const;
	expect(explainObjective({ ...rloo, advantage: "grpo" }, toGo, false).exact).toBe(true);
	expect(explainObjective({ ...rloo, aggregation: "token-mean" }, kl, false)).toMatchObject({
		objective: "sequence-reverse-kl",
		exact: false,
		causes: ["aggregation"],
	});
	const clip = { kind: "ppo-clip", epsilonLow: 0.2, epsilonHigh: 0.2 } as const;
	expect(explainObjective({ ...rloo, surrogate: clip }, kl, false).exact).toBe(true);
	expect(explainObjective({ ...rloo, surrogate: clip }, kl, true).causes).toEqual([
		"logprobs-source",
		"clip",
	]);
	expect(explainObjective({ ...rloo, aggregation: "token-mean" }, { place: "none" }, false).causes).toEqual(
		[],
	);
});
