import { availableParallelism } from "node:os";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { planTraining } from "../trainer/prepare.ts";
import type { Experiment, PlannedCell } from "./read-experiment.ts";

/** What the cells of a grid share. */
export interface Budget {
	/** Cells at once. */
	readonly jobs: number;
	/** Bytes of all of them together. */
	readonly memory: number;
	/** Peak memory of a cell in bytes, as the plan of its recipe has it. */
	readonly needs: (cell: PlannedCell) => number;
	/** Cells that do not fit, were they alone, and the change of settings that would help. */
	readonly tooLarge: readonly {
		readonly cell: PlannedCell;
		readonly bytes: number;
		readonly fix: string | null;
	}[];
}

export interface BudgetOptions {
	/** Bytes; default: what the machine has to give now. */
	readonly memory?: number;
}

/** Share of the available memory that is given out: the estimate is not exact. */
const usedShare = 0.9;

/** Plans the recipe of every configuration once: seeds do not change what a run needs. */
export async function budgetOf(
	{ cells, jobs: written }: Pick<Experiment, "cells" | "jobs">,
	options: BudgetOptions = {},
): Promise<Budget> {
	const needs = new Map<string, number>();
	const fixes = new Map<string, string | null>();
	let available = Infinity;
	for (const cell of cells) {
		const key = configurationOf(cell);
		if (needs.has(key)) continue;
		const plan = await planTraining(cell.recipe);
		needs.set(key, plan.memory.peak);
		fixes.set(key, plan.fix);
		available = plan.available;
	}
	const memory = options.memory ?? usedShare * available;
	const of = (cell: PlannedCell) => needs.get(configurationOf(cell))!;
	const cores = availableParallelism();
	const most = Math.max(1, Math.floor(cores / Math.max(...cells.map(({ recipe }) => recipe.threads))));
	return {
		jobs: written ?? most,
		memory,
		needs: of,
		tooLarge: cells
			.filter((cell) => of(cell) > memory)
			.map((cell) => ({ cell, bytes: of(cell), fix: fixes.get(configurationOf(cell)) ?? null })),
	};
}

function configurationOf({
	labels,
	recipe,
}: {
	labels: PlannedCell["labels"];
	recipe: ResolvedRecipe;
}): string {
	return JSON.stringify([labels, recipe.model]);
}
