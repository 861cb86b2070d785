import { describe, expect, test } from "vitest";
import type { KlConfig } from "./config.ts";
import {
	localForwardKlGradient,
	localReverseKlGradient,
	prefixCount,
	sequenceKlGradient,
	type TabularPolicy,
} from "./exact.ts";
import { klMoments, type TabularSetting } from "./exact-moments.ts";

// Every row of the two tables of docs/kl.md, by exact enumeration, for several vocabularies, lengths and seeds.

type Target =
	| "sequence"
	| "local"
	| "local at the sampler's prefixes"
	| "forward"
	| "zero"
	| "sequence - forward";

const reward = { place: "reward", beta: 1, logprobs: "current" } as const;
const loss = { place: "loss", beta: 1 } as const;
const both = { place: "both", beta: 1, logprobs: "current", credit: "sequence" } as const;
const differentiated = { ...loss, importance: "token", differentiateImportance: true } as const;

/** null: none of the targets. */
const onPolicy: readonly (readonly [string, KlConfig, Target | null])[] = [
	["k1 in reward, sequence", { ...reward, estimator: "k1", credit: "sequence" }, "sequence"],
	["k1 in reward, reward-to-go", { ...reward, estimator: "k1", credit: "reward-to-go" }, "sequence"],
	["k1 in reward, token", { ...reward, estimator: "k1", credit: "token" }, "local"],
	["k1 in loss", { ...loss, estimator: "k1" }, "zero"],
	["k2 in loss", { ...loss, estimator: "k2" }, "local"],
	["k2 in reward", { ...reward, estimator: "k2", credit: "sequence" }, null],
	["abs in loss", { ...loss, estimator: "abs" }, null],
	["k3 in loss", { ...loss, estimator: "k3" }, "forward"],
	["k3 in reward", { ...reward, estimator: "k3", credit: "sequence" }, "sequence - forward"],
	["k1 in both", { ...both, estimator: "k1" }, "sequence"],
	["k3 in both", { ...both, estimator: "k3" }, "sequence"],
	["full in loss", { ...loss, estimator: "full" }, "local"],
	["full in both", { ...both, estimator: "full" }, "sequence"],
	["rao-blackwell", { ...loss, estimator: "rao-blackwell" }, "sequence"],
	["rao-blackwell-local", { ...loss, estimator: "rao-blackwell-local" }, "local"],
	["closed-form baseline", { ...reward, estimator: "rao-blackwell-local", credit: "token" }, "local"],
	["top-k in loss", { ...loss, estimator: "top-k" }, "local"],
	["straight-through k3+ in loss", { ...loss, estimator: "k3+" }, "local"],
	["straight-through k1+ in loss", { ...loss, estimator: "k1+" }, "local"],
	[
		"k1 in reward, half discounted",
		{ ...reward, estimator: "k1", credit: "reward-to-go", discount: 0.5 },
		null,
	],
	[
		"k1 in reward, wholly discounted",
		{ ...reward, estimator: "k1", credit: "reward-to-go", discount: 0 },
		"local",
	],
];

const offPolicy: typeof onPolicy = [
	[
		"k1 in reward, prefix importance",
		{ ...reward, estimator: "k1", credit: "reward-to-go", importance: "prefix" },
		"sequence",
	],
	[
		"k1 in reward, sequence credit, prefix importance",
		{ ...reward, estimator: "k1", credit: "sequence", importance: "prefix" },
		"sequence",
	],
	[
		"k1 in reward, sequence importance",
		{ ...reward, estimator: "k1", credit: "sequence", importance: "sequence" },
		"sequence",
	],
	[
		"rao-blackwell in reward, prefix importance",
		{ ...reward, estimator: "rao-blackwell", credit: "reward-to-go", importance: "prefix" },
		"sequence",
	],
	[
		"rao-blackwell in loss, prefix importance",
		{ ...loss, estimator: "rao-blackwell", importance: "prefix" },
		"sequence",
	],
	[
		"full in loss, prefix importance differentiated",
		{ ...loss, estimator: "full", importance: "prefix", differentiateImportance: true },
		"sequence",
	],
	[
		"k1 in reward, token importance",
		{ ...reward, estimator: "k1", credit: "sequence", importance: "token" },
		null,
	],
	["k1 in reward, no importance", { ...reward, estimator: "k1", credit: "sequence" }, null],
	["k1 in loss, no importance", { ...loss, estimator: "k1" }, null],
	[
		"KL frozen at the sampler, sequence importance",
		{ ...reward, estimator: "k1", credit: "sequence", importance: "sequence", logprobs: "sampler" },
		null,
	],
	[
		"w k3 in loss, w differentiated",
		{ ...differentiated, estimator: "k3" },
		"local at the sampler's prefixes",
	],
	[
		"w k1 in loss, w differentiated",
		{ ...differentiated, estimator: "k1" },
		"local at the sampler's prefixes",
	],
	["sg(w) k2 in loss", { ...loss, estimator: "k2", importance: "token" }, "local at the sampler's prefixes"],
	["sg(w) k3 in loss", { ...loss, estimator: "k3", importance: "token" }, null],
	["w k2 in loss, w differentiated", { ...differentiated, estimator: "k2" }, null],
	["full in loss, no importance", { ...loss, estimator: "full" }, "local at the sampler's prefixes"],
	["full in loss, prefix importance", { ...loss, estimator: "full", importance: "prefix" }, "local"],
	["sg(W) k2 in loss, prefix importance", { ...loss, estimator: "k2", importance: "prefix" }, "local"],
	[
		"k3 in loss, prefix importance differentiated",
		{ ...loss, estimator: "k3", importance: "prefix", differentiateImportance: true },
		"sequence",
	],
	["top-k in loss, prefix importance", { ...loss, estimator: "top-k", importance: "prefix" }, "local"],
];

