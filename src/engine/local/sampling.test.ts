import { describe, expect, test } from "vitest";
import { drawTokens, resolveSampler, type Sampler, uniformStream } from "./sampling.ts";
import { Tensor, tidy } from "./tensor.ts";

const all: Sampler = { temperature: 1, topK: 0, topP: 1, minP: 0 };
const logits = [2, 0.5, -1, 1, -3];

function softmax(values: readonly number[]): number[] {
	const exps = values.map((v) => Math.exp(v));
	const total = exps.reduce((a, b) => a + b);
	return exps.map((e) => e / total);
}

/** The truncated, tempered distribution written out, independently of the tensors. */
function expectedDistribution(sampler: Sampler): number[] {
	const p = softmax(logits.map((v) => v / sampler.temperature));
	const order = p.map((_, i) => i).sort((a, b) => p[b] - p[a]);
	const kept = new Set(order);
	if (sampler.topK > 0) for (const i of order.slice(sampler.topK)) kept.delete(i);
	let before = 0;
	for (const i of order) {
		if (sampler.topP < 1 && before >= sampler.topP) kept.delete(i);
		before += p[i];
	}
	for (const i of order) if (p[i] < sampler.minP * p[order[0]]) kept.delete(i);
	const masked = p.map((v, i) => (kept.has(i) ? v : 0));
	const total = masked.reduce((a, b) => a + b);
	return masked.map((v) => v / total);
}

function drawMany(sampler: Sampler, count: number) {
	return tidy(() => {
		const rows = Tensor.fromArray(Array.from({ length: count }, () => logits).flat(), [count, logits.length]);
		// Evenly spread draws invert the distribution exactly, to 1 / count.
		return drawTokens(
			rows,
			sampler,
			Float32Array.from({ length: count }, (_, i) => (i + 0.5) / count),
		);
	});
}

describe.each<[string, Partial<Sampler>]>([
	["plain", {}],
	["temperature 0.5", { temperature: 0.5 }],
	["temperature 2", { temperature: 2 }],
	["top-k 2", { topK: 2 }],
	["top-k 1", { topK: 1 }],
	["top-p 0.7", { topP: 0.7 }],
	["top-p tiny", { topP: 1e-6 }],
	["min-p 0.2", { minP: 0.2 }],
	["all together", { temperature: 1.5, topK: 4, topP: 0.9, minP: 0.1 }],
])("%s", (_, options) => {
	const sampler = { ...all, ...options };
	const want = expectedDistribution(sampler);
	const policy = softmax(logits);
	const count = 2000;
	const drawn = drawMany(sampler, count);

	test("frequencies are the distribution's", () => {
		want.forEach((p, token) => {
			const share = drawn.tokens.filter((t) => t === token).length / count;
			expect(Math.abs(share - p)).toBeLessThan(2 / count);
		});
	});

	test("log-probabilities are those of the distribution sampled from, and of the policy", () => {
		drawn.tokens.forEach((token, i) => {
			expect(drawn.samplerLogprobs[i]).toBeCloseTo(Math.log(want[token]), 4);
			expect(drawn.logprobs[i]).toBeCloseTo(Math.log(policy[token]), 4);
		});
	});
});

test("greedy takes the most likely token, with certainty", () => {
	const drawn = drawMany({ ...all, temperature: 0 }, 3);
	expect([...drawn.tokens]).toEqual([0, 0, 0]);
	expect([...drawn.samplerLogprobs]).toEqual([0, 0, 0]);
	expect(drawn.logprobs[0]).toBeCloseTo(Math.log(softmax(logits)[0]), 5);
});

test("greedy stays so with a truncation, and what is kept is what a truncation of nothing keeps", () => {
	expect([...drawMany({ ...all, temperature: 0, topK: 3 }, 2).tokens]).toEqual([0, 0]);
	const whole = drawMany({ ...all, temperature: 1.3 }, 500);
	const kept = drawMany({ ...all, temperature: 1.3, topK: logits.length }, 500);
	expect(kept.tokens).toEqual(whole.tokens);
	kept.logprobs.forEach((lp, i) => {
		expect(lp).toBeCloseTo(whole.logprobs[i], 5);
		expect(kept.samplerLogprobs[i]).toBeCloseTo(whole.samplerLogprobs[i], 5);
	});
});

test("the ends of the unit interval never give a token of probability 0", () => {
	tidy(() => {
		const rows = Tensor.fromArray([-Infinity, 0, 0, -Infinity, -Infinity, 0, 0, -Infinity], [2, 4]);
		const drawn = drawTokens(rows, all, new Float32Array([0, 1 - 2 ** -24]));
		expect([...drawn.tokens]).toEqual([1, 2]);
	});
});

test("random streams differ by seed, request and completion, and repeat", () => {
	const first = (seed: number, request: number, index: number) => uniformStream(seed, request, index)();
	expect(first(1, 2, 3)).toBe(first(1, 2, 3));
	const values = new Set<number>();
	for (let a = 0; a < 10; a++)
		for (let b = 0; b < 10; b++) for (let c = 0; c < 10; c++) values.add(first(a, b, c));
	expect(values.size).toBeGreaterThan(995);
	expect(first(2 ** 40 + 1, 0, 0)).not.toBe(first(1, 0, 0));
});

test.each([
	[{ temperature: -1 }, "temperature"],
	[{ temperature: Number.NaN }, "temperature"],
	[{ topK: 6 }, "top-k"],
	[{ topP: 0 }, "top-p"],
	[{ minP: 1 }, "min-p"],
	[{ maxTokens: 0 }, "max-tokens"],
	[{ seed: 0.5 }, "seed"],
])("refuses %o", (options, name) => {
	expect(() => resolveSampler({ maxTokens: 1, seed: 0, ...options }, 5)).toThrow(
		expect.objectContaining({ code: "sampling-option", message: expect.stringContaining(name) as string }),
	);
});

test.each([0, 1])("logits that are NaN give no token (temperature %s)", (temperature) => {
	const sampler = resolveSampler({ temperature, maxTokens: 1, seed: 0 }, 3);
	const logits = Tensor.fromArray([0, Number.NaN, 1], [1, 3]);
	expect(() => drawTokens(logits, sampler, Float32Array.of(0.5))).toThrow(
		expect.objectContaining({ code: "policy-not-finite" }),
	);
	logits.dispose();
});
