import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openLocalEngine } from "../engine/local/open.ts";
import { loadDomains } from "../eval/domains.ts";
import { loadTokenizer } from "../formats/tokenizer.ts";
import { resolveRecipe } from "../recipe/resolve-recipe.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { sampleGroups } from "../rollout/collect.ts";
import { readJsonLines } from "../runs/json-lines.ts";
import { wholeAndStopped } from "../testing/stopped-run.ts";
import { letters, outputOf, readMetrics, tinyRecipe, writeTinyRecipe } from "../testing/tiny-run.ts";
import { engineOptions } from "./engine-options.ts";
import { train } from "./train.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-lag-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = () => mkdtempSync(join(root, "case-"));

interface RolloutLine {
	readonly step: number;
	readonly completion: string;
	readonly policyVersion: number;
}

const rolloutsOf = (dir: string) => readJsonLines<RolloutLine>(join(dir, "rollouts.jsonl"));

function laggingRecipe(lag: number, overrides: readonly string[] = [], reward = letters): ResolvedRecipe {
	return tinyRecipe(folder(), ["eval.problems=0", `async.lag=${lag}`, ...overrides], reward);
}

async function run(recipe: ResolvedRecipe): Promise<string> {
	const dir = join(folder(), "run");
	await train(recipe, dir);
	return dir;
}

/** What the model that a recipe starts from samples for each of its steps. */
async function samplesOfFirstPolicy(recipe: ResolvedRecipe): Promise<string[]> {
	const engine = await openLocalEngine(engineOptions(recipe));
	const { train: task } = await loadDomains(recipe.task, 0, 1);
	const { prompts, groupSize, temperature, maxTokens } = recipe.rollout;
	const texts: string[] = [];
	for (let step = 1; step <= recipe.train.steps; step++) {
		const seed = recipe.seed * 1_000_003 + step;
		const sampling = { temperature, maxTokens, seed };
		const problems = task.problems("train", prompts, seed);
		const options = { groupSize, sampling, rewardTimeoutMs: 1000 };
		const tokenizer = loadTokenizer(recipe.model);
		const groups = await (await sampleGroups(engine, tokenizer, () => 0, problems, options)).scored;
		texts.push(...groups.flatMap(({ rollouts }) => rollouts.map(({ text }) => text)));
	}
	await engine.close();
	return texts;
}

test("a lag of 0 is the synchronous trainer, bit for bit", async () => {
	const recipe = tinyRecipe(folder(), ["train.steps=3"]);
	const lagging = resolveRecipe(writeTinyRecipe(folder()), [
		...["train.steps=3", "async.mode=strict", "async.lag=0"],
	]);
	const [synchronous, dir] = [await run(recipe), await run(lagging)];
	expect(outputOf(dir)).toEqual(outputOf(synchronous));
	for (const { staleness, retained } of readMetrics(dir))
		expect([staleness, retained]).toEqual([0, undefined]);
});

test("step n is sampled by the policy after step max(0, n - 1 - lag), and says how far behind that is", async () => {
	const dir = await run(laggingRecipe(2));
	const versions = [0, 0, 0, 1, 2, 3];
	const metrics = readMetrics(dir);
	expect(metrics.map(({ policyVersion }) => policyVersion)).toEqual(versions);
	expect(metrics.map(({ staleness }) => staleness)).toEqual([0, 1, 2, 2, 2, 2]);
	expect(rolloutsOf(dir).map(({ policyVersion }) => policyVersion)).toEqual(
		versions.flatMap((version) => Array<number>(9).fill(version)),
	);
	// The newest version is the policy itself: copies are kept of those before it.
	const bytes = metrics[0].retained!.bytes;
	expect(bytes).toBeGreaterThan(258 * 32 * 4);
	expect(metrics.map(({ retained }) => retained)).toEqual(
		[1, 2, 2, 2, 2, 2].map((copies) => ({ versions: copies + 1, bytes: copies * bytes })),
	);
});

