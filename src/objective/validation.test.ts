import { expect, test } from "vitest";
import type { KlConfig } from "../kl/config.ts";
import type { TokenBatch } from "./batch.ts";
import { type ObjectiveConfig, validateObjective } from "./config.ts";
import { prepareObjective } from "./prepare.ts";
import { batchLoss, scoreWeights } from "./weigh.ts";

const clip = { kind: "ppo-clip", epsilonLow: 0.2, epsilonHigh: 0.28 } as const;
const objective: ObjectiveConfig = { advantage: "rloo", surrogate: clip, aggregation: "sequence-sum" };
const none: KlConfig = { place: "none" };
const batch: TokenBatch = {
	offsets: Int32Array.of(0, 2, 3),
	sampler: Float32Array.of(-1, -2, -3),
	reference: Float32Array.of(-1, -2, -3),
	rewards: Float64Array.of(1, 0),
	groupSize: 2,
};

function refused(action: () => unknown, code: string, message: string): void {
	expect(action).toThrow(
		expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error,
	);
}

test.each([
	["objective.advantage", { advantage: "gae" }],
	["objective.surrogate.kind", { surrogate: { kind: "clip" } }],
	["objective.surrogate.epsilonLow", { surrogate: { ...clip, epsilonLow: 0 } }],
	["objective.surrogate.epsilonLow", { surrogate: { ...clip, epsilonLow: 1.1 } }],
	["objective.surrogate.epsilonLow", { surrogate: { ...clip, epsilonLow: Number.NaN } }],
	["objective.surrogate.epsilonHigh", { surrogate: { ...clip, epsilonHigh: -0.2 } }],
	["objective.surrogate.epsilonHigh", { surrogate: { ...clip, epsilonHigh: Number.POSITIVE_INFINITY } }],
	["objective.surrogate.epsilonHigh", { surrogate: { kind: "ppo-clip", epsilonLow: 0.2 } }],
	["objective.aggregation", { aggregation: "mean" }],
	["objective.aggregation", { aggregation: "fixed-length" }],
	["objective.aggregation.kind", { aggregation: { kind: "fixed", length: 3 } }],
	["objective.aggregation.length", { aggregation: { kind: "fixed-length", length: 0 } }],
	["objective.aggregation.length", { aggregation: { kind: "fixed-length", length: 1.5 } }],
])("refuses a bad %s", (subject, change) => {
	const bad = { ...objective, ...change } as ObjectiveConfig;
	refused(() => validateObjective(bad, 2), "objective-config-invalid", `for ${subject} but received`);
	refused(() => prepareObjective(batch, bad, none), "objective-config-invalid", subject);
});

test.each(["rloo", "grpo", "dr-grpo"] as const)("refuses %s in groups of one", (advantage) => {
	refused(() => validateObjective({ ...objective, advantage }, 1), "objective-config-invalid", "at least 2");
});

test("accepts plain REINFORCE in groups of one, and refuses a group size that is none", () => {
	validateObjective({ ...objective, advantage: "reinforce" }, 1);
	for (const size of [0, -2, 2.5, Number.NaN]) {
		refused(() => validateObjective(objective, size), "objective-config-invalid", "groupSize");
	}
});

test.each<[string, string, Partial<TokenBatch>]>([
	["batch-invalid", "whole groups of 2", { rewards: Float64Array.of(1, 0, 1) }],
	["batch-invalid", "whole groups of 2", { rewards: new Float64Array(0) }],
	["batch-invalid", "rewards[1]", { rewards: Float64Array.of(1, Number.NaN) }],
	["batch-invalid", "rewards[0]", { rewards: Float64Array.of(Number.POSITIVE_INFINITY, 0) }],
	["batch-invalid", "offsets[0]", { offsets: Int32Array.of(1, 2, 3) }],
	["batch-invalid", "offsets[2]", { offsets: Int32Array.of(0, 3, 2) }],
	["batch-invalid", "groupSize", { groupSize: 0 }],
	["shape-mismatch", "offsets", { offsets: Int32Array.of(0, 3) }],
	["shape-mismatch", "sampler log-probs", { sampler: new Float32Array(4) }],
	["shape-mismatch", "reference log-probs", { reference: new Float32Array(2) }],
	["shape-mismatch", "current log-probs", { current: new Float32Array(2) }],
])("%s: refuses a batch with bad %s", (code, message, change) => {
	refused(() => prepareObjective({ ...batch, ...change }, objective, none), code, message);
});

test("refuses a batch without the sampler's log-probs, with what they are needed for", () => {
	const { sampler: _, ...rest } = batch;
	const check = () => prepareObjective(rest as unknown as TokenBatch, objective, none);
	refused(check, "batch-invalid", "the sampler's log-probs for batch.sampler but received undefined");
});

test("refuses a bad KL, and an in-reward KL on log-probs that are not there", () => {
	refused(
		() => prepareObjective(batch, objective, { place: "loss", estimator: "k1", beta: -1 }),
		"kl-config-invalid",
		"kl.beta",
	);
	const current = {
		place: "reward",
		estimator: "k1",
		credit: "token",
		beta: 1,
		logprobs: "current",
	} as const;
	refused(() => prepareObjective(batch, objective, current), "batch-invalid", "batch.current");
});

test("refuses a sequence that is not in the batch, and log-probs of the wrong length", () => {
	const prepared = prepareObjective(batch, objective, none);
	for (const b of [-1, 2, 0.5]) {
		refused(() => scoreWeights(prepared, b, new Float32Array(2)), "sequence-out-of-range", "from 0 to 1");
	}
	refused(() => scoreWeights(prepared, 1, new Float32Array(2)), "shape-mismatch", "log-probs of sequence 1");
	refused(
		() => batchLoss(prepared, [{ logprobs: new Float32Array(2) }]),
		"shape-mismatch",
		"outputs by sequence",
	);
});
