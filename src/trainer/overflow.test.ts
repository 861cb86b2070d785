import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadTokenizer } from "../formats/tokenizer.ts";
import { readJsonLines } from "../runs/json-lines.ts";
import { letters, readMetrics, tinyRecipe } from "../testing/tiny-run.ts";
import type { StepMetrics } from "./step.ts";
import { train } from "./train.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-overflow-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = () => mkdtempSync(join(root, "case-"));

// A token that a policy samples is never at a large log-ratio to itself. Two ways there: another policy sampled it
// (a lag, and a learning rate that throws the policy far away at once), or a second update is made of it.
async function run(
	overrides: readonly string[],
	reward = letters,
): Promise<{ metrics: StepMetrics[]; dir: string }> {
	const recipe = tinyRecipe(folder(), ["train.steps=2", "eval.problems=0", ...overrides], reward);
	const dir = join(folder(), "run");
	const metrics: StepMetrics[] = [];
	await train(recipe, dir, { onStep: (line) => metrics.push(line) });
	return { metrics, dir };
}

const farAway = ["optimizer.learningRate=10"];

test("a log-ratio that overflows is named with its token, and the update is not made", async () => {
	const { metrics, dir } = await run(["kl.preset=k3-in-loss", "async.lag=1", ...farAway]);
	const [first, second] = metrics;
	expect(first).toMatchObject({ skipped: null, overflow: null });
	expect(second).toMatchObject({ skipped: "loss", updates: 0, gradNorm: null });
	// Nothing is clamped: the numbers say what they are.
	expect(second.objective).toMatchObject({ loss: Infinity, k3: Infinity, clamped: 0 });
	const { problem, completion, position, token, text, logp, reference, sampler } = second.overflow!;
	const lines = readJsonLines<{ step: number; problem: string; completion: string; tokens: number }>(
		join(dir, "rollouts.jsonl"),
	);
	const rollout = lines.filter((line) => line.step === 2 && line.problem === problem)[completion];
	const tokenizer = loadTokenizer(tinyRecipe(folder()).model);
	expect(position).toBeLessThan(rollout.tokens);
	expect(text).toBe(tokenizer.decode(Int32Array.of(token)));
	if (token < 128) expect(tokenizer.encode(rollout.completion)[position]).toBe(token);
	// k3 has exp(log ref - log pi), which a double holds up to 709 nats.
	expect(reference - logp).toBeGreaterThan(709);
	// The policy that sampled is the reference still.
	expect(sampler).toBeCloseTo(reference, 3);
	expect(readMetrics(dir)[1].overflow).toEqual(second.overflow);
});

test("a k1 of the same distance is finite, and trains", async () => {
	const { metrics } = await run(["async.lag=1", ...farAway]);
	expect(metrics.map(({ skipped, overflow }) => [skipped, overflow])).toEqual([
		[null, null],
		[null, null],
	]);
	expect(metrics[1].objective!.largestRatio).toBe(Infinity);
});

test("a clamp that is asked for cuts the same ratios off, and says of how many tokens", async () => {
	const { metrics } = await run(["kl.preset=k3-in-loss-clamped", "async.lag=1", ...farAway]);
	expect(metrics[1]).toMatchObject({ skipped: null, overflow: null });
	expect(metrics[1].objective!.clamped).toBeGreaterThan(0.5);
});

test("where only a later update overflows the earlier ones count, and its token is named", async () => {
	const { metrics } = await run(["kl.preset=k3-in-loss", "train.epochs=2", "train.steps=1", ...farAway]);
	expect(metrics[0]).toMatchObject({ skipped: null, updates: 1 });
	const { problem, logp, reference } = metrics[0].overflow!;
	expect(problem).toMatch(/^train 1\.[012]$/);
	expect(reference - logp).toBeGreaterThan(709);
});

test("a ratio that a double holds, and the gradient's f32 does not, is named too", async () => {
	const { metrics } = await run(["kl.preset=k3-in-loss", "async.lag=1", "optimizer.learningRate=3"]);
	expect(metrics[1].skipped).toBe("gradient");
	expect(metrics[1].objective!.loss).toSatisfy(Number.isFinite);
	const { sampler, logp } = metrics[1].overflow!;
	expect(sampler - logp).toBeGreaterThan(40);
	expect(Math.exp(sampler - logp)).toBe(metrics[1].objective!.largestRatio);
});

test.each([
	["loss", "1.7e308"],
	["gradient", "1e200"],
])("rewards that are too large for the %s are no log-ratio's doing", async (skipped, size) => {
	const reward = `({ completion }) => (completion.replace(/[^a-zA-Z]/g, "").length % 2 === 0 ? 1 : -1) * ${size}`;
	const { metrics } = await run(["train.steps=1"], reward);
	expect(metrics[0]).toMatchObject({ skipped, overflow: null });
});
