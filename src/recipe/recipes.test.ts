import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { budgetOf } from "../experiment/budget.ts";
import { readExperiment } from "../experiment/read-experiment.ts";
import { readJsonLines } from "../runs/json-lines.ts";
import { realData } from "../testing/data.ts";
import { realModel } from "../testing/real-model.ts";
import { pretrain } from "../trainer/pretrain.ts";
import type { StepMetrics } from "../trainer/step.ts";
import { train } from "../trainer/train.ts";
import { pretrainRecipe } from "./pretrain-recipe.ts";
import { readRecipe } from "./read-recipe.ts";
import { resolveRecipe } from "./resolve-recipe.ts";

// Every recipe that is shipped runs, cut short.

const folder = fileURLToPath(new URL("../../recipes", import.meta.url));
/** What trains a real model, which is fetched, on data that is not shipped. */
const real = "smollm2-word-problems.yaml";
const realExperiment = join("comedy", "smollm2.yaml");
const recipes = ["", "comedy"].flatMap((below) =>
	readdirSync(join(folder, below))
		.map((name) => join(below, name))
		.filter((name) => name.endsWith(".yaml") && name !== real && name !== realExperiment),
);
const of = (kind: "training" | "pretraining" | "experiment") =>
	recipes.filter((name) => {
		const written = parse(readFileSync(join(folder, name), "utf8")) as object;
		const has = (key: string) => Object.hasOwn(written, key);
		return kind === (has("axes") ? "experiment" : has("kl") ? "training" : "pretraining");
	});

let out: string;
beforeAll(() => {
	out = mkdtempSync(join(tmpdir(), "thalia-recipes-"));
});
afterAll(() => {
	rmSync(out, { recursive: true, force: true });
});

const short = [
	"train.steps=2",
	"rollout.prompts=2",
	"rollout.maxTokens=40",
	"eval.problems=4",
	"eval.samples=2",
	"threads=1",
];

test.each(of("training"))("%s trains", async (name) => {
	const recipe = resolveRecipe(join(folder, name), short);
	const result = await train(recipe, join(out, name));
	expect(result).toMatchObject({ outcome: "finished", step: 2 });
	expect(result.evaluations.map(({ step }) => step)).toEqual([0, 2]);
	const lines = readJsonLines<StepMetrics>(join(out, name, "metrics.jsonl"));
	expect(lines.map(({ staleness }) => staleness)).toEqual([0, Math.min(1, recipe.async.lag)]);
});

test.each(of("pretraining"))("%s pretrains", async (name) => {
	const recipe = readRecipe(pretrainRecipe, join(folder, name), [
		"train.steps=2",
		"train.batch=4",
		"threads=1",
	]);
	const dir = join(out, name);
	await pretrain(recipe, dir);
	expect(readdirSync(dir).sort()).toEqual(
		["config.json", "log.jsonl", "model.safetensors", "recipe.yaml", "tokenizer.json"].concat(
			"tokenizer_config.json",
		),
	);
});

test.each(of("experiment"))("%s is a grid of runs that are all right", async (name) => {
	const file = join(folder, name);
	const { cells } = await readExperiment(file);
	const quick = await readExperiment(file, { quick: true });
	expect(quick.cells.length).toBeGreaterThan(1);
	expect(quick.cells.length).toBeLessThan(cells.length / 3);
	const all = cells.map(({ labels }) => JSON.stringify(labels));
	for (const { labels } of quick.cells) expect(all).toContain(JSON.stringify(labels));
	// What it costs is measured in runs: all of them are one recipe, cut short above.
	const { tooLarge } = await budgetOf({ cells: [...cells, ...quick.cells] });
	expect(tooLarge).toEqual([]);
});

const model = realData === undefined ? undefined : await realModel();

test.skipIf(model === undefined)(
	`${real} trains`,
	async () => {
		const overrides = [...short, `model=${model!}`, `task.dataDir=${realData!}`, "rollout.maxTokens=8"];
		overrides.push("eval.problems=4", "eval.samples=1", "task.heldOut.5.weight=20", "prompt.shots=1");
		const result = await train(resolveRecipe(join(folder, real), overrides), join(out, real));
		expect(result).toMatchObject({ outcome: "finished", step: 2 });
		const [{ evaluations }] = result.evaluations;
		const questions = evaluations[1].results.filter(({ family }) => family.startsWith("mmlu"));
		expect(questions.length).toBeGreaterThan(0);
		for (const { choice } of questions) expect(choice).toMatch(/^[A-D]$/);
		const lines = readJsonLines<StepMetrics>(join(out, real, "metrics.jsonl"));
		// Before the first update the policy is its base, which is the reference: nothing is between them.
		expect(lines[0].kl).toBe(0);
		expect(readdirSync(result.model!)).toContain("adapter_model.safetensors");
	},
	300_000,
);

test.skipIf(model === undefined)(`${realExperiment} is a grid of runs that are all right`, async () => {
	const overrides = [`model=${model!}`, `task.dataDir=${realData!}`];
	const { cells, jobs } = await readExperiment(join(folder, realExperiment), { overrides });
	expect(cells.map(({ labels }) => labels.kl)).toEqual(
		["none", "k1-reward", "k3-loss"].concat("none", "k1-reward", "k3-loss"),
	);
	expect(jobs).toBe(2);
	expect((await budgetOf({ cells })).tooLarge).toEqual([]);
});
