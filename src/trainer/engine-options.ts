import type { LocalEngineOptions } from "../engine/local/local-engine.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";

/** The local engine that a recipe asks for. */
export function engineOptions({
	seed,
	model,
	reference,
	lora,
	dtype,
	threads,
	optimizer,
	train,
	async: { lag },
}: ResolvedRecipe): LocalEngineOptions {
	const { beta1, beta2, epsilon, weightDecay } = optimizer;
	const { tokensPerMicroBatch, recompute } = train;
	return {
		...{ model, reference, dtype, threads },
		optimizer: { beta1, beta2, epsilon, weightDecay },
		...(lora === undefined ? {} : { lora: "adapter" in lora ? lora : { ...lora, seed } }),
		retainVersions: lag,
		learner: { tokensPerMicroBatch, recompute },
	};
}
