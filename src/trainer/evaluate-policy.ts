import type { Engine } from "../engine/engine.ts";
import { evaluateProblems } from "../eval/evaluate.ts";
import type { Evaluation } from "../eval/summarise.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { engineOptions } from "./engine-options.ts";
import type { Prepared } from "./prepare.ts";

/** The policy as it is, on every domain of the recipe. @param onTokens completion tokens sampled so far, of all domains */
export async function evaluatePolicy(
	{ eval: options, rollout }: ResolvedRecipe,
	engine: Engine,
	{ tokenizer, prompter, domains }: Prepared,
	onTokens: (tokens: number) => void,
): Promise<readonly Evaluation[]> {
	const { samples, temperature, topP, choices, seed } = options;
	const evaluations: Evaluation[] = [];
	let before = 0;
	for (const domain of domains.evaluation) {
		let tokens = 0;
		const evaluation = await evaluateProblems(
			engine,
			tokenizer,
			domain,
			{
				...{ samples, temperature, topP, choices, seed, prompter },
				maxTokens: options.maxTokens ?? rollout.maxTokens,
				rewardTimeoutMs: rollout.rewardTimeoutSeconds * 1000,
			},
			{
				onProgress: (_, sampled) => {
					tokens = sampled;
					onTokens(before + sampled);
				},
			},
		);
		evaluations.push(evaluation);
		before += tokens;
	}
	return evaluations;
}

/**
 * What an evaluation before the first step depends on: runs in which it is the same have the same evaluation, bit for bit,
 * so long as the files that it names are. Neither the objective nor the seed of the training is in it.
 */
export function firstEvaluationKey(
	recipe: ResolvedRecipe,
	{ seed: _, ...environment }: Readonly<Record<string, string | number>>,
): string {
	const { model, dtype, threads, prompt, task, eval: settings, rollout } = recipe;
	const { learner } = engineOptions(recipe);
	// A new adapter changes nothing before its first step; one that is gone on with does.
	const adapter = recipe.lora !== undefined && "adapter" in recipe.lora ? recipe.lora : null;
	return JSON.stringify([
		...[environment, model, dtype, threads, prompt, task, settings],
		...[rollout.maxTokens, rollout.rewardTimeoutSeconds, learner, adapter, recipe.lora !== undefined],
	]);
}
