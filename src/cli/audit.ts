import { Command, Option } from "commander";
import type { AuditReport } from "../audit/index.ts";
import { ThaliaError } from "../errors.ts";
import { version } from "../version.ts";
import { colors } from "./colors.ts";
import { exitCode } from "./errors.ts";

const levels = ["error", "warning", "note"] as const;

interface Options {
	readonly format: "text" | "json" | "sarif" | "markdown";
	readonly failOn: (typeof levels)[number] | "never";
	readonly frameworkVersion?: string;
	readonly explain?: string;
}

export function auditCommand(): Command {
	return new Command("audit")
		.description("say what KL gradient the training configurations of other frameworks follow")
		.argument(
			"[paths...]",
			"launch scripts, configuration files, Python files, notebooks, or folders of them",
		)
		.addOption(
			new Option("--format <format>", "how the result is printed")
				.choices(["text", "json", "sarif", "markdown"])
				.default("text"),
		)
		.addOption(
			new Option("--fail-on <level>", "exit code 1 where a finding is as severe as this, or more")
				.choices([...levels, "never"])
				.default("never"),
		)
		.option("--framework-version <version>", "of the framework, where no file beside says it")
		.option("--explain <rule>", "what a rule means, and where the fact is from")
		.addHelpText(
			"after",
			"\nNothing in the audited files is executed, and what looks like a key is not printed.",
		)
		.action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
	if (options.explain !== undefined) {
		const { explainRule } = await import("../audit/explain-rule.ts");
		process.stdout.write(`${explainRule(options.explain)}\n`);
		return;
	}
	if (paths.length === 0) {
		throw new ThaliaError("usage", "Expected files or folders to audit", {
			fix: "thalia audit train.sh configs/",
		});
	}
	const { audit } = await import("../audit/index.ts");
	const { frameworkVersion } = options;
	const report = await audit(paths, frameworkVersion === undefined ? {} : { version: frameworkVersion });
	process.stdout.write(`${await shown(report, options.format)}\n`);
	process.exitCode = codeOf(report, options.failOn);
}

async function shown(report: AuditReport, format: Options["format"]): Promise<string> {
	switch (format) {
		case "json":
			return JSON.stringify(report);
		case "sarif":
			return (await import("../audit/sarif.ts")).auditSarif(report, version);
		case "markdown":
			return (await import("../audit/markdown.ts")).auditMarkdown(report);
		case "text":
			return (await import("../audit/text.ts")).auditText(report, colors.stdout);
	}
}

/** A file that could not be read is bad input; then what `--fail-on` asks for. */
function codeOf({ files }: AuditReport, failOn: Options["failOn"]): number {
	const worst = levels.slice(0, levels.indexOf(failOn as (typeof levels)[number]) + 1);
	const fails = files.some(({ runs }) =>
		runs.some(({ findings }) => findings.some(({ severity }) => worst.includes(severity))),
	);
	if (fails) return exitCode.failed;
	return files.some(({ errors }) =>
		errors.some(({ code }) => code === "audit-missing" || code === "audit-read"),
	)
		? exitCode.badInput
		: exitCode.ok;
}
