import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { gigabytes, type Plan } from "../trainer/plan.ts";
import { formatTable } from "./table.ts";

/** What `train --dry-run` prints. */
export function planText(
	{ name, dtype, train }: ResolvedRecipe,
	plan: Plan & { kl: { objective: string } },
): string {
	const { step, memory, available, fits, fix } = plan;
	const { resident, phases, peak } = memory;
	const rows: [string, number][] = [
		...Object.entries(resident),
		["sampling", phases.sampling],
		["reference log-probs", phases.reference],
		["learning", phases.learning],
		["the most at once", peak],
		["available", available],
	];
	return [
		`${name}: ${train.steps} steps of ${step.completions} completions, prompts of up to ${step.promptTokens} tokens, completions of up to ${step.maxTokens}, in ${dtype}`,
		`KL: ${plan.kl.objective}`,
		formatTable(rows.filter(([, bytes]) => bytes > 0).map(([what, bytes]) => [what, gigabytes(bytes)])),
		fits ? "this fits" : `this does not fit${fix === null ? "" : `: ${fix}`}`,
	].join("\n");
}
