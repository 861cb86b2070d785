import type { ResolvedRecipe } from "./train-recipe.ts";

/** Whether what samples is not what learns: an older policy, several updates of one batch, or a distribution cut short. */
export function isOffPolicy({ async, train, rollout }: ResolvedRecipe): boolean {
	return async.lag > 0 || train.epochs * train.minibatches > 1 || isTruncated(rollout);
}

/** Whether sampling leaves out tokens that the policy has. */
export function isTruncated({ topK, topP, minP }: ResolvedRecipe["rollout"]): boolean {
	return topK > 0 || topP < 1 || minP > 0;
}
