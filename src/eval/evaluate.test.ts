import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { openLocalEngine } from "../engine/local/open.ts";
import { loadTokenizer, type Tokenizer } from "../formats/tokenizer.ts";
import type { RewardFunction } from "../tasks/reward.ts";
import { familyTask } from "../tasks/task.ts";
import { writeTinyPolicy } from "../testing/tiny-run.ts";
import { evaluateProblems } from "./evaluate.ts";
import type { ProblemResult } from "./problem-result.ts";
import { summarise } from "./summarise.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-evaluate-"));
let engine: Engine;
let tokenizer: Tokenizer;
beforeAll(async () => {
	const model = writeTinyPolicy(join(root, "model"));
	tokenizer = loadTokenizer(model);
	engine = await openLocalEngine({ model, dtype: "f32", threads: 1 });
});
afterAll(async () => {
	await engine.close();
	rmSync(root, { recursive: true, force: true });
});

function result(id: string, greedy: number | null, rewards: readonly number[], errors = 0): ProblemResult {
	return { id, family: "add", greedy, rewards, errors };
}

describe("estimates", () => {
	test("are means over problems, worked out by hand", () => {
		const results = [
			result("a", 1, [1, 0, 0, 1]),
			result("b", 0, [0, 0, 0, 0]),
			result("c", 1, [1, 1, 1, 1]),
		];
		const { greedy, mean, passAt, errors } = summarise("in-domain", results, 4, [1, 2, 4]);
		expect(greedy!.estimate).toBeCloseTo(2 / 3, 12);
		expect(mean!.estimate).toBeCloseTo((0.5 + 0 + 1) / 3, 12);
		expect(passAt["1"]!.estimate).toBeCloseTo((0.5 + 0 + 1) / 3, 12);
		// Two of four right: a pair of them is wrong altogether with probability 1/6.
		expect(passAt["2"]!.estimate).toBeCloseTo((5 / 6 + 0 + 1) / 3, 12);
		expect(passAt["4"]!.estimate).toBeCloseTo(2 / 3, 12);
		expect(errors).toBe(0);
	});

	test("leave out what has no verdict, and are null where nothing has one", () => {
		const partly = summarise("d", [result("a", null, [1], 2), result("b", 1, [0, 1])], 2, [1, 2]);
		expect(partly.greedy).toMatchObject({ estimate: 1 });
		expect(partly.mean).toMatchObject({ estimate: 0.75 });
		expect(partly.passAt["2"]).toMatchObject({ estimate: 1 });
		expect(partly.errors).toBe(2);
		const none = summarise("d", [result("a", null, [], 3)], 2, [1, 2]);
		expect(none).toMatchObject({ greedy: null, mean: null, passAt: { 1: null, 2: null }, errors: 3 });
	});
});

describe("a model", () => {
	const options = { samples: 3, temperature: 1, maxTokens: 8, seed: 5, rewardTimeoutMs: 1000 };
	const problems = familyTask([{ family: "add" }]).problems("test", 4, 1);
	const evaluate = (reward: RewardFunction) =>
		evaluateProblems(engine, tokenizer, { name: "in-domain", problems, reward }, options);

	test("is evaluated on every problem, the same way each time", async () => {
		const length: RewardFunction = ({ completion }) => completion.length;
		const first = await evaluate(length);
		expect(first.results.map(({ id }) => id)).toEqual(problems.map(({ id }) => id));
		expect(first.results.every(({ rewards }) => rewards.length === 3)).toBe(true);
		expect(await evaluate(length)).toEqual(first);
	});

	test("whose verifier fails on everything is still evaluated, to no verdict", async () => {
		const evaluation = await evaluate(() => {
			throw new Error("no verifier");
		});
		expect(evaluation).toMatchObject({ greedy: null, mean: null, errors: 4 * (3 + 1) });
	});
});

