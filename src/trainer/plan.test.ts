import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { estimateMemory } from "../engine/local/memory.ts";
import { resolveRecipe } from "../recipe/resolve-recipe.ts";
import { tinyConfig } from "../testing/tiny-model.ts";
import { writeTinyPolicy, writeTinyRecipe } from "../testing/tiny-run.ts";
import { whatFits } from "./plan.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-plan-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const config = { ...tinyConfig, numLayers: 12, vocabSize: 258 };
writeTinyPolicy(join(root, "model"), { config });
const recipe = resolveRecipe(writeTinyRecipe(root), ["train.tokensPerMicroBatch=100000"]);

test("the cheapest change that fits is named, and none where none does", () => {
	const step = { completions: 4, promptTokens: 20, maxTokens: 100 };
	const peakOf = (dtype: "f32" | "bf16", tokensPerMicroBatch: number, recompute: boolean) =>
		estimateMemory(config, config, { dtype }, { tokensPerMicroBatch, recompute }, step).peak;
	const fewer = peakOf("f32", 256, false);
	const recomputing = peakOf("f32", 256, true);
	const half = peakOf("bf16", 256, true);
	expect(recomputing).toBeLessThan(fewer);
	expect(half).toBeLessThan(recomputing);
	expect(fewer).toBeLessThan(peakOf("f32", 100_000, false));
	expect([fewer, fewer - 1, recomputing - 1, half - 1].map((bytes) => whatFits(recipe, step, bytes))).toEqual(
		[
			"add train.tokensPerMicroBatch=256",
			"add train.tokensPerMicroBatch=256 train.recompute=true",
			"add dtype=bf16 train.tokensPerMicroBatch=256 train.recompute=true",
			null,
		],
	);
});
