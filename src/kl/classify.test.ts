import fc from "fast-check";
import { expect, test } from "vitest";
import { classifyKl } from "./classify.ts";
import { type KlConfig, VOCABULARY_ESTIMATORS, validateKlConfig } from "./config.ts";
import { CREDITS } from "./credit.ts";
import { ESTIMATORS } from "./estimators.ts";
import {
	localForwardKlGradient,
	localReverseKlGradient,
	prefixCount,
	sequenceKlGradient,
	type TabularPolicy,
} from "./exact.ts";
import { klMoments, type TabularSetting } from "./exact-moments.ts";
import { IMPORTANCES, type Truncation } from "./importance.ts";

// The whole space of configurations, each classified and enumerated.

const truncations: readonly (Truncation | undefined)[] = [
	undefined,
	{ high: 1.05, by: "clip" },
	{ low: 0.93, high: 1.06, by: "mask" },
];

function everyConfig(): KlConfig[] {
	const common = IMPORTANCES.flatMap((importance) =>
		truncations
			.filter((truncation) => truncation === undefined || importance !== "none")
			.map((truncation) => ({ beta: 1, importance, ...(truncation === undefined ? {} : { truncation }) })),
	);
	const credited = CREDITS.flatMap((credit) =>
		(["sampler", "current"] as const).flatMap((logprobs) =>
			(credit === "reward-to-go" ? [1, 0.5, 0] : [1]).map((discount) => ({ credit, logprobs, discount })),
		),
	);
	const estimators = [...ESTIMATORS, ...VOCABULARY_ESTIMATORS];
	// Bounds that hold some tokens and not all: |u| is 0.22 and 0.18 at the first step.
	const variants = (estimator: string) => {
		const value = ["k1", "k1+", "abs"].includes(estimator) ? 0.2 : 0.02;
		return [{}, { clamp: { logRatio: 0.2 } }, { clamp: { value } }, { to: "sampler" }];
	};
	return estimators
		.flatMap((estimator) =>
			common.flatMap((shared) => [
				...credited.map((c) => ({ place: "reward", estimator, ...shared, ...c })),
				...[false, true].flatMap((differentiateImportance) => [
					{ place: "loss", estimator, ...shared, differentiateImportance },
					...credited.map((c) => ({ place: "both", estimator, ...shared, ...c, differentiateImportance })),
				]),
			]),
		)
		.map((config) => (config.estimator === "top-k" ? { ...config, topK: 1 } : config))
		.flatMap((config) =>
			"truncation" in config
				? [config]
				: variants(config.estimator).map((variant) => ({ ...config, ...variant })),
		)
		.map((config) => config as KlConfig)
		.filter(isValid);
}

function isValid(config: KlConfig): boolean {
	try {
		validateKlConfig(config);
		return true;
	} catch {
		return false;
	}
}

function tabular(seed: number, steps = 3): TabularPolicy {
	const logits = new Float64Array(prefixCount(2, steps) * 2).map(
		(_, i) => 1.1 * Math.sin(seed + 12.9898 * (i + 1)),
	);
	return { vocabSize: 2, steps, stopToken: null, logits };
}

/** Near enough for bounds on the weights to let some through. */
function near(policy: TabularPolicy, seed: number): TabularPolicy {
	const other = tabular(seed).logits;
	return { ...policy, logits: policy.logits.map((x, i) => x + 0.3 * other[i]) };
}

function named(setting: TabularSetting): Record<string, Float64Array> {
	const { policy, reference, sampler } = setting;
	const sequence = sequenceKlGradient(policy, reference);
	const minus = (a: Float64Array, b: Float64Array) => a.map((x, i) => x - b[i]);
	const at = (where: "policy" | "sampler") => (where === "policy" ? policy : sampler);
	const local = (where: "policy" | "sampler") => localReverseKlGradient(policy, reference, at(where));
	const forward = (where: "policy" | "sampler") => localForwardKlGradient(policy, reference, at(where));
	return {
		"sequence-reverse-kl": sequence,
		"local-reverse-kl policy": local("policy"),
		"local-reverse-kl sampler": local("sampler"),
		"local-forward-kl policy": forward("policy"),
		"local-forward-kl sampler": forward("sampler"),
		"reverse-minus-forward": minus(sequence, forward("policy")),
		"reverse-minus-forward local policy": minus(local("policy"), forward("policy")),
		"reverse-minus-forward local sampler": minus(local("sampler"), forward("sampler")),
		"zero-mean-noise": new Float64Array(sequence.length),
	};
}

function distance(a: Float64Array, b: Float64Array): number {
	return Math.max(...a.map((x, i) => Math.abs(x - b[i])));
}

/** Names of the objectives whose gradient the configuration has, by enumeration. */
function followed(config: KlConfig, setting: TabularSetting, within: number): string[] {
	const { mean } = klMoments(config, setting);
	return Object.entries(named(setting))
		.filter(([, gradient]) => distance(mean, gradient) < within)
		.map(([name]) => name);
}

/** Whether the reference has no part in it, and nothing acts where the policy samples itself. */
function isToSampler(config: KlConfig, setting: TabularSetting, off: boolean): boolean {
	const { mean } = klMoments(config, setting);
	const elsewhere = klMoments(config, { ...setting, reference: tabular(33) }).mean;
	return distance(mean, elsewhere) < 1e-12 && (off || mean.every((g) => Math.abs(g) < 1e-12));
}

const configs = everyConfig();

test.each([
	["on-policy", false],
	["off-policy", true],
])(
	"%s: every configuration is what enumeration says, claimed objectives and claimed biases alike",
	(_, off) => {
		expect(configs.length).toBeGreaterThan(3000);
		const policy = tabular(1);
		const setting = { policy, reference: tabular(5), sampler: off ? near(policy, 9) : policy };
		const wrong = configs.flatMap((config): unknown[] => {
			const { objective, prefixes, exact } = classifyKl(config, off);
			if (objective === "to-sampler") {
				return isToSampler(config, setting, off) && !exact ? [] : [{ config, objective, names: [] }];
			}
			const names = followed(config, setting, objective === "biased" ? 1e-6 : 1e-9);
			const asClaimed = objective.startsWith("local")
				? names.includes(`${objective} ${prefixes}`)
				: names.some((name) => name === objective || name.startsWith(`${objective} `));
			const right = objective === "biased" ? names.length === 0 : asClaimed;
			return right && exact === names.includes("sequence-reverse-kl") ? [] : [{ config, objective, names }];
		});
		expect(wrong).toEqual([]);
	},
);

test("what is claimed holds for other policies too", () => {
	const seed = fc.integer({ min: 0, max: 1000 });
	fc.assert(
		fc.property(fc.constantFrom(...configs), seed, seed, seed, fc.boolean(), (config, a, b, c, off) => {
			const policy = tabular(a);
			const setting = { policy, reference: tabular(b + 0.5), sampler: off ? near(policy, c + 0.25) : policy };
			const { objective } = classifyKl(config, off);
			if (objective === "biased") return;
			if (objective === "to-sampler") {
				expect(isToSampler(config, setting, off)).toBe(true);
				return;
			}
			const names = followed(config, setting, 1e-9);
			expect(names.some((name) => name.startsWith(objective))).toBe(true);
		}),
		{ numRuns: 500 },
	);
});

test("no KL, and one of no strength, follow none", () => {
	expect(classifyKl({ place: "none" }, false).objective).toBe("none");
	expect(classifyKl({ place: "loss", estimator: "k3", beta: 0 }, false).objective).toBe("none");
});
