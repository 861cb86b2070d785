import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { openLocalEngine } from "../engine/local/open.ts";
import { loadTokenizer, type Tokenizer } from "../formats/tokenizer.ts";
import type { Problem } from "../tasks/family.ts";
import type { RewardFunction } from "../tasks/reward.ts";
import { writeTinyPolicy } from "../testing/tiny-run.ts";
import { sampleGroups, textOf } from "./collect.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-collect-"));
let engine: Engine;
let tokenizer: Tokenizer;
beforeAll(async () => {
	const model = writeTinyPolicy(join(root, "model"));
	engine = await openLocalEngine({ model, dtype: "f32", threads: 1 });
	tokenizer = loadTokenizer(model);
});
afterAll(async () => {
	await engine.close();
	rmSync(root, { recursive: true, force: true });
});

const problems = ["one", "three or so", "four"].map(
	(id): Problem => ({ id, family: "say", level: 1, prompt: `say ${id}\n`, answer: "", solution: "" }),
);
const groupSize = 4;
const sampling = { maxTokens: 24, seed: 11 };

const collect = (reward: RewardFunction, rewardTimeoutMs = 10_000, onTokens?: (tokens: number) => void) =>
	sampleGroups(engine, tokenizer, reward, problems, { groupSize, sampling, rewardTimeoutMs }, onTokens);

test("every problem has its group: its prompt, the engine's completions in order, their texts and rewards", async () => {
	const seen: string[] = [];
	let progress = 0;
	const sampled = await collect(
		({ problem, completion }) => {
			seen.push(`${problem.id}: ${completion}`);
			return completion.length;
		},
		10_000,
		(tokens) => (progress = tokens),
	);
	const groups = await sampled.scored;
	const prompts = problems.map(({ prompt }) => Int32Array.from(tokenizer.encode(prompt)));
	const completions = await engine.sample(
		prompts.map((prompt, id) => ({ prompt, count: groupSize, id })),
		sampling,
	);
	expect(sampled.prompts).toEqual(prompts);
	expect(sampled.completions).toEqual(completions);
	expect(sampled.tokens).toBe(completions.reduce((sum, { tokens }) => sum + tokens.length, 0));
	expect(progress).toBe(sampled.tokens);
	expect(new Set(completions.map(({ finish }) => finish))).toEqual(new Set(["stop", "length"]));
	expect(groups.map(({ problem }) => problem)).toEqual(problems);
	expect(groups.map(({ prompt }) => prompt)).toEqual(prompts);
	expect(groups.flatMap(({ rollouts }) => rollouts)).toEqual(
		completions.map((completion) => {
			const text = textOf(tokenizer, completion);
			return { ...completion, text, scored: { reward: text.length } };
		}),
	);
	expect(seen).toEqual(
		groups.flatMap(({ problem, rollouts }) => rollouts.map(({ text }) => `${problem.id}: ${text}`)),
	);
});

test("the text is without the token that stopped it, and nothing else is missing", () => {
	const completion = {
		samplerLogprobs: new Float32Array(3),
		logprobs: new Float32Array(3),
		policyVersion: 0,
	};
	const tokens = Int32Array.of(...tokenizer.encode("hi"), 256);
	expect(textOf(tokenizer, { ...completion, tokens, finish: "stop" })).toBe("hi");
	expect(textOf(tokenizer, { ...completion, tokens: tokens.subarray(0, 2), finish: "length" })).toBe("hi");
	expect(textOf(tokenizer, { ...completion, tokens: tokens.subarray(2), finish: "stop" })).toBe("");
});

test("completions are there while their verifier still works", async () => {
	let release: (() => void) | undefined;
	const gate = new Promise<void>((resolve) => (release = resolve));
	let scored = 0;
	const sampled = await collect(async () => {
		await gate;
		return ++scored;
	});
	expect(sampled.completions).toHaveLength(problems.length * groupSize);
	expect(scored).toBe(0);
	release!();
	await sampled.scored;
	expect(scored).toBe(problems.length * groupSize);
});

test("rewards that come out of order go to their completions", async () => {
	const order: string[] = [];
	const sampled = await collect(async ({ problem, completion }) => {
		// The first problem's are the last to come.
		await new Promise((resolve) => setTimeout(resolve, problem.id === "one" ? 20 : 1));
		order.push(problem.id);
		return completion.charCodeAt(0);
	});
	const groups = await sampled.scored;
	expect(order.at(-1)).toBe("one");
	for (const { rollouts } of groups) {
		for (const { text, scored } of rollouts) expect(scored).toEqual({ reward: text.charCodeAt(0) });
	}
});

test("a verifier that fails gives its message in place of a reward, and the others keep theirs", async () => {
	const sampled = await collect(({ problem }) => {
		if (problem.id === "one") throw new RangeError("no such unit");
		return problem.id === "four" ? Promise.reject(new Error("service is down")) : 0.5;
	});
	const groups = await sampled.scored;
	const scores = groups.map(({ rollouts }) => rollouts.map(({ scored }) => scored));
	for (const scored of scores[0]) {
		expect(scored).toEqual({ error: expect.stringMatching(/^RangeError: no such unit \(at /) as string });
	}
	expect(scores[1]).toEqual(Array(groupSize).fill({ reward: 0.5 }));
	for (const scored of scores[2]) {
		expect(scored).toEqual({ error: expect.stringMatching(/^Error: service is down/) as string });
	}
});

test("a verifier that does not come back is an error of its completion after the time limit", async () => {
	const aborted: string[] = [];
	const sampled = await collect(({ problem, signal }) => {
		if (problem.id !== "one") return 1;
		signal.addEventListener("abort", () => aborted.push(problem.id));
		return new Promise<number>(() => undefined);
	}, 30);
	const groups = await sampled.scored;
	const scores = groups.map(({ rollouts }) => rollouts.map(({ scored }) => scored));
	expect(scores[0]).toEqual(Array(groupSize).fill({ error: "no reward within 30 ms" }));
	expect(scores.slice(1).flat()).toEqual(Array(2 * groupSize).fill({ reward: 1 }));
	expect(aborted).toHaveLength(groupSize);
});
