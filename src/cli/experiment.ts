import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { type Budget, budgetOf } from "../experiment/budget.ts";
import { ExperimentFolder } from "../experiment/experiment-folder.ts";
import { type Experiment, readExperiment } from "../experiment/read-experiment.ts";
import { buildReport, reportText, writeReport } from "../experiment/report/index.ts";
import { runGrid } from "../experiment/run-grid.ts";
import type { RunRecord } from "../experiment/run-record.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { exitCode } from "./errors.ts";
import { GridStatus } from "./grid-status.ts";
import { onInterrupt } from "./interrupt.ts";
import { withModels } from "./named-model.ts";
import { between, formatOption, printJson, whole } from "./options.ts";
import { StatusLine } from "./status-line.ts";

interface Options {
	readonly runs: string;
	readonly quick?: boolean;
	readonly seeds?: number[];
	readonly jobs?: number;
	readonly memory?: number;
	readonly retryFailed?: boolean;
	readonly dryRun?: boolean;
	readonly yes?: boolean;
	readonly format: "text" | "json";
}

export function experimentCommand(): Command {
	return new Command("experiment")
		.description("run a grid of runs, or go on with it, and report what it shows")
		.argument("<file>", "a YAML experiment, such as recipes/comedy.yaml")
		.argument("[overrides...]", "settings of every run that win over all others, such as train.steps=50")
		.option("--runs <dir>", "where the experiment's folder is made", "runs")
		.option("--quick", "the smaller grid that the file has under `quick`")
		.option("--seeds <list>", "comma-separated seeds instead of the file's", seedList)
		.option("--jobs <n>", "runs at once (default: as the file says, or a run for each core)", whole(1))
		.option("--memory <GiB>", "of all runs together (default: what is available)", between(0.1))
		.option("--retry-failed", "run again what failed, ran out of memory or stopped itself")
		.option("--dry-run", "check every run and say what the grid is and needs; nothing is run")
		.option("--yes", "do not ask before a grid of more than 1000 runs")
		.addOption(formatOption())
		.action(async (file: string, overrides: string[], options: Options) => {
			process.exitCode = await runExperiment(file, overrides, options);
		});
}

async function runExperiment(file: string, overrides: readonly string[], options: Options): Promise<number> {
	const { quick = false, seeds, yes = false, jobs, memory } = options;
	const read = await readExperiment(file, {
		...{ quick, overrides },
		...(seeds === undefined ? {} : { seeds }),
		...(jobs === undefined ? {} : { jobs }),
		allowLarge: (cells) => yes || confirm(cells),
	});
	const experiment = await withTheirModels(read);
	const budget = await budgetOf(experiment, memory === undefined ? {} : { memory: memory * 2 ** 30 });
	if (options.dryRun === true) return dryRun(experiment, budget, options);
	const line = new StatusLine();
	const status = new GridStatus(line, experiment, budget);
	const { signal, release } = onInterrupt(() => {
		line.log("stopping: every run finishes its step and is saved (Ctrl-C again ends at once)");
	});
	const folder = new ExperimentFolder(join(options.runs, experiment.name));
	try {
		const { retryFailed = false } = options;
		const { records, left } = await runGrid(
			experiment,
			folder,
			budget,
			{ ...status.hooks, signal },
			{ retryFailed },
		);
		line.clear();
		const command = ["thalia experiment", file, ...(quick ? ["--quick"] : []), ...overrides].join(" ");
		if (records.length > 0) {
			const { title, strength, paper } = experiment;
			const report = buildReport(records, {
				...{ title, paper, command, strengthAxis: strength },
				...baselineAmong(experiment, records),
			});
			const paths = writeReport(report, folder.dir);
			if (options.format === "json")
				printJson({ name: experiment.name, dir: folder.dir, left, report: paths });
			else process.stdout.write(`${reportText(report)}\n\n${paths.join("\n")}\n`);
		}
		if (left === 0) return exitCode.ok;
		line.log(`${left} of ${experiment.cells.length} runs are left. Go on with the same command.`);
		return exitCode.interrupted;
	} finally {
		line.clear();
		folder.close();
		release();
	}
}

/** The baseline, once a run of it has ended. */
function baselineAmong(
	{ baseline }: Experiment,
	records: readonly RunRecord[],
): Pick<Experiment, "baseline"> {
	if (baseline === undefined) return {};
	const isOfIt = ({ labels }: RunRecord) =>
		Object.entries(baseline).every(([axis, label]) => labels[axis] === label);
	return records.some(isOfIt) ? { baseline } : {};
}

/** The models of all cells, each fetched once. */
async function withTheirModels(experiment: Experiment): Promise<Experiment> {
	const known = new Map<string, Promise<Pick<ResolvedRecipe, "model" | "reference">>>();
	const cells = [];
	for (const cell of experiment.cells) {
		const { model, reference } = cell.recipe;
		const key = JSON.stringify([model, reference]);
		if (!known.has(key)) known.set(key, withModels({ model, reference }));
		cells.push({ ...cell, recipe: { ...cell.recipe, ...(await known.get(key)!) } });
	}
	return { ...experiment, cells };
}

function dryRun(experiment: Experiment, budget: Budget, { format }: Options): number {
	const { cells, name } = experiment;
	const configurations = new Set(cells.map(({ labels }) => JSON.stringify(labels))).size;
	const most = Math.max(...cells.map(budget.needs));
	const tooLarge = budget.tooLarge.map(({ cell, bytes, fix }) => ({ cell: cell.id, bytes, fix }));
	if (format === "json") {
		printJson({
			...{ name, configurations, jobs: budget.jobs, memory: budget.memory, tooLarge },
			cells: cells.map(({ id, labels, seed }) => ({ id, labels, seed })),
		});
	} else {
		const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
		const lines = [
			`${name}: ${cells.length} runs of ${configurations} configurations, ${budget.jobs} at once`,
			`memory: at most ${gib(most)} a run, ${gib(budget.memory)} for all`,
			...tooLarge.map(
				({ cell, bytes, fix }) => `too large: ${cell} needs ${gib(bytes)}${fix === null ? "" : `; ${fix}`}`,
			),
			...cells.map(({ id }) => `  ${id}`),
		];
		process.stdout.write(`${lines.join("\n")}\n`);
	}
	return tooLarge.length === 0 ? exitCode.ok : exitCode.failed;
}

/** Without a terminal nobody is there to ask. */
async function confirm(cells: number): Promise<boolean> {
	if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
	const questions = createInterface({ input: process.stdin, output: process.stderr });
	try {
		const answer = await questions.question(`This grid has up to ${cells} runs. Run them all? [y/N] `);
		return /^y(es)?$/i.test(answer.trim());
	} finally {
		questions.close();
	}
}

function seedList(text: string): number[] {
	return text.split(",").map(whole(0));
}
