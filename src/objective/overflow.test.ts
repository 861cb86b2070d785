import { expect, test } from "vitest";
import type { KlConfig, KlInReward } from "../kl/config.ts";
import type { TokenBatch } from "./batch.ts";
import type { ObjectiveConfig } from "./config.ts";
import { findOverflow } from "./overflow.ts";
import { prepareObjective } from "./prepare.ts";

const objective: ObjectiveConfig = {
	advantage: "rloo",
	surrogate: { kind: "reinforce" },
	aggregation: "sequence-sum",
};
const k3 = { place: "loss", estimator: "k3", beta: 0.1 } as const;

/** One group of three completions of two tokens; all log-probs are -1 but those given by index. */
function find(
	changes: Partial<Record<"logp" | "reference" | "sampler" | "divergence", Record<number, number>>>,
	kl: KlConfig = k3,
	rewards: readonly number[] = [1, 0, 0],
	of: ObjectiveConfig = objective,
) {
	const values = (key: keyof typeof changes) =>
		Float32Array.from({ length: 6 }, (_, i) => changes[key]?.[i] ?? -1);
	const [logp, divergence] = [values("logp"), values("divergence").map(Math.abs)];
	const batch: TokenBatch = {
		offsets: Int32Array.of(0, 2, 4, 6),
		sampler: values("sampler"),
		reference: values("reference"),
		current: logp,
		rewards: Float64Array.from(rewards),
		groupSize: 3,
	};
	const outputs = [0, 2, 4].map((from) => ({
		logprobs: logp.slice(from, from + 2),
		divergence: divergence.slice(from, from + 2),
	}));
	return findOverflow(prepareObjective(batch, of, kl), outputs);
}

test("nothing where all weights are of a size to compute with", () => {
	expect(find({})).toBeNull();
	expect(find({ logp: { 3: -40 } })).toBeNull();
});

test("names the token whose ratio is too large, with its log-probs", () => {
	const token = { sequence: 1, token: 1, logp: -1000, reference: -1, sampler: -2 };
	expect(find({ logp: { 3: -1000 }, sampler: { 3: -2 } })).toEqual(token);
	// A double holds this one, and even f32; the square of it f32 does not.
	expect(find({ logp: { 3: -60 }, sampler: { 3: -2 } })).toEqual({ ...token, logp: -60 });
});

test("of several the farthest", () => {
	expect(find({ logp: { 0: -800, 3: -900, 4: -850 } })).toMatchObject({ sequence: 1, token: 1 });
});

test("a KL in the reward makes the whole group's weights infinite: named is the token that it comes from", () => {
	const inReward: KlInReward = {
		...{ place: "reward", estimator: "k3", beta: 0.1 },
		...{ credit: "sequence", logprobs: "current" },
	};
	const atFault = { sequence: 2, token: 1, logp: -1000 };
	expect(find({ logp: { 5: -1000 } }, inReward)).toMatchObject(atFault);
	expect(find({ logp: { 5: -1000 } }, { ...inReward, normalisation: "before" })).toMatchObject(atFault);
	expect(find({ logp: { 5: -1000 } }, { ...inReward, importance: "sequence" })).toMatchObject({
		sequence: 2,
	});
});

test("a surrogate's ratio that is not bounded is named, and one that is held is not", () => {
	const ppo = { ...objective, surrogate: { kind: "ppo-clip", epsilonLow: 0.2, epsilonHigh: 0.2 } } as const;
	const none: KlConfig = { place: "none" };
	const changes = { sampler: { 0: -100, 3: -100 } };
	// Of the first completion the advantage is positive, and the clip holds its ratio.
	expect(find(changes, none, [1, 0, 0], ppo)).toMatchObject({ sequence: 1, token: 1, sampler: -100 });
	expect(find({ sampler: { 0: -100 } }, none, [1, 0, 0], ppo)).toBeNull();
});

test.each([
	["a log-prob of the policy", { logp: { 2: Number.NaN } }, k3],
	["a log-prob of the reference", { reference: { 2: Number.NEGATIVE_INFINITY } }, { ...k3, estimator: "k2" }],
	["a full-vocabulary KL", { divergence: { 2: Number.POSITIVE_INFINITY } }, { ...k3, estimator: "full" }],
] as const)("%s that is not finite is named", (_, changes, kl) => {
	expect(find(changes, kl)).toMatchObject({ sequence: 1, token: 0 });
});

test("rewards that are too large are no token's fault, and hide none", () => {
	expect(find({}, k3, [1e308, -1e308, 0])).toBeNull();
	expect(find({ logp: { 3: -1000 } }, k3, [1e308, -1e308, 0])).toMatchObject({ sequence: 1, token: 1 });
});
