import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expected, ThaliaError } from "../errors.ts";
import { readRecipe } from "../recipe/read-recipe.ts";
import { resolveRecipe } from "../recipe/resolve-recipe.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { type ExperimentFile, experimentSchema } from "./experiment-schema.ts";
import { type Cell, checkWhere, expandGrid, gridSize } from "./grid.ts";

const packageRoot = fileURLToPath(new URL("../..", import.meta.url));

/** A cell with the recipe that it runs. */
export interface PlannedCell extends Cell {
	readonly recipe: ResolvedRecipe;
}

export interface Experiment extends Pick<ExperimentFile, "strength" | "paper" | "keep" | "jobs"> {
	readonly name: string;
	readonly title: string;
	readonly baseline?: Readonly<Record<string, string>>;
	readonly cells: readonly PlannedCell[];
}

export interface ExperimentOptions {
	/** What the file says under `quick`, instead. */
	readonly quick?: boolean;
	/** Instead of the file's. */
	readonly seeds?: readonly number[];
	/** Runs at once, instead of the file's: a run has its share of the cores. */
	readonly jobs?: number;
	/** Settings of every run, over all others: `train.steps=50`. */
	readonly overrides?: readonly string[];
	/** Asked before a grid larger than this many cells is made; default: it is refused. */
	readonly allowLarge?: (cells: number) => boolean | Promise<boolean>;
}

/** More cells than this are rarely meant. */
const largeGrid = 1000;

/**
 * An experiment with the recipe of every cell, all of them checked.
 * @throws ThaliaError as `readRecipe` and `resolveRecipe`; `experiment-invalid`, `experiment-large`
 */
export async function readExperiment(file: string, options: ExperimentOptions = {}): Promise<Experiment> {
	const { allowLarge = () => false, overrides = [] } = options;
	const written = readRecipe(experimentSchema, file);
	const grid = withOptions(written, options, file);
	const size = gridSize(grid);
	if (size > largeGrid && !(await allowLarge(size))) {
		throw new ThaliaError(
			"experiment-large",
			`Expected at most ${largeGrid} cells in ${file} but received ${size}`,
			{
				fix: "run it with --yes, or take values out of its axes",
			},
		);
	}
	const name = `${written.name ?? basename(file).replace(/\.ya?ml$/, "")}${options.quick === true ? "-quick" : ""}`;
	checkOverrides(grid.axes, overrides);
	const recipe = findRecipe(written.recipe, file);
	const jobs = options.jobs ?? written.jobs;
	const share = Math.max(1, Math.floor(availableParallelism() / (jobs ?? 1)));
	// A seed changes nothing of what is right or wrong: each configuration is resolved once.
	const resolved = new Map<string, ResolvedRecipe>();
	const cells = expandGrid(grid, file).map((cell): PlannedCell => {
		const { id, seed, labels } = cell;
		const configuration = JSON.stringify(labels);
		const known = resolved.get(configuration) ?? resolveCell(recipe, [...cell.overrides, ...overrides], id);
		resolved.set(configuration, known);
		return { ...cell, recipe: { ...known, seed, name: id, threads: Math.min(known.threads, share) } };
	});
	const { title = name, strength, paper, keep } = written;
	const baseline = baselineOf(grid, file);
	return { name, title, strength, paper, keep, ...(jobs === undefined ? {} : { jobs }), ...baseline, cells };
}

function withOptions(
	written: ExperimentFile,
	{ quick, seeds }: ExperimentOptions,
	file: string,
): ExperimentFile {
	if (quick === true && written.quick === undefined) {
		throw expected(
			"experiment-invalid",
			"settings under `quick`",
			`--quick of ${file}`,
			"none",
			"run it without",
		);
	}
	const changed = quick === true ? written.quick! : {};
	return {
		...written,
		...changed,
		axes: { ...written.axes, ...changed.axes },
		settings: { ...written.settings, ...changed.settings },
		...(seeds === undefined ? {} : { seeds: [...seeds] }),
	};
}

/** What an axis sets is not for the command line: all of its cells would be the same. */
function checkOverrides(axes: ExperimentFile["axes"], overrides: readonly string[]): void {
	for (const override of overrides) {
		const key = override.split("=")[0];
		if (key === "seed" || key === "name" || Object.hasOwn(axes, key)) {
			const fix = key === "seed" ? "give --seeds 1,2,3" : "change the experiment's file";
			throw expected(
				"experiment-invalid",
				"a setting that is the same in all runs",
				"an override",
				override,
				fix,
			);
		}
	}
}

/** @throws ThaliaError of the recipe, naming the cell that it is of */
function resolveCell(recipe: string, overrides: readonly string[], id: string): ResolvedRecipe {
	try {
		return resolveRecipe(recipe, overrides);
	} catch (error) {
		if (!(error instanceof ThaliaError)) throw error;
		const { code, message, fix } = error;
		throw new ThaliaError(code, `${id}: ${message.replaceAll("command line (", "the experiment (")}`, {
			cause: error,
			...(fix === undefined ? {} : { fix }),
		});
	}
}

function baselineOf({ axes, baseline }: ExperimentFile, file: string): Pick<Experiment, "baseline"> {
	if (baseline === undefined) return {};
	const labels = Object.fromEntries(Object.entries(baseline).map(([axis, label]) => [axis, String(label)]));
	checkWhere(axes, labels, `baseline of ${file}`);
	return { baseline: labels };
}

function findRecipe(recipe: string, file: string): string {
	const folders = [dirname(file), ".", packageRoot];
	const candidates = isAbsolute(recipe) ? [recipe] : folders.map((folder) => resolve(folder, recipe));
	const found = candidates.find((candidate) => existsSync(candidate));
	if (found !== undefined) return found;
	throw expected("recipe-path", "a recipe that exists", `recipe of ${file}`, recipe);
}
