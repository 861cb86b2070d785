import { klOf } from "../trainer/prepare.ts";
import type { PlannedCell } from "./read-experiment.ts";
import { portable, type RunRecord } from "./run-record.ts";

/** The record of a cell that failed before it had a run directory. */
export function failedRecord(
	{ id, labels, seed, recipe }: PlannedCell,
	{ outcome, reason }: { readonly outcome: RunRecord["outcome"]; readonly reason: string },
): RunRecord {
	return {
		name: id,
		...{ seed, labels, outcome, reason },
		step: 0,
		steps: recipe.train.steps,
		kl: klOf(recipe),
		environment: {},
		seconds: 0,
		before: null,
		after: null,
		series: {
			...{ step: [], reward: [], kl: [], klPerToken: [], forwardKlPerToken: [] },
			...{ entropy: [], length: [], topWeightShare: [], sequenceEss: [], gradNorm: [] },
		},
		config: portable(JSON.parse(JSON.stringify(recipe))) as Record<string, unknown>,
	};
}
