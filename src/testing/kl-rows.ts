import type { KlConfig } from "../kl/config.ts";
import {
	enumerateSequences,
	localForwardKlGradient,
	localReverseKlGradient,
	numericalGradient,
	prefixCount,
	sequenceKlGradient,
	sequenceLogProbs,
	sequenceProbability,
	type TabularPolicy,
} from "../kl/exact.ts";
import { klMoments, type TabularSetting } from "../kl/exact-moments.ts";

// Every row of the two tables of docs/kl.md, with the gradient that it must have.

export type Target =
	| "sequence"
	| "local"
	| "local at the sampler's prefixes"
	| "forward"
	| "zero"
	| "sequence - forward"
	| "sequence, to the sampler"
	| "mean of k2 - local";

const reward = { place: "reward", beta: 1, logprobs: "current" } as const;
const loss = { place: "loss", beta: 1 } as const;
const both = { place: "both", beta: 1, logprobs: "current", credit: "sequence" } as const;
const differentiated = { ...loss, importance: "token", differentiateImportance: true } as const;

/** null: none of the targets. */
export const onPolicyRows: readonly (readonly [string, KlConfig, Target | null])[] = [
	["k1 in reward, sequence", { ...reward, estimator: "k1", credit: "sequence" }, "sequence"],
	["k1 in reward, reward-to-go", { ...reward, estimator: "k1", credit: "reward-to-go" }, "sequence"],
	["k1 in reward, token", { ...reward, estimator: "k1", credit: "token" }, "local"],
	["k1 in loss", { ...loss, estimator: "k1" }, "zero"],
	["k2 in loss", { ...loss, estimator: "k2" }, "local"],
	["k2 in reward", { ...reward, estimator: "k2", credit: "sequence" }, "mean of k2 - local"],
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
	[
		"k1 in reward, log-ratio clamped",
		{ ...reward, estimator: "k1", credit: "sequence", clamp: { logRatio: 0.3 } },
		null,
	],
	["k1 in loss, log-ratio clamped", { ...loss, estimator: "k1", clamp: { logRatio: 0.3 } }, null],
	["k3 in loss, value clamped", { ...loss, estimator: "k3", clamp: { value: 0.05 } }, null],
	["k2 in loss, to the sampler", { ...loss, estimator: "k2", to: "sampler" }, "zero"],
];

export const offPolicyRows: typeof onPolicyRows = [
	["k2 in loss, to the sampler (prime-rl)", { ...loss, estimator: "k2", to: "sampler" }, null],
	[
		"k1 in reward, to the sampler, prefix importance",
		{ ...reward, estimator: "k1", credit: "reward-to-go", importance: "prefix", to: "sampler" },
		"sequence, to the sampler",
	],
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

const known = new Map<TabularSetting, Record<Target, Float64Array>>();

function targetsFor(setting: TabularSetting): Record<Target, Float64Array> {
	const targets = known.get(setting) ?? targetsOf(setting);
	known.set(setting, targets);
	return targets;
}

function targetsOf({ policy, reference, sampler }: TabularSetting): Record<Target, Float64Array> {
	const sequence = sequenceKlGradient(policy, reference);
	const forward = localForwardKlGradient(policy, reference);
	const local = localReverseKlGradient(policy, reference);
	return {
		sequence,
		forward,
		local,
		"local at the sampler's prefixes": localReverseKlGradient(policy, reference, sampler),
		zero: new Float64Array(sequence.length),
		"sequence - forward": sequence.map((g, i) => g - forward[i]),
		"sequence, to the sampler": sequenceKlGradient(policy, sampler),
		// Not the gradient of any KL: the score's part of d E[sum k2], whose other part, E[k2'], is the local KL.
		"mean of k2 - local": numericalGradient(policy, (moved) => meanK2(moved, reference)).map(
			(g, i) => g - local[i],
		),
	};
}

/** E[sum_n u_n^2 / 2]. */
function meanK2(policy: TabularPolicy, reference: TabularPolicy): number {
	return enumerateSequences(policy).reduce((mean, y) => {
		const ref = sequenceLogProbs(reference, y);
		const sum = sequenceLogProbs(policy, y).reduce((total, l, n) => total + (l - ref[n]) ** 2 / 2, 0);
		return mean + sequenceProbability(policy, y) * sum;
	}, 0);
}

function difference(a: Float64Array, b: Float64Array): number {
	return Math.max(...a.map((x, i) => Math.abs(x - b[i])));
}

/**
 * What is wrong with a row: a target that it should have and has not, or has and should not.
 * @param target null: none of the targets
 */
export function rowFailures(config: KlConfig, setting: TabularSetting, target: Target | null): string[] {
	const { mean } = klMoments(config, setting);
	return Object.entries(targetsFor(setting)).flatMap(([name, gradient]) => {
		const distance = difference(mean, gradient);
		if (name === target) return distance < 1e-9 ? [] : [`${distance} from ${name}`];
		const apart = distance > 1e-3 || sameTarget(setting, name as Target, target);
		return apart ? [] : [`only ${distance} from ${name}`];
	});
}

/** On-policy the sampler's prefixes are the policy's. */
function sameTarget({ policy, sampler }: TabularSetting, a: Target, b: Target | null): boolean {
	const isLocal = (target: Target | null) => target !== null && target.startsWith("local");
	// There is no distance to it either.
	const isZero = (target: Target | null) => target === "zero" || target === "sequence, to the sampler";
	return policy === sampler && ((isLocal(a) && isLocal(b)) || (isZero(a) && isZero(b)));
}

/** Vocabulary, steps, stop token and seed of the policies that the rows are proved on. */
export type TabularCase = readonly [vocabSize: number, steps: number, stopToken: number | null, seed: number];

export const tabularCases: readonly TabularCase[] = [
	[3, 3, null, 1],
	[3, 3, 2, 1],
	[2, 4, null, 7],
	[4, 2, 0, 11],
];

export function settingOf(
	[vocabSize, steps, stopToken, seed]: TabularCase,
	offPolicy: boolean,
): TabularSetting {
	const make = (offset: number) => tabular(vocabSize, steps, stopToken, seed + offset);
	const policy = make(0);
	return { policy, reference: make(4), sampler: offPolicy ? make(9) : policy };
}

/** Names of the rows that are not as they must be. */
export function* failingRows(): Generator<string, undefined> {
	for (const example of tabularCases) {
		for (const offPolicy of [false, true]) {
			const setting = settingOf(example, offPolicy);
			for (const [name, config, target] of offPolicy ? offPolicyRows : onPolicyRows)
				if (rowFailures(config, setting, target).length > 0) yield name;
		}
	}
}
