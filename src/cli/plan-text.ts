import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { gigabytes } from "../trainer/plan.ts";
import type { TrainingPlan } from "../trainer/prepare.ts";
import { clock } from "./status-line.ts";
import { formatTable } from "./table.ts";

/**
 * What `train --dry-run` prints.
 * @param gigaflops rate of matrix products on this machine; null where it is not known
 */
export function planText(
	{ name, model, dtype, train }: Pick<ResolvedRecipe, "name" | "model" | "dtype" | "train">,
	plan: TrainingPlan,
	gigaflops: number | null,
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
		`model: ${model}, ${shapeText(plan)}`,
		`KL: ${plan.kl.objective}`,
		formatTable(rows.filter(([, bytes]) => bytes > 0).map(([what, bytes]) => [what, gigabytes(bytes)])),
		...(gigaflops === null ? [] : [timeText(plan, train.steps, gigaflops)]),
		...plan.notes,
		fits ? "this fits" : `this does not fit${fix === null ? "" : `: ${fix}`}`,
	].join("\n");
}

function shapeText({ model: c, parameters: { policy, trained } }: TrainingPlan): string {
	const heads = `${c.numHeads} heads of ${c.headDim} (${c.numKvHeads} for keys and values)`;
	const learned = trained === policy ? "all learned" : `${millions(trained)} beside them learned`;
	return `${c.architecture}: ${millions(policy)} parameters, ${learned}; ${c.numLayers} layers, hidden ${c.hiddenSize}, ${heads}, feed-forward ${c.intermediateSize}, vocabulary ${c.vocabSize}`;
}

/** The floor of matrix products: what else there is comes on top, 1.3 to 3 times in all. */
function timeText({ operations }: TrainingPlan, steps: number, gigaflops: number): string {
	const seconds = operations.step / gigaflops / 1e9;
	return `at ${gigaflops.toFixed(0)} GFLOP/s, as here, the matrix products of a step take ${duration(seconds)} and of all steps ${duration(seconds * steps)}, were every completion as long as it may be; steps take 1.3 to 3 times that`;
}

function duration(seconds: number): string {
	const days = Math.round(seconds / 86_400);
	return days < 3 ? clock(seconds) : `${days} days`;
}

function millions(count: number): string {
	return count < 1e6 ? String(count) : `${(count / 1e6).toFixed(count < 1e8 ? 1 : 0)} M`;
}
