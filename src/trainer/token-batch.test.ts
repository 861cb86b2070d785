import { expect, test } from "vitest";
import type { TokenOutputs } from "../engine/engine.ts";
import { validateBatch } from "../objective/batch.ts";
import type { Rollout, RolloutGroup } from "../rollout/collect.ts";
import type { Scored } from "../tasks/reward.ts";
import { sequenceOf, trainingBatch } from "./token-batch.ts";

/** Two completions of one prompt; token t of completion `at` has log-prob -(10 at + t), under the sampler's options another. */
function group(
	id: number,
	prompt: number[],
	completions: readonly (readonly [number[], Scored])[],
): RolloutGroup {
	return {
		problem: { id: String(id), family: "", level: 1, prompt: "", answer: "", solution: "" },
		prompt: Int32Array.from(prompt),
		rollouts: completions.map(
			([tokens, scored], i): Rollout => ({
				tokens: Int32Array.from(tokens),
				samplerLogprobs: logprobs(2 * id + i, tokens.length, 0),
				logprobs: new Float32Array(tokens.length).fill(99),
				finish: "length",
				policyVersion: 0,
				text: "",
				scored,
			}),
		),
	};
}

function logprobs(at: number, length: number, of: number): Float32Array {
	return Float32Array.from({ length }, (_, t) => -(10 * at + t) - 1000 * of);
}

const groups = [
	group(
		0,
		[1],
		[
			[[10, 11], { reward: 1 }],
			[[12], { reward: -0.5 }],
		],
	),
	group(
		1,
		[2, 3],
		[
			[[13, 14, 15], { reward: 1 }],
			[[16], { error: "late" }],
		],
	),
	group(
		2,
		[4],
		[
			[[17], { reward: 0 }],
			[[18, 19], { reward: 2 }],
		],
	),
];

const outputs = (of: number): TokenOutputs[] =>
	groups
		.flatMap(({ rollouts }) => rollouts)
		.map(({ tokens }, at) => ({
			logprobs: logprobs(at, tokens.length, of),
			entropy: new Float32Array(tokens.length),
		}));

test("a group with a completion that has no reward is left out, with all that belongs to it", () => {
	const batch = trainingBatch(groups, 2, outputs(1), outputs(2))!;
	expect(batch.positions).toEqual([0, 1, 4, 5]);
	expect(batch.sequences.map(({ tokens, promptLength }) => [[...tokens], promptLength])).toEqual([
		[[1, 10, 11], 1],
		[[1, 12], 1],
		[[4, 17], 1],
		[[4, 18, 19], 1],
	]);
	expect(batch.tokens).toEqual({
		offsets: Int32Array.of(0, 2, 3, 4, 6),
		sampler: Float32Array.of(-0, -1, -10, -40, -50, -51),
		reference: Float32Array.of(-1000, -1001, -1010, -1040, -1050, -1051),
		current: Float32Array.of(-2000, -2001, -2010, -2040, -2050, -2051),
		rewards: Float64Array.of(1, -0.5, 0, 2),
		groupSize: 2,
	});
	validateBatch(batch.tokens);
});

test("without current log-probs there are none in the batch", () => {
	expect(trainingBatch(groups, 2, outputs(1), undefined)!.tokens).not.toHaveProperty("current");
});

test("a reward of 0 is a reward", () => {
	const zeros = [
		group(
			0,
			[1],
			[
				[[2], { reward: 0 }],
				[[3], { reward: 0 }],
			],
		),
	];
	expect(trainingBatch(zeros, 2, outputs(1), undefined)!.tokens.rewards).toEqual(Float64Array.of(0, 0));
});

test("no group with all its rewards is no batch", () => {
	expect(trainingBatch(groups.slice(1, 2), 2, outputs(1), undefined)).toBeUndefined();
	expect(trainingBatch([], 2, [], undefined)).toBeUndefined();
});

test("a sequence is the prompt and the completion", () => {
	expect(sequenceOf(Int32Array.of(1, 2), Int32Array.of(3))).toEqual({
		tokens: Int32Array.of(1, 2, 3),
		promptLength: 2,
	});
});
