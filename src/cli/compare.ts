import { Command, Option } from "commander";
import { ThaliaError } from "../errors.ts";
import { compareEvaluations } from "../eval/compare.ts";
import { readEvaluations } from "../eval/evaluation-folder.ts";
import { comparisonTable } from "./evaluation-table.ts";
import { printJson } from "./options.ts";

export function compareCommand(): Command {
	return new Command("compare")
		.description("two evaluations that `thalia eval --out` has kept, problem by problem")
		.argument("<before>", "a folder of `thalia eval --out`")
		.argument("<after>", "another one, on the same problems")
		.addOption(
			new Option("--format <format>", "how the result is printed")
				.choices(["text", "markdown", "json"])
				.default("text"),
		)
		.addHelpText(
			"after",
			`
The change of each estimate has a 95% bootstrap interval that resamples problems
in pairs; greedy passes have McNemar's exact test besides.`,
		)
		.action((before: string, after: string, { format }: { format: "text" | "markdown" | "json" }) => {
			const comparisons = compareEvaluations(readEvaluations(before), readEvaluations(after));
			if (comparisons.every(({ problems }) => problems === 0)) {
				throw new ThaliaError(
					"evaluation-settings",
					`Expected problems that ${before} and ${after} share but there are none`,
					{ fix: "evaluate both models with the same tasks, --problems and --seed" },
				);
			}
			if (format === "json") printJson(comparisons);
			else process.stdout.write(`${comparisonTable(comparisons, format)}\n`);
		});
}
