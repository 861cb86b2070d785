import fc from "fast-check";
import { expect, test } from "vitest";
import { type KlConfig, validateKlConfig } from "../kl/config.ts";
import { CREDITS } from "../kl/credit.ts";
import { ESTIMATORS } from "../kl/estimators.ts";
import {
	addScores,
	enumerateSequences,
	localForwardKlGradient,
	localReverseKlGradient,
	prefixCount,
	sequenceKlGradient,
	sequenceLogProbs,
	sequenceProbability,
	type TabularPolicy,
	type TabularSequence,
} from "../kl/exact.ts";
import { type FlatKl, flatDefaults, klFromFlat } from "../kl/flat.ts";
import { IMPORTANCES } from "../kl/importance.ts";
import { ADVANTAGES, type Aggregation, type ObjectiveConfig, type Surrogate } from "./config.ts";
import { explainObjective } from "./followed.ts";
import { prepareObjective } from "./prepare.ts";
import { scoreWeights } from "./weigh.ts";

// Whole objectives, each explained and enumerated: what the KL adds to the expected ascent over every group of two
// completions of different lengths, by the code that training runs.

const GROUP = 2;
const BETA = 0.4;

/** Completions of one or two tokens: 2 ends one. */
function tabular(seed: number, scale = 1.2): TabularPolicy {
	const logits = new Float64Array(prefixCount(3, 2) * 3).map(
		(_, i) => scale * Math.sin(seed + 12.9898 * (i + 1)),
	);
	return { vocabSize: 3, steps: 2, stopToken: 2, logits };
}

interface Setting {
	readonly policy: TabularPolicy;
	readonly reference: TabularPolicy;
	readonly sampler: TabularPolicy;
}

const policy = tabular(1);
const far = { ...policy, logits: policy.logits.map((x, i) => x + 0.5 * tabular(9).logits[i]) };
const onPolicy: Setting = { policy, reference: tabular(5), sampler: policy };
const offPolicy: Setting = { ...onPolicy, sampler: far };

const reward = (y: TabularSequence) => y.tokens.reduce((sum, a, t) => sum + Math.sin(3 * a + 2 * t), 0.5);

function completionsOf({ policy, reference, sampler }: Setting) {
	return enumerateSequences(policy).map((y) => ({
		y,
		logp: sequenceLogProbs(policy, y),
		reference: sequenceLogProbs(reference, y),
		sampler: sequenceLogProbs(sampler, y),
		probability: sequenceProbability(sampler, y),
	}));
}

const elsewhere = tabular(33);
const completions = new Map(
	[onPolicy, offPolicy]
		.flatMap((setting) => [setting, { ...setting, reference: elsewhere }])
		.map((setting) => [
			`${setting.sampler === policy} ${setting.reference === elsewhere}`,
			completionsOf(setting),
		]),
);

function expectedAscent(objective: ObjectiveConfig, kl: KlConfig, setting: Setting): Float64Array {
	const { sampler, reference } = setting;
	const sequences = completions.get(`${sampler === policy} ${reference === elsewhere}`)!;
	const gradient = new Float64Array(policy.logits.length);
	for (const first of sequences) {
		for (const second of sequences) {
			const group = [first, second];
			const flat = (of: "logp" | "reference" | "sampler") =>
				Float64Array.from(group.flatMap((member) => Array.from(member[of])));
			const batch = {
				offsets: Int32Array.of(0, first.logp.length, first.logp.length + second.logp.length),
				sampler: flat("sampler"),
				current: flat("logp"),
				reference: flat("reference"),
				rewards: Float64Array.from(group, ({ y }) => reward(y)),
				groupSize: GROUP,
			};
			const prepared = prepareObjective(batch, objective, kl);
			for (const [b, { y, logp }] of group.entries()) {
				const weights = scoreWeights(prepared, b, logp);
				addScores(gradient, policy, y, weights, first.probability * second.probability);
			}
		}
	}
	return gradient;
}

const withoutKl = new Map<string, Float64Array>();

/** What the KL adds, as a descent on beta times something. */
function contribution(objective: ObjectiveConfig, kl: KlConfig, setting: Setting): Float64Array {
	const key = JSON.stringify([
		objective,
		objective.surrogate.kind === "tis" && objective.surrogate.cap,
		setting,
	]);
	const without = withoutKl.get(key) ?? expectedAscent(objective, { place: "none" }, setting);
	withoutKl.set(key, without);
	return expectedAscent(objective, kl, setting).map((g, i) => (without[i] - g) / BETA);
}

