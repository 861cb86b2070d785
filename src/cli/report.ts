import { basename, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { loadRecords } from "../experiment/load-records.ts";
import {
	buildReport,
	REPORT_FORMATS,
	type ReportFormat,
	reportAs,
	writeReport,
} from "../experiment/report/index.ts";
import { colors } from "./colors.ts";

interface Options {
	readonly out?: string;
	readonly format: ReportFormat;
	readonly baseline?: Readonly<Record<string, string>>;
	readonly strengthAxis: string;
	readonly title?: string;
	readonly paper?: boolean;
	readonly skipDamaged?: boolean;
}

export function reportCommand(): Command {
	return new Command("report")
		.description("what several runs come to: accuracies with intervals, tests against a baseline, curves")
		.argument("<runs...>", "run directories, folders of runs, or an experiment's records (.jsonl, .jsonl.gz)")
		.option("--out <dir>", "writes report.html, report.md, results.csv, runs.csv and results.json there")
		.addOption(
			new Option("--format <format>", "how it is printed").choices([...REPORT_FORMATS]).default("text"),
		)
		.addOption(
			new Option(
				"--baseline <labels>",
				"labels of the configuration that the others are compared with: kl=k3-loss,lag=0",
			).argParser(labels),
		)
		.option("--strength-axis <axis>", "the label or setting that says how strong the KL is", "kl.beta")
		.option("--title <title>", "of the report (default: what it is made of)")
		.option("--paper", "shows the figures of the paper beside")
		.option("--skip-damaged", "leaves out runs that cannot be read, and says which")
		.addHelpText(
			"after",
			`
Runs are grouped by their labels, or, where they have none, by the settings of their
recipes that differ, such as kl.estimator=k3; runs of a group differ in their seed.
All must have been evaluated on the same problems.`,
		)
		.action((paths: string[], options: Options) => {
			const note = (text: string) => process.stderr.write(`${colors.stderr.dim(text)}\n`);
			const records = options.skipDamaged
				? loadRecords(paths, ({ message }) => note(`left out: ${message}`))
				: loadRecords(paths);
			const {
				baseline,
				strengthAxis,
				title = paths.map((path) => basename(resolve(path))).join(", "),
			} = options;
			const report = buildReport(records, {
				...{ title, strengthAxis, paper: options.paper === true },
				...(baseline === undefined ? {} : { baseline }),
			});
			if (options.out !== undefined) {
				for (const path of writeReport(report, options.out)) note(path);
			}
			process.stdout.write(reportAs(report, options.format));
		});
}

function labels(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
	const pairs = text.split(",").map((pair) => {
		const at = pair.indexOf("=");
		if (at < 1) throw new InvalidArgumentError("Expected axis=label, several with commas.");
		return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
	});
	return { ...before, ...Object.fromEntries(pairs) };
}
