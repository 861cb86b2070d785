import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { readJsonLines } from "../runs/json-lines.ts";
import { pretrain } from "../trainer/pretrain.ts";
import type { StepMetrics } from "../trainer/step.ts";
import { train } from "../trainer/train.ts";
import { pretrainRecipe } from "./pretrain-recipe.ts";
import { readRecipe } from "./read-recipe.ts";
import { resolveRecipe } from "./resolve-recipe.ts";

// Every recipe that is shipped runs, cut short.

const folder = fileURLToPath(new URL("../../recipes", import.meta.url));
const recipes = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
const isPretraining = (name: string) =>
	!Object.hasOwn(parse(readFileSync(join(folder, name), "utf8")) as object, "kl");

let out: string;
beforeAll(() => {
	out = mkdtempSync(join(tmpdir(), "thalia-recipes-"));
});
afterAll(() => {
	rmSync(out, { recursive: true, force: true });
});

test.each(recipes.filter((name) => !isPretraining(name)))("%s trains", async (name) => {
	const recipe = resolveRecipe(join(folder, name), [
		"train.steps=2",
		"rollout.prompts=2",
		"rollout.maxTokens=40",
		"eval.problems=4",
		"eval.samples=2",
		"threads=1",
	]);
	const result = await train(recipe, join(out, name));
	expect(result).toMatchObject({ outcome: "finished", step: 2 });
	expect(result.evaluations.map(({ step }) => step)).toEqual([0, 2]);
	const lines = readJsonLines<StepMetrics>(join(out, name, "metrics.jsonl"));
	expect(lines.map(({ staleness }) => staleness)).toEqual([0, Math.min(1, recipe.async.lag)]);
});

test.each(recipes.filter(isPretraining))("%s pretrains", async (name) => {
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