/** The known factors: none of them turns the gradient. */
function strength({ advantage, aggregation }: ObjectiveConfig, kl: KlConfig): number {
	const inReward = kl.place === "reward" || kl.place === "both";
	const beside = kl.place !== "none" && (kl.importance ?? "none") !== "none";
	const batchCentred = inReward && kl.centre === "batch";
	const shrunk = inReward && !beside && !batchCentred && !["rloo", "reinforce"].includes(advantage);
	const length = typeof aggregation === "string" ? 1 : aggregation.length;
	return (shrunk ? 1 - 1 / GROUP : 1) / length;
}

function norm(g: Float64Array): number {
	return Math.hypot(...g);
}

function distance(a: Float64Array, b: Float64Array): number {
	return norm(a.map((x, i) => x - b[i]));
}

/** 1 - |cosine|; 1 of nothing. */
function angle(a: Float64Array, b: Float64Array): number {
	const size = norm(a) * norm(b);
	return size < 1e-12 ? 1 : 1 - Math.abs(a.reduce((sum, x, i) => sum + x * b[i], 0)) / size;
}

function targets({ policy, reference, sampler }: Setting): Record<string, Float64Array> {
	const minus = (a: Float64Array, b: Float64Array) => a.map((x, i) => x - b[i]);
	const sequence = sequenceKlGradient(policy, reference);
	const at = (of: TabularPolicy) => ({
		local: localReverseKlGradient(policy, reference, of),
		forward: localForwardKlGradient(policy, reference, of),
	});
	const [own, other] = [at(policy), at(sampler)];
	return {
		"sequence-reverse-kl": sequence,
		"local-reverse-kl policy": own.local,
		"local-reverse-kl sampler": other.local,
		"local-forward-kl policy": own.forward,
		"local-forward-kl sampler": other.forward,
		"reverse-minus-forward": minus(sequence, own.forward),
		"reverse-minus-forward local policy": minus(own.local, own.forward),
		"reverse-minus-forward local sampler": minus(other.local, other.forward),
	};
}

const surrogates: readonly Surrogate[] = [
	{ kind: "reinforce" },
	{ kind: "ppo-clip", epsilonLow: 0.05, epsilonHigh: 0.05 },
	{ kind: "ppo-clip", epsilonLow: 0.05, epsilonHigh: 0.05, dualClip: 1.1 },
	{ kind: "cispo", epsilonLow: 0.05, epsilonHigh: 0.05 },
	{ kind: "gspo", epsilonLow: 0.05, epsilonHigh: 0.05 },
	{ kind: "tis", level: "token", cap: 1.05 },
	{ kind: "tis", level: "sequence", cap: 1.05 },
	{ kind: "tis", level: "token", cap: Infinity },
	{ kind: "tis", level: "sequence", cap: Infinity },
	{ kind: "masked-is", level: "token", low: 0.95, high: 1.05 },
	{ kind: "masked-is", level: "sequence", low: 0.9, high: 1.1 },
];

const objective: fc.Arbitrary<ObjectiveConfig> = fc.record({
	advantage: fc.constantFrom(...ADVANTAGES),
	surrogate: fc.constantFrom(...surrogates),
	aggregation: fc.constantFrom<Aggregation>("sequence-sum", "sequence-sum", "token-mean", "sequence-mean", {
		kind: "fixed-length",
		length: 2,
	}),
});

const sometimes = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 4, nil: undefined });

const kl: fc.Arbitrary<KlConfig> = fc
	.record({
		place: fc.constantFrom("reward", "reward", "loss", "both"),
		estimator: fc.constantFrom("k1" as const, "k1" as const, ...ESTIMATORS),
		credit: fc.constantFrom(...CREDITS),
		discount: sometimes(fc.constantFrom(0, 0.5)),
		beta: fc.constant(BETA),
		logprobs: fc.constantFrom("sampler", "current"),
		importance: fc.constantFrom("none" as const, "none" as const, ...IMPORTANCES),
		truncation: sometimes(
			fc.constantFrom({ high: 1.05, by: "clip" }, { low: 0.93, high: 1.06, by: "mask" } as const),
		),
		differentiateImportance: sometimes(fc.constant(true)),
		to: sometimes(fc.constant("sampler" as const)),
		clamp: sometimes(fc.constantFrom({ logRatio: 0.3 }, { value: 0.1 })),
		normalisation: sometimes(fc.constantFrom("before", "after")),
		clip: sometimes(fc.constantFrom("inside", "outside")),
		centre: sometimes(fc.constantFrom("group", "batch")),
	})
	.map((flat) => klFromFlat(flat))
	.filter((config) => {
		try {
			validateKlConfig(config);
			return true;
		} catch {
			return false;
		}
	});