function tabular(vocabSize: number, steps: number, stopToken: number | null, seed: number): TabularPolicy {
	const logits = new Float64Array(prefixCount(vocabSize, steps) * vocabSize).map(
		(_, i) => 1.3 * Math.sin(seed + 12.9898 * (i + 1)),
	);
	return { vocabSize, steps, stopToken, logits };
}

function targetsOf({ policy, reference, sampler }: TabularSetting): Record<Target, Float64Array> {
	const sequence = sequenceKlGradient(policy, reference);
	const forward = localForwardKlGradient(policy, reference);
	return {
		sequence,
		forward,
		local: localReverseKlGradient(policy, reference),
		"local at the sampler's prefixes": localReverseKlGradient(policy, reference, sampler),
		zero: new Float64Array(sequence.length),
		"sequence - forward": sequence.map((g, i) => g - forward[i]),
	};
}

function difference(a: Float64Array, b: Float64Array): number {
	return Math.max(...a.map((x, i) => Math.abs(x - b[i])));
}

function checkRow(config: KlConfig, setting: TabularSetting, target: Target | null): void {
	const { mean } = klMoments(config, setting);
	for (const [name, gradient] of Object.entries(targetsOf(setting))) {
		const distance = difference(mean, gradient);
		if (name === target) expect(distance, name).toBeLessThan(1e-9);
		else if (!sameTarget(setting, name as Target, target)) expect(distance, name).toBeGreaterThan(1e-3);
	}
}

/** On-policy the sampler's prefixes are the policy's. */
function sameTarget({ policy, sampler }: TabularSetting, a: Target, b: Target | null): boolean {
	const isLocal = (target: Target | null) => target !== null && target.startsWith("local");
	return policy === sampler && isLocal(a) && isLocal(b);
}

describe.each([
	[3, 3, null, 1],
	[3, 3, 2, 1],
	[2, 4, null, 7],
	[4, 2, 0, 11],
] as const)("%i tokens x %i steps, stop token %s, seed %i", (vocabSize, steps, stopToken, seed) => {
	const make = (offset: number) => tabular(vocabSize, steps, stopToken, seed + offset);
	const policy = make(0);
	const reference = make(4);

	test.each(onPolicy)("on-policy: %s", (_, config, target) => {
		checkRow(config, { policy, reference, sampler: policy }, target);
	});

	test.each(offPolicy)("off-policy: %s", (_, config, target) => {
		checkRow(config, { policy, reference, sampler: make(9) }, target);
	});
});

test("reward-to-go has less variance than sequence credit, rao-blackwell less than both", () => {
	const policy = tabular(3, 3, null, 1);
	const setting = { policy, reference: tabular(3, 3, null, 5), sampler: policy };
	const variance = (config: KlConfig) => klMoments(config, setting).variance;
	const sequence = variance({ ...reward, estimator: "k1", credit: "sequence" });
	const toGo = variance({ ...reward, estimator: "k1", credit: "reward-to-go" });
	const raoBlackwell = variance({ ...loss, estimator: "rao-blackwell" });
	expect(toGo).toBeLessThan(sequence);
	expect(raoBlackwell).toBeLessThan(toGo);
	expect(variance({ ...loss, estimator: "k1" })).toBeGreaterThan(0);
});
