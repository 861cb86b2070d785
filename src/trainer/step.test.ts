import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { openLocalEngine } from "../engine/local/open.ts";
import { loadTokenizer } from "../formats/tokenizer.ts";
import type { Problem } from "../tasks/family.ts";
import type { RewardFunction, RewardInput } from "../tasks/reward.ts";
import { tinyRecipe, withoutTiming } from "../testing/tiny-run.ts";
import { type StepContext, type StepMetrics, trainStep } from "./step.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-step-"));
const engines: Engine[] = [];
afterEach(async () => {
	await Promise.all(engines.splice(0).map((engine) => engine.close()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const problem = (id: string): Problem => ({
	id,
	family: "say",
	level: 1,
	prompt: `say ${id}\n`,
	answer: "",
	solution: "",
});
const letters = ({ completion }: RewardInput): number => completion.replace(/[^a-zA-Z]/g, "").length / 8;

/** A real engine over the tiny model, three problems a step (a, b, c) with three completions each. */
async function context(reward: RewardFunction, overrides: readonly string[] = []): Promise<StepContext> {
	const recipe = tinyRecipe(root, overrides);
	const engine = await openLocalEngine({
		model: recipe.model,
		reference: recipe.reference,
		dtype: recipe.dtype,
		threads: 1,
		learner: { tokensPerMicroBatch: recipe.train.tokensPerMicroBatch },
	});
	engines.push(engine);
	const task = { name: "say", problems: () => ["a", "b", "c"].map(problem), reward };
	return { recipe, engine, tokenizer: loadTokenizer(recipe.model), task, beta: 0.05 };
}

/** What the policy says of some tokens: differs when a weight does. */
async function fingerprint({ engine }: StepContext): Promise<number[]> {
	const sequence = { tokens: Int32Array.of(5, 100, 200, 40, 33, 97), promptLength: 1 };
	const [{ logprobs }] = await engine.evaluate([sequence], "policy");
	return [...logprobs];
}

test("a step samples, learns and publishes: the next one is sampled by another policy", async () => {
	const ctx = await context(letters, ["optimizer.warmupSteps=4"]);
	const before = await fingerprint(ctx);
	const { metrics, groups } = await trainStep(ctx, 1);
	const rollouts = groups.flatMap((group) => group.rollouts);
	const rewards = rollouts.map(({ scored }) => ("reward" in scored ? scored.reward : Number.NaN));
	const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
	expect(groups.map((group) => group.problem.id)).toEqual(["a", "b", "c"]);
	expect(metrics).toMatchObject({
		step: 1,
		reward: mean(rewards),
		passRate: 0,
		rewardErrors: 0,
		droppedGroups: 0,
		completionTokens: mean(rollouts.map(({ tokens }) => tokens.length)),
		stopped: mean(rollouts.map(({ finish }) => (finish === "stop" ? 1 : 0))),
		learningRate: 1e-2 / 4,
		skipped: null,
		policyVersion: 0,
	});
	expect(metrics.reward).toBeGreaterThan(0);
	expect(metrics.gradNorm).toBeGreaterThan(0);
	expect(metrics.entropy).toBeGreaterThan(0);
	// Nothing has moved yet between what sampled, the reference, and what learns.
	expect(metrics.objective).toMatchObject({
		reward: metrics.reward,
		tokens: rollouts.reduce((sum, { tokens }) => sum + tokens.length, 0),
	});
	for (const value of [metrics.objective!.k3, metrics.objective!.samplerKl]) expect(value).toBeLessThan(1e-9);
	expect(await fingerprint(ctx)).not.toEqual(before);
	const second = await trainStep(ctx, 2);
	expect(second.metrics).toMatchObject({ step: 2, policyVersion: 1, learningRate: 1e-2 / 2 });
	expect(second.metrics.objective!.k3).toBeGreaterThan(1e-6);
	expect(second.groups.map(({ rollouts: [{ text }] }) => text)).not.toEqual(
		groups.map(({ rollouts: [{ text }] }) => text),
	);
});

test("a verifier that fails once drops its group, is counted, and is never a reward of 0", async () => {
	let calls = 0;
	const ctx = await context((input) => {
		// The second of b's completions; problems are verified in order.
		if (input.problem.id === "b" && ++calls === 2) throw new Error("compiler missing");
		return 1 + letters(input);
	});
	const { metrics, groups } = await trainStep(ctx, 1);
	expect(metrics).toMatchObject({ rewardErrors: 1, droppedGroups: 1, skipped: null, passRate: 1 });
	const scored = groups.map(({ rollouts }) => rollouts.map((rollout) => rollout.scored));
	expect(scored[1].map((score) => Object.keys(score)[0])).toEqual(["reward", "error", "reward"]);
	expect(scored[1][1]).toEqual({ error: expect.stringMatching(/^Error: compiler missing/) as string });
	const kept = [groups[0], groups[2]].flatMap(({ rollouts }) => rollouts);
	const rewards = kept.map(({ scored: score }) => ("reward" in score ? score.reward : Number.NaN));
	expect(metrics.objective!.tokens).toBe(kept.reduce((sum, { tokens }) => sum + tokens.length, 0));
	expect(metrics.objective!.reward).toBeCloseTo(rewards.reduce((a, b) => a + b, 0) / 6, 12);
	expect(metrics.reward).toBeGreaterThanOrEqual(1);
});

test("a group left out changes the update as if it had not been sampled", async () => {
	const failing = await context((input) => {
		if (input.problem.id === "c") throw new Error("never");
		return letters(input);
	});
	const without = await context(letters);
	const two = { ...without.task, problems: () => ["a", "b"].map(problem) };
	const { metrics: dropped } = await trainStep(failing, 1);
	const { metrics: absent } = await trainStep({ ...without, task: two }, 1);
	expect(dropped.objective!.tokens).toBe(absent.objective!.tokens);
	expect(dropped.objective!.loss).toBeCloseTo(absent.objective!.loss, 5);
	expect(dropped.gradNorm).toBeCloseTo(absent.gradNorm!, 4);
});

test("a step whose every group fails changes nothing and says so", async () => {
	const ctx = await context(({ problem: { id } }) => {
		throw new Error(`nothing for ${id}`);
	});
	const before = await fingerprint(ctx);
	const { metrics, groups } = await trainStep(ctx, 1);
	expect(metrics).toMatchObject({
		reward: null,
		passRate: null,
		rewardErrors: 9,
		droppedGroups: 3,
		skipped: "rewards",
		gradNorm: null,
		entropy: null,
		objective: null,
	});
	for (const {
		problem: { id },
		rollouts,
	} of groups) {
		for (const { scored } of rollouts) {
			expect(scored).toEqual({ error: expect.stringContaining(`nothing for ${id}`) as string });
		}
	}
	expect(await fingerprint(ctx)).toEqual(before);
	expect((await trainStep({ ...ctx, task: { ...ctx.task, reward: letters } }, 2)).metrics).toMatchObject({
		policyVersion: 0,
		skipped: null,
	});
});

test("a verifier that is asynchronous may take its time, up to the limit", async () => {
	const ctx = await context(
		async (input) => {
			if (input.problem.id === "a") return new Promise<number>(() => undefined);
			await new Promise((resolve) => setTimeout(resolve, 5));
			return letters(input);
		},
		["rollout.rewardTimeoutSeconds=0.25"],
	);
	const { metrics, groups } = await trainStep(ctx, 1);
	expect(metrics).toMatchObject({ rewardErrors: 3, droppedGroups: 1, skipped: null });
	expect(groups[0].rollouts.map(({ scored }) => scored)).toEqual(
		Array(3).fill({ error: "no reward within 250 ms" }),
	);
});

test.each([
	["loss", 1e308],
	["gradient", 1e200],
] as const)("a %s that is not finite leaves policy and optimiser as they were", async (skipped, size) => {
	const ctx = await context((input) => letters(input) * size);
	const before = await fingerprint(ctx);
	const { metrics } = await trainStep(ctx, 1);
	expect(metrics.skipped).toBe(skipped);
	expect(Number.isFinite(metrics.objective!.loss)).toBe(skipped !== "loss");
	if (skipped === "gradient") expect(Number.isFinite(metrics.gradNorm)).toBe(false);
	else expect(metrics.gradNorm).toBeNull();
	expect(await fingerprint(ctx)).toEqual(before);
	const after = await trainStep({ ...ctx, task: { ...ctx.task, reward: letters } }, 2);
	const fresh = await context(letters);
	expect(withoutTiming(after.metrics)).toEqual(withoutTiming((await trainStep(fresh, 2)).metrics));
	expect(await fingerprint(ctx)).toEqual(await fingerprint(fresh));
});

test("an in-reward KL on the policy's own log-probs is that on the sampler's, on-policy", async () => {
	const figures = async (logprobs: string) => {
		const ctx = await context(letters, [`kl.logprobs=${logprobs}`, "kl.beta=0.5"]);
		const steps = [await trainStep(ctx, 1), await trainStep(ctx, 2)];
		return steps.flatMap(({ metrics: { gradNorm, objective } }: { metrics: StepMetrics }) => [
			gradNorm!,
			objective!.loss,
			objective!.k3,
		]);
	};
	const current = await figures("current");
	for (const [i, value] of (await figures("sampler")).entries()) expect(current[i]).toBeCloseTo(value, 2);
});

test("says what it is doing, in order, with the tokens sampled", async () => {
	const ctx = await context(letters);
	const phases: [string, number][] = [];
	const { groups } = await trainStep({ ...ctx, onPhase: (phase, tokens) => phases.push([phase, tokens]) }, 1);
	const tokens = groups.flatMap(({ rollouts }) => rollouts).reduce((sum, r) => sum + r.tokens.length, 0);
	const names = phases.map(([phase]) => phase);
	expect(names.filter((name, i) => name !== names[i - 1])).toEqual(["sampling", "scoring", "learning"]);
	expect(phases.slice(-2)).toEqual([
		["scoring", tokens],
		["learning", tokens],
	]);
	expect(phases.map(([, count]) => count)).toEqual(phases.map(([, count]) => count).sort((a, b) => a - b));
});