/** What is wrong with the explanation of a configuration; null where enumeration agrees. */
function complaint(objective: ObjectiveConfig, kl: KlConfig, off: boolean): string | null {
	const setting = off ? offPolicy : onPolicy;
	const { objective: followed, exact, causes, prefixes } = explainObjective(objective, kl, off);
	const added = contribution(objective, kl, setting);
	const named = targets(setting);
	const exactly = strength(objective, kl);
	const is = (target: Float64Array) =>
		distance(
			added,
			target.map((g) => exactly * g),
		) < 1e-9;
	const parallel = Object.keys(named).filter((name) => angle(added, named[name]) < 1e-7);
	const twice = parallel.some(
		(name) =>
			distance(
				added,
				named[name].map((g) => 2 * exactly * g),
			) < 1e-9,
	);
	const isZero = norm(added) < 1e-10;
	if (exact) return is(named["sequence-reverse-kl"]) ? null : "claimed exact";
	if (followed === "to-sampler") {
		const moved = contribution(objective, kl, { ...setting, reference: elsewhere });
		if (distance(moved, added) > 1e-9 && !divided(objective)) return "depends on the reference";
		return off || isZero ? null : "holds to the sampler where there is none";
	}
	if (followed === "zero-mean-noise") return isZero ? null : "claimed to be noise";
	// Bounds this tight can leave no token at all.
	if (isZero) return causes.includes("clamp") || causes.includes("truncation") ? null : "claimed to act";
	// Twice a gradient is not the one that beta stands for.
	if (followed === "biased" && causes.includes("estimator") && twice) return null;
	if (followed === "biased" || causes.length > 0) {
		return parallel.length === 0 ? null : `claimed biased, is ${parallel.join()}`;
	}
	const claimed = Object.keys(named).filter((name) =>
		followed.startsWith("local") ? name === `${followed} ${prefixes}` : name.startsWith(followed),
	);
	return claimed.some((name) => is(named[name])) ? null : `claimed ${followed}`;
}

/** Then a KL changes what the task's reward is divided by. */
function divided({ advantage }: ObjectiveConfig): boolean {
	return advantage === "grpo" || advantage === "reinforce++";
}

test.each([
	["on-policy", false],
	["off-policy", true],
])("%s: every objective is what the enumeration of groups says", (_, off) => {
	fc.assert(
		fc.property(objective, kl, (objective, kl) => {
			expect(complaint(objective, kl, off)).toBeNull();
		}),
		{ numRuns: 600 },
	);
});

/** A fix as a reader applies it: overrides of a recipe, and keys to take out of it. */
function applied(fix: string, objective: ObjectiveConfig, kl: KlConfig): [ObjectiveConfig, KlConfig] {
	const flat: Record<string, unknown> = { ...flatDefaults, ...kl };
	const whole: Record<string, unknown> = { ...objective };
	for (const [, without, side, key, value] of fix.matchAll(/(without )?(kl|objective)\.(\w+)(?:=(\S+))?/g)) {
		const into = side === "kl" ? flat : whole;
		if (without !== "without ") into[key] = value === "true" ? true : value;
		else Reflect.deleteProperty(into, key);
	}
	return [whole as unknown as ObjectiveConfig, klFromFlat(flat as unknown as FlatKl)];
}

test.each([
	["on-policy", false],
	["off-policy", true],
])("%s: the fix that is offered makes an objective exact", (_, off) => {
	fc.assert(
		fc.property(objective, kl, (objective, kl) => {
			const { fix, exact } = explainObjective(objective, kl, off);
			expect(fix === null).toBe(exact);
			if (fix === null) return;
			const [better, fixed] = applied(fix, objective, kl);
			validateKlConfig(fixed);
			expect(explainObjective(better, fixed, off), fix).toMatchObject({ exact: true });
		}),
		{ numRuns: 600 },
	);
});