describe("a model, piece by piece", () => {
	const options = { samples: 3, temperature: 1, maxTokens: 6, seed: 5, rewardTimeoutMs: 1000 };
	const problems = familyTask([{ family: "add" }]).problems("test", 7, 1);
	const reward: RewardFunction = ({ completion }) => ({
		reward: Number(completion.length % 2 === 0),
		answer: completion.slice(0, 1),
	});
	const domain = { name: "d", problems, reward };

	test("what is done already is not done again, and the rest comes out as if it had been", async () => {
		const whole = await evaluateProblems(engine, tokenizer, domain, options);
		const done = new Map([1, 2, 5].map((i) => [problems[i].id, whole.results[i]]));
		const fresh: ProblemResult[] = [];
		const progress: number[] = [];
		const rest = await evaluateProblems(engine, tokenizer, domain, options, {
			done,
			onResults: (results) => void fresh.push(...results),
			onProgress: (problems) => progress.push(problems),
		});
		expect(rest).toEqual(whole);
		expect(fresh.map(({ id }) => id)).toEqual([0, 3, 4, 6].map((i) => problems[i].id));
		expect(progress.at(0)).toBe(3);
		expect(progress.at(-1)).toBe(7);
		expect(progress).toEqual([...progress].sort((a, b) => a - b));
	});

	test("votes, lengths, texts, and a narrower distribution", async () => {
		const kept = { ...options, keepTexts: true };
		const { results, majority, tokens, stopped } = await evaluateProblems(engine, tokenizer, domain, kept);
		expect(majority!.estimate).toBeCloseTo(
			results.reduce((sum, { majority }) => sum + majority!, 0) / results.length,
			12,
		);
		for (const { texts, answers, tokens } of results) {
			expect(answers).toEqual(texts!.map((text) => text.slice(0, 1)));
			expect(tokens!.every((count) => count >= 1 && count <= 6)).toBe(true);
		}
		const all = results.flatMap(({ tokens }) => tokens!);
		expect(tokens).toBeCloseTo(all.reduce((a, b) => a + b, 0) / all.length, 12);
		expect(stopped).toBe(results.reduce((sum, { stopped }) => sum + stopped!, 0) / all.length);
		const narrow = await evaluateProblems(engine, tokenizer, domain, { ...kept, topK: 1 });
		for (const { texts, greedyText } of narrow.results) expect(new Set(texts)).toEqual(new Set([greedyText]));
	});

	test("choices by likelihood: the letter that scoring by hand finds most likely", async () => {
		const choices = ["red", "green", "blue"];
		const asked = problems.map((problem) => ({ ...problem, choices, answer: "B" }));
		const mixed = { ...domain, problems: [...asked.slice(0, 3), ...problems.slice(3)] };
		const { results } = await evaluateProblems(engine, tokenizer, mixed, {
			...options,
			choices: "likelihood",
		});
		for (const [i, { choice, choiceLogprobs, greedy, rewards }] of results.slice(0, 3).entries()) {
			const scored = await Promise.all(
				["A", "B", "C"].map(async (letter) => {
					const prompt = tokenizer.encode(asked[i].prompt);
					const tokens = Int32Array.from([...prompt, ...tokenizer.encode(`The answer is (${letter}`)]);
					const [{ logprobs }] = await engine.evaluate([{ tokens, promptLength: prompt.length }], "policy");
					return logprobs.reduce((a, b) => a + b, 0);
				}),
			);
			scored.forEach((value, c) => expect(choiceLogprobs![c]).toBeCloseTo(value, 3));
			expect(choice).toBe("ABC"[scored.indexOf(Math.max(...scored))]);
			expect([greedy, rewards]).toEqual([Number(choice === "B"), []]);
		}
		const generated = await evaluateProblems(engine, tokenizer, domain, options);
		expect(results.slice(3)).toEqual(generated.results.slice(3));
		const wrong = { ...domain, problems: [{ ...asked[0], answer: "D" }] };
		const refused = evaluateProblems(engine, tokenizer, wrong, { ...options, choices: "likelihood" });
		await expect(refused).rejects.toMatchObject({ code: "choices-missing" });
	});

	test("an abort ends it between two pieces", async () => {
		const controller = new AbortController();
		controller.abort();
		const stopped = evaluateProblems(engine, tokenizer, domain, options, { signal: controller.signal });
		await expect(stopped).rejects.toBe(controller.signal.reason);
	});
});
