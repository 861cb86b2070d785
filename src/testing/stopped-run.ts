import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { resumeTraining, type TrainHooks, train } from "../trainer/train.ts";

/** Hooks of a run that is asked to stop after a step. */
export function stopAfter(step: number): TrainHooks {
	const controller = new AbortController();
	return {
		signal: controller.signal,
		onStep: (metrics) => {
			if (metrics.step === step) controller.abort();
		},
	};
}

/**
 * Trains by a recipe twice: in one go, and stopped after each of these steps and taken up again. Every checkpoint but
 * the last is that of a stop.
 * @param root where the run directories are made
 */
export async function wholeAndStopped(
	recipe: ResolvedRecipe,
	root: string,
	stops: readonly number[],
): Promise<{ whole: string; stopped: string }> {
	const folder = mkdtempSync(join(root, "stopped-"));
	const [whole, stopped] = [join(folder, "whole"), join(folder, "stopped")];
	const { steps } = recipe.train;
	const once = { ...recipe, train: { ...recipe.train, checkpointEvery: steps, keepCheckpoints: 1 } };
	await train(once, whole);
	for (const [i, stop] of stops.entries()) {
		if (i === 0) await train(once, stopped, stopAfter(stop));
		else await resumeTraining(stopped, stopAfter(stop));
	}
	await resumeTraining(stopped);
	return { whole, stopped };
}
