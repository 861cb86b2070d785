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
