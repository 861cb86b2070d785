import { describe, expect, test } from "vitest";
import { tinyConfig } from "../../testing/tiny-model.ts";
import type { Completion, SampleRequest } from "../engine.ts";
import { decode } from "./decode.ts";
import { Decoder } from "./decoder.ts";
import { evaluateSequences } from "./learner.ts";
import { liveTensors } from "./tensor.ts";
import { randomWeights, type WeightDtype } from "./weights.ts";

function tinyDecoder(dtype: WeightDtype = "f32"): Decoder {
	const weights = randomWeights(tinyConfig, dtype, 3);
	// Larger embeddings make the distribution peaked, so that completions stop at different lengths.
	weights.get("embed")!.mul_(8);
	return new Decoder(tinyConfig, weights);
}

const requests: SampleRequest[] = [
	{ prompt: Int32Array.of(5, 6, 7), count: 3, id: 10 },
	{ prompt: Int32Array.of(200), count: 4, id: 11 },
	{ prompt: Int32Array.from({ length: 20 }, (_, i) => i * 3), count: 2, id: 12 },
];
const options = {
	temperature: 1,
	maxTokens: 24,
	seed: 7,
	stopTokens: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 256],
};

describe.each(["f32", "bf16"] as const)("%s", (dtype) => {
	const decoder = tinyDecoder(dtype);
	const together = decode(decoder, requests, options, 4);

	test("the same seed gives the same tokens and log-probs, another seed others", () => {
		expect(decode(decoder, requests, options, 4)).toEqual(together);
		expect(decode(decoder, requests, { ...options, seed: 8 }, 4)).not.toEqual(together);
	});

	test("completions of one prompt differ, and carry their policy version", () => {
		expect(new Set(together.slice(0, 3).map((c) => c.tokens.join())).size).toBe(3);
		expect(together.every((c) => c.policyVersion === 4)).toBe(true);
		expect(together).toHaveLength(9);
	});

	test("stop tokens end a completion, and rows end at different steps", () => {
		for (const completion of together) {
			const stops = [...completion.tokens].map((token) => options.stopTokens.includes(token));
			expect(stops.slice(0, -1)).not.toContain(true);
			expect(completion.finish).toBe(stops.at(-1) === true ? "stop" : "length");
			if (completion.finish === "length") expect(completion.tokens).toHaveLength(24);
		}
		expect(new Set(together.map((c) => c.tokens.length)).size).toBeGreaterThan(2);
	});

	test("log-probs are those of a fresh forward pass over the whole sequence", () => {
		const sequences = sequencesOf(together);
		const outputs = evaluateSequences(decoder, sequences, 1000);
		const tolerance = dtype === "f32" ? 1e-4 : 0.15;
		outputs.forEach(({ logprobs }, i) => {
			logprobs.forEach((lp, t) => expect(Math.abs(lp - together[i].logprobs[t])).toBeLessThan(tolerance));
		});
	});
});

test("a row does not depend on what else is in the batch", () => {
	const decoder = tinyDecoder();
	const together = decode(decoder, requests, options, 0);
	const alone = requests.flatMap((request) => decode(decoder, [request], options, 0));
	const reversed = decode(decoder, [...requests].reverse(), options, 0);
	const backInOrder = [...reversed.slice(6), ...reversed.slice(2, 6), ...reversed.slice(0, 2)];
	for (const others of [alone, backInOrder]) {
		others.forEach((completion, i) => {
			expect([...completion.tokens]).toEqual([...together[i].tokens]);
			completion.logprobs.forEach((lp, t) => expect(lp).toBeCloseTo(together[i].logprobs[t], 4));
		});
	}
});

test("progress counts tokens, and nothing stays in memory", () => {
	const decoder = tinyDecoder();
	decode(decoder, requests, options, 0);
	const before = liveTensors();
	const seen: number[] = [];
	const completions = decode(decoder, requests, options, 0, (tokens) => seen.push(tokens));
	expect(seen.at(-1)).toBe(completions.reduce((sum, c) => sum + c.tokens.length, 0));
	expect(seen).toEqual([...seen].sort((a, b) => a - b));
	expect(liveTensors()).toBe(before);
});

test.each([
	["too-many-positions", [{ prompt: new Int32Array(120).fill(1), count: 1, id: 0 }]],
	["empty-prompt", [{ prompt: new Int32Array(0), count: 1, id: 0 }]],
	["token-range", [{ prompt: Int32Array.of(258), count: 1, id: 0 }]],
	["token-range", [{ prompt: Int32Array.of(-1), count: 1, id: 0 }]],
	["sampling-option", [{ prompt: Int32Array.of(1), count: 0, id: 0 }]],
])("refuses %s before sampling", (code, bad) => {
	expect(() => decode(tinyDecoder(), bad, options, 0)).toThrow(expect.objectContaining({ code }));
});

function sequencesOf(completions: readonly Completion[]) {
	const prompts = requests.flatMap((request) => Array.from({ length: request.count }, () => request.prompt));
	return completions.map((completion, i) => ({
		tokens: Int32Array.from([...prompts[i], ...completion.tokens]),
		promptLength: prompts[i].length,
	}));
}
