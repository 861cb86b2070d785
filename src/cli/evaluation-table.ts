import { type Comparison, estimatesOf } from "../eval/compare.ts";
import type { Interval } from "../eval/statistics.ts";
import type { Estimates, Evaluation } from "../eval/summarise.ts";
import { formatTable, markdownTable } from "./table.ts";

type Rows = readonly (readonly string[])[];
export type TableFormat = "text" | "markdown";

/** A line after a table of Markdown would be a row of it. */
const gap: Record<TableFormat, string> = { text: "\n", markdown: "\n\n" };

const formats: Record<TableFormat, (rows: Rows) => string> = { text: formatTable, markdown: markdownTable };

/** One policy's estimates, a row an estimate; then those of each family. */
export function evaluationTable(evaluations: readonly Evaluation[], format: TableFormat = "text"): string {
	const rows = evaluations.flatMap((evaluation) => {
		const families = Object.entries(evaluation.families).map(([name, estimates]) => ({ name, estimates }));
		return [{ name: evaluation.domain, estimates: evaluation as Estimates }, ...families].flatMap(
			({ name, estimates }, family) =>
				estimatesOf({ ...estimates, samples: evaluation.samples })
					// Of a family the first two say what it is about; the rest would bury the table.
					.slice(0, family === 0 ? undefined : 2)
					.map((estimate, i) => [
						i === 0 ? (family === 0 ? name : `  ${name}`) : "",
						estimate.name,
						withInterval(estimate.interval),
						i === 0 ? String(estimates.problems) : "",
					]),
		);
	});
	const table = formats[format]([["domain", "estimate", "value [95% interval]", "problems"], ...rows]);
	return [table, ...evaluations.flatMap(remarks)].join(gap[format]);
}

/** Before against after on the same problems; the change's interval resamples problems in pairs. */
export function comparisonTable(comparisons: readonly Comparison[], format: TableFormat = "text"): string {
	const rows = comparisons.flatMap(({ domain, estimates }) =>
		estimates.map(({ name, before, after, change }, i) => [
			i === 0 ? domain : "",
			name,
			withInterval(before),
			withInterval(after),
			change === null ? "" : `${signed(change.estimate)} [${signed(change.low)}, ${signed(change.high)}]`,
		]),
	);
	const tests = comparisons.flatMap(({ domain, mcnemar }) =>
		mcnemar === null
			? []
			: [
					`${domain}, greedy: ${mcnemar.onlyAfter} problems passed after and not before, ${mcnemar.onlyBefore} before and not after (McNemar's exact p ${mcnemar.p.toPrecision(2)})`,
				],
	);
	const head = ["domain", "estimate", "before [95%]", "after [95%]", "change [95%]"];
	return [formats[format]([head, ...rows]), ...tests].join(gap[format]);
}

/** What makes the figures doubtful: failed verifiers, completions that were cut off. */
function remarks({ domain, errors, stopped, results }: Evaluation): string[] {
	const first = results.find(({ error }) => error !== undefined)?.error;
	return [
		...(errors > 0
			? [`${domain}: no verdict on ${errors} completions, which are left out (the first: ${first ?? ""})`]
			: []),
		...(stopped !== null && stopped < 0.9
			? [`${domain}: ${percent(1 - stopped)} of completions were cut off at the longest length`]
			: []),
	];
}

function withInterval(interval: Interval | null): string {
	if (interval === null) return "no verdict";
	const { estimate, low, high } = interval;
	return `${percent(estimate)} [${percent(low)}, ${percent(high)}]`;
}

function percent(value: number): string {
	return `${(100 * value).toFixed(1)}%`;
}

function signed(value: number): string {
	return `${value < 0 ? "" : "+"}${(100 * value).toFixed(1)}`;
}
