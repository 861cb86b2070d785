import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { resolveRecipeModels } from "../hub/resolve-model.ts";
import { realData } from "../testing/data.ts";
import { planTraining } from "../trainer/prepare.ts";
import { resolveRecipe } from "./resolve-recipe.ts";

// Too large to run here: what a dry run checks of them, with the data that is here and the shapes that are shipped.

const folder = fileURLToPath(new URL("../../recipes/paper", import.meta.url));

/** As the models' cards count them. */
const parameters: Record<string, number> = {
	"llama-3.1-8b-instruct-math.yaml": 8_030_261_248,
	"qwen2.5-7b-math.yaml": 7_615_616_512,
	"qwen2.5-7b-math-async.yaml": 7_615_616_512,
	"qwen3-4b-instruct-math.yaml": 4_022_468_096,
};

test("none is forgotten", () => {
	expect(readdirSync(folder).sort()).toEqual(Object.keys(parameters).sort());
});

describe.skipIf(realData === undefined)("recipes/paper", () => {
	test.each(Object.keys(parameters))("%s: shapes, memory and what its KL follows", async (name) => {
		const overrides = [`task.dataDir=${realData!}`];
		const recipe = resolveRecipe(join(folder, name), overrides);
		const unreachable = () => Promise.reject(new TypeError("fetch failed"));
		const options = { descriptionsOnly: true, fetch: unreachable };
		const plan = await planTraining(await resolveRecipeModels(recipe, options));
		expect(plan.parameters.policy).toBe(parameters[name]);
		const { prompts, groupSize, maxTokens } = recipe.rollout;
		expect(plan.step).toMatchObject({ completions: prompts * groupSize, maxTokens });
		expect(plan.step.promptTokens).toBeGreaterThan(50);
		const lag = name.includes("async") ? 10 : 0;
		expect(recipe.async.lag).toBe(lag);
		// bf16: 2 bytes of policy and reference each, f32 moments and masters, f32 gradients; and lagging versions.
		const bytes = parameters[name] * (2 + 2 + 12 + 4 + 2 * lag);
		expect(plan.memory.peak / bytes).toBeGreaterThan(1);
		expect(plan.memory.peak / bytes).toBeLessThan(1.2);
		expect(plan.kl).toMatchObject(
			lag === 0 ? { objective: "sequence-reverse-kl", exact: true } : { objective: "biased", exact: false },
		);
	});
});
