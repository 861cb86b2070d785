import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { Command } from "commander";
import { ThaliaError } from "../errors.ts";
import { compareEvaluations } from "../eval/compare.ts";
import { resolveRecipe } from "../recipe/resolve-recipe.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { RunDirectory } from "../runs/run-directory.ts";
import { planTraining } from "../trainer/prepare.ts";
import { resumeTraining, type TrainHooks, type TrainResult, train } from "../trainer/train.ts";
import { exitCode } from "./errors.ts";
import { comparisonTable, evaluationTable } from "./evaluation-table.ts";
import { onInterrupt } from "./interrupt.ts";
import { withModels } from "./named-model.ts";
import { formatOption, printJson } from "./options.ts";
import { planText } from "./plan-text.ts";
import { StatusLine } from "./status-line.ts";
import { TrainStatus } from "./train-status.ts";

interface Options {
	readonly runs: string;
	readonly nextName?: boolean;
	readonly resume?: string;
	readonly dryRun?: boolean;
	readonly format: "text" | "json";
}

export function trainCommand(): Command {
	return new Command("train")
		.description("train by a recipe, in a new run directory, or go on with a run")
		.argument("[recipe]", "a YAML recipe, such as recipes/quickstart.yaml")
		.argument("[overrides...]", "settings that win over the recipe's, such as kl.beta=0.1")
		.option("--runs <dir>", "where run directories are made", "runs")
		.option("--next-name", "where the run exists, take the next free name (quickstart-2)")
		.option("--resume <dir>", "go on with this run from its last checkpoint")
		.option("--dry-run", "check everything and say what memory it needs; nothing is trained")
		.addOption(formatOption())
		.action(async (recipe: string | undefined, overrides: string[], options: Options) => {
			process.exitCode = await runTrain(recipe, overrides, options);
		});
}

async function runTrain(
	file: string | undefined,
	overrides: readonly string[],
	options: Options,
): Promise<number> {
	if (options.dryRun === true) return dryRun(file, overrides, options);
	// Fetching a model is ended by Ctrl-C at once: what has come is kept, and there is no run yet.
	const recipe = options.resume === undefined ? await newRecipe(file, overrides, options) : undefined;
	const line = new StatusLine();
	const status = new TrainStatus(line);
	const { signal, release } = onInterrupt(() => {
		line.log("stopping: this step is finished, then the run is saved (Ctrl-C again ends at once)");
	});
	const hooks: TrainHooks = { ...status.hooks, signal };
	try {
		const result =
			recipe !== undefined
				? await train(recipe, join(options.runs, recipe.name), hooks)
				: await resume(options.resume!, file, hooks);
		line.clear();
		if (options.format === "json") printJson(toJson(result));
		else printResult(result, line);
		return { finished: exitCode.ok, interrupted: exitCode.interrupted, stopped: exitCode.stopped }[
			result.outcome
		];
	} finally {
		line.clear();
		release();
	}
}

async function newRecipe(
	file: string | undefined,
	overrides: readonly string[],
	{ nextName, runs }: Options,
): Promise<ResolvedRecipe> {
	const named = resolveRecipe(recipeFile(file), overrides);
	const name = nextName === true ? nextFreeName(runs, named.name) : named.name;
	RunDirectory.assertFree(join(runs, name));
	return withModels({ ...named, name });
}

function recipeFile(file: string | undefined): string {
	if (file !== undefined) return file;
	throw new ThaliaError("usage", "Expected a recipe, or --resume with a run directory", {
		fix: "thalia train recipes/quickstart.yaml",
	});
}

/** Exit code 1 where the memory would not do. */
async function dryRun(
	file: string | undefined,
	overrides: readonly string[],
	{ resume, format, runs }: Options,
): Promise<number> {
	const settings = resume === undefined ? recipeFile(file) : join(resume, "config.yaml");
	const named = resolveRecipe(settings, overrides);
	if (resume === undefined) RunDirectory.assertFree(join(runs, named.name));
	const recipe = await withModels(named, { descriptionsOnly: true });
	const plan = await planTraining(recipe);
	const gigaflops = await measuredRate(recipe.dtype);
	if (format === "json") printJson({ recipe: recipe.name, ...plan, gigaflops });
	else process.stdout.write(`${planText(named, plan, gigaflops)}\n`);
	return plan.fits ? exitCode.ok : exitCode.failed;
}

/** Of matrix products on this machine; null where libtorch does not load, which is no reason to refuse a dry run. */
async function measuredRate(dtype: "f32" | "bf16"): Promise<number | null> {
	try {
		const { matmulRate } = await import("../engine/local/matmul-rate.ts");
		return matmulRate(dtype);
	} catch {
		return null;
	}
}

function resume(dir: string, file: string | undefined, hooks: TrainHooks): Promise<TrainResult> {
	if (file !== undefined) {
		throw new ThaliaError("usage", `Expected --resume without a recipe or overrides but received ${file}`, {
			fix: "a run keeps its settings; for other ones start a new run with model=<checkpoint>",
		});
	}
	return resumeTraining(dir, hooks);
}

function nextFreeName(runs: string, name: string): string {
	for (let n = 1; ; n++) {
		const candidate = n === 1 ? name : `${name}-${n}`;
		if (!existsSync(join(runs, candidate))) return candidate;
	}
}

function printResult(result: TrainResult, line: StatusLine): void {
	const dir = shown(result.dir);
	const before = result.evaluations.at(0);
	const after = result.evaluations.at(-1);
	if (before !== undefined && after !== undefined && before !== after) {
		process.stdout.write(`${comparisonTable(compareEvaluations(before.evaluations, after.evaluations))}\n`);
	} else if (before !== undefined) {
		process.stdout.write(`${evaluationTable(before.evaluations)}\n`);
	}
	if (result.collapse !== null) {
		line.log(`the run collapsed at step ${result.collapse.step}: ${result.collapse.reason}`);
	}
	if (result.outcome === "stopped") line.log(`stopped at step ${result.step}: ${result.reason ?? ""}`);
	if (result.outcome === "interrupted") {
		line.log(`saved at step ${result.step} of ${result.steps}. Go on with: thalia train --resume ${dir}`);
	}
	process.stdout.write(
		`run: ${dir} (metrics.jsonl, rollouts.jsonl, evaluations.jsonl, TensorBoard events)\n`,
	);
	if (result.model !== null) process.stdout.write(`model: ${shown(result.model)}\n`);
}

/** A path below the working directory relative to it, another one as it is. */
function shown(path: string): string {
	const below = relative(".", path);
	return below === "" || below.startsWith("..") ? path : below;
}

/** Without the problems' own results, which are in evaluations.jsonl. */
function toJson({ evaluations, ...result }: TrainResult) {
	return {
		...result,
		evaluations: evaluations.map(({ step, evaluations: domains }) => ({
			step,
			evaluations: domains.map(({ results: _, ...estimates }) => estimates),
		})),
	};
}