test("rollouts are what their policy version samples: with a lag as long as the run, all of the first policy", async () => {
	const lagging = laggingRecipe(3, ["train.steps=4"]);
	const expected = await samplesOfFirstPolicy(lagging);
	const completions = async (recipe: ResolvedRecipe) =>
		rolloutsOf(await run(recipe)).map(({ completion }) => completion);
	expect(await completions(lagging)).toEqual(expected);
	// With a shorter one the steps that it covers are, and no more.
	const shorter = await completions(laggingRecipe(1, ["train.steps=4"]));
	expect(shorter.slice(0, 18)).toEqual(expected.slice(0, 18));
	expect(shorter.slice(18, 27)).not.toEqual(expected.slice(18, 27));
});

test.each([
	[1, [1], []],
	[2, [2, 5], []],
	[2, [4], ["dtype=bf16", "train.epochs=2", "objective.surrogate=ppo-clip"]],
])(
	"a run of lag %i that is stopped after steps %j (%j) ends as one that is not, bit for bit",
	async (...given) => {
		const [lag, stops, overrides] = given;
		const recipe = laggingRecipe(lag, overrides);
		const { whole, stopped } = await wholeAndStopped(recipe, root, stops);
		expect(outputOf(stopped)).toEqual(outputOf(whole));
		expect(readdirSync(join(stopped, "checkpoints", "step-6"))).toContain("versions.safetensors");
	},
);

test("a step that changes nothing makes no version, and the next ones still sample what they should", async () => {
	// Infinite in the loss of step 2, and in the gradient of step 4.
	const reward = `({ problem, completion }) =>
		completion.replace(/[^a-zA-Z]/g, "").length * ({ 2: 2e307, 4: 1e200 }[problem.id.split(/[ .]/)[1]] ?? 0.1)`;
	const recipe = laggingRecipe(1, [], reward);
	const { whole, stopped } = await wholeAndStopped(recipe, root, [4]);
	const metrics = readMetrics(whole);
	expect(metrics.map(({ skipped }) => skipped)).toEqual([null, "loss", null, "gradient", null, null]);
	expect(metrics.map(({ policyVersion }) => policyVersion)).toEqual([0, 0, 1, 1, 2, 2]);
	expect(metrics.map(({ staleness }) => staleness)).toEqual([0, 1, 0, 1, 0, 1]);
	expect(outputOf(stopped)).toEqual(outputOf(whole));
});

test("the ratios are of the policy to the older one that sampled", async () => {
	const objectives = async (lag: number) =>
		readMetrics(await run(laggingRecipe(lag))).map((m) => m.objective!);
	for (const { sequenceEss, tokenEss, largestRatio, samplerKl } of await objectives(0)) {
		expect(sequenceEss).toBeCloseTo(1, 6);
		expect(tokenEss).toBeCloseTo(1, 6);
		expect(largestRatio).toBeCloseTo(1, 3);
		expect(samplerKl).toBeLessThan(1e-8);
	}
	const [first, ...behind] = await objectives(2);
	expect(first.largestRatio).toBeCloseTo(1, 3);
	for (const { sequenceEss, tokenEss, largestRatio, samplerKl } of behind) {
		expect(sequenceEss).toBeLessThan(0.999);
		expect(tokenEss).toBeLessThan(0.999);
		expect(largestRatio).toBeGreaterThan(1.01);
		expect(samplerKl).toBeGreaterThan(1e-6);
	}
});

test("an importance weight changes the update where rollouts lag, and only there", async () => {
	const metricsOf = async (importance: string) => {
		const overrides = ["train.steps=3", "kl.place=loss", "kl.estimator=k2", "kl.beta=5"];
		return readMetrics(await run(laggingRecipe(1, [...overrides, `kl.importance=${importance}`])));
	};
	const [none, weighted] = [await metricsOf("none"), await metricsOf("token")];
	expect(weighted[0].gradNorm).toBeCloseTo(none[0].gradNorm!, 4);
	const [loss, gradNorm] = [weighted[1].objective!.loss, weighted[2].gradNorm!];
	expect(Math.abs(loss / none[1].objective!.loss - 1)).toBeGreaterThan(1e-3);
	expect(Math.abs(gradNorm / none[2].gradNorm! - 1)).toBeGreaterThan(1e-3);
});
