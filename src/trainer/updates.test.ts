import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { openLocalEngine } from "../engine/local/open.ts";
import { loadDomains } from "../eval/domains.ts";
import { loadTokenizer } from "../formats/tokenizer.ts";
import { readManifest } from "../runs/run-directory.ts";
import { wholeAndStopped } from "../testing/stopped-run.ts";
import { outputOf, readMetrics, tinyRecipe } from "../testing/tiny-run.ts";
import { engineOptions } from "./engine-options.ts";
import { type StepMetrics, trainStep } from "./step.ts";
import { train } from "./train.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-updates-"));
const engines: Engine[] = [];
afterEach(async () => {
	await Promise.all(engines.splice(0).map((engine) => engine.close()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = () => mkdtempSync(join(root, "case-"));

interface Watched {
	readonly metrics: StepMetrics;
	/** Tokens of the sequences of each update, and their prompts'. */
	readonly updates: readonly (readonly string[])[];
	readonly prompts: readonly (readonly string[])[];
	readonly gradNorms: readonly number[];
	readonly published: number;
}

/** The first step of a run, with what it asked of its engine, which is a real one. */
async function firstStep(overrides: readonly string[]): Promise<Watched> {
	const recipe = tinyRecipe(folder(), overrides);
	const engine = await openLocalEngine(engineOptions(recipe));
	engines.push(engine);
	const [accumulate, step, publish] = [
		vi.spyOn(engine, "accumulate"),
		vi.spyOn(engine, "step"),
		vi.spyOn(engine, "publish"),
	];
	const { train: task } = await loadDomains(recipe.task, 0, 1);
	const tokenizer = loadTokenizer(recipe.model);
	const { metrics } = await trainStep({ recipe, engine, tokenizer, task, beta: 0.05 }, 1);
	return {
		metrics,
		updates: accumulate.mock.calls.map(([sequences]) => sequences.map(({ tokens }) => tokens.join())),
		prompts: accumulate.mock.calls.map(([sequences]) =>
			sequences.map(({ tokens, promptLength }) => tokens.subarray(0, promptLength).join()),
		),
		gradNorms: step.mock.settledResults.flatMap((result) =>
			result.type === "fulfilled" ? [result.value.gradNorm] : [],
		),
		published: publish.mock.calls.length,
	};
}

test.each([
	[1, 1, [9]],
	[3, 1, [9, 9, 9]],
	[1, 3, [3, 3, 3]],
	[2, 2, [6, 3, 6, 3]],
])(
	"%i epochs of %i parts use every sequence once an epoch, in whole groups",
	async (epochs, parts, sizes) => {
		const { metrics, updates, prompts, gradNorms, published } = await firstStep([
			...[`train.epochs=${epochs}`, `train.minibatches=${parts}`],
		]);
		expect(metrics).toMatchObject({ updates: epochs * parts, skipped: null });
		expect(updates.map(({ length }) => length)).toEqual(sizes);
		const [all, ...others] = Array.from({ length: epochs }, (_, e) =>
			updates.slice(e * parts, (e + 1) * parts).flat(),
		);
		expect(new Set(all).size).toBe(9);
		for (const other of others) expect(other.slice().sort()).toEqual(all.slice().sort());
		for (const of of prompts) expect(new Set(of).size).toBe(of.length / 3);
		expect(gradNorms).toHaveLength(epochs * parts);
		expect(metrics.gradNorm).toBeCloseTo(gradNorms.reduce((a, b) => a + b, 0) / gradNorms.length, 12);
		// What samples next is the policy after the last of them, one version on.
		expect(published).toBe(1);
	},
);

test("parts are in another order in every epoch", async () => {
	const { updates } = await firstStep(["train.epochs=6", "train.minibatches=3"]);
	const orders = Array.from({ length: 6 }, (_, e) =>
		updates
			.slice(3 * e, 3 * e + 3)
			.flat()
			.join(" "),
	);
	expect(new Set(orders).size).toBeGreaterThan(1);
});

test("the first of several updates is the synchronous one, and the next is made of the same rollouts after it", async () => {
	const [once, twice] = [await firstStep([]), await firstStep(["train.epochs=2"])];
	expect(twice.updates).toEqual([once.updates[0], once.updates[0]]);
	expect(twice.gradNorms[0]).toBe(once.gradNorms[0]);
	expect(twice.gradNorms[1]).not.toBeCloseTo(once.gradNorms[0], 3);
	expect(once.metrics.objective!.largestRatio).toBeCloseTo(1, 4);
	// Weighed last after one update: the policy has left what sampled.
	expect(twice.metrics.objective!.largestRatio).toBeGreaterThan(1.01);
});

test("a run of several updates is explained as off-policy", async () => {
	const causes = async (overrides: readonly string[]) => {
		const dir = join(folder(), "run");
		await train(tinyRecipe(folder(), ["train.steps=1", "eval.problems=0", ...overrides]), dir);
		return readManifest(dir).kl.causes;
	};
	expect(await causes([])).not.toContain("importance");
	expect(await causes(["train.epochs=2"])).toContain("importance");
	expect(await causes(["train.minibatches=3"])).toContain("importance");
});

test.each([
	[["train.epochs=2"]],
	[["train.epochs=2", "train.minibatches=2", "objective.surrogate=ppo-clip", "kl.logprobs=current"]],
])("a run with %j that is stopped ends as one that is not, bit for bit", async (overrides) => {
	const recipe = tinyRecipe(folder(), ["train.steps=3", "eval.problems=0", ...overrides]);
	const { whole, stopped } = await wholeAndStopped(recipe, root, [1]);
	expect(outputOf(stopped)).toEqual(outputOf(whole));
	const { epochs, minibatches } = recipe.train;
	for (const { updates, policyVersion, step } of readMetrics(whole)) {
		expect([updates, policyVersion]).toEqual([epochs * minibatches, step - 1]);
	}
});
