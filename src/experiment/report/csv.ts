import type { CrossedInterval } from "../bootstrap-crossed.ts";
import type { Labels } from "../labels.ts";
import { MEASURES } from "../measures.ts";
import type { Report, Training } from "./model.ts";

type Cell = string | number | boolean | null;
type Row = Readonly<Record<string, Cell>>;

/** A row a configuration and domain. Accuracies and differences are shares of 1; empty: there is none. */
export function resultsCsv({ axes, configurations, domains }: Report): string {
	const rows = configurations.flatMap((configuration) =>
		domains.map(({ domain, problems, samples, before }): Row => {
			const { labels, seeds, evaluated, outcomes, follows, baseline, isBaseline, seconds } = configuration;
			return withLabels(axes, labels, {
				...{ domain, problems, samples, seeds: seeds.length, evaluated },
				collapsed: outcomes.collapsed ?? 0,
				follows: follows.objective,
				exact: follows.exact,
				is_baseline: isBaseline,
				baseline:
					baseline === null
						? null
						: Object.entries(baseline)
								.map((pair) => pair.join("="))
								.join(" "),
				...joined(
					MEASURES.map((of): Row => {
						const { value, change, difference, p, holm } = configuration.measures[domain][of];
						return {
							...intervalCells(of, value),
							[`${of}_before`]: before[of]?.estimate ?? null,
							...intervalCells(`${of}_change`, change),
							...intervalCells(`${of}_difference`, difference),
							[`${of}_p`]: p,
							[`${of}_p_holm`]: holm,
						};
					}),
				),
				...trainingCells(configuration.training),
				seconds,
			});
		}),
	);
	return csv(rows);
}

/** A row a run. */
export function runsCsv({ axes, runs }: Report): string {
	return csv(
		runs.map(
			({ name, seed, labels, outcome, reason, collapsedAt, step, steps, seconds, ...run }): Row =>
				withLabels(axes, labels, {
					...{ name, seed, outcome, reason },
					...{ collapsed_at: collapsedAt, step, steps, seconds },
					...joined(
						Object.keys(run.after).flatMap((domain) =>
							MEASURES.map(
								(of): Row => ({
									[`${domain}_${of}_before`]: run.before[domain][of],
									[`${domain}_${of}`]: run.after[domain][of],
								}),
							),
						),
					),
					...trainingCells(run.training),
				}),
		),
	);
}

function joined(rows: readonly Row[]): Row {
	return Object.fromEntries(rows.flatMap((row) => Object.entries(row)));
}

/** Labels first; one that is called like another column is not lost to it. */
function withLabels(axes: readonly string[], labels: Labels, row: Row): Row {
	const own = axes.map((axis) => [axis in row ? `label.${axis}` : axis, labels[axis] ?? null] as const);
	return { ...Object.fromEntries(own), ...row };
}

function intervalCells(name: string, interval: CrossedInterval | null): Row {
	return {
		[name]: interval?.estimate ?? null,
		[`${name}_low`]: interval?.low ?? null,
		[`${name}_high`]: interval?.high ?? null,
	};
}

function trainingCells(training: Training): Row {
	const { kl, klPerToken, forwardKlPerToken, entropy, length, sequenceEss, reward } = training;
	return {
		achieved_kl: kl,
		achieved_kl_per_token: klPerToken,
		forward_kl_per_token: forwardKlPerToken,
		entropy,
		tokens: length,
		sequence_ess: sequenceEss,
		reward,
	};
}

/** RFC 4180. Rows have the same columns. */
function csv(rows: readonly Row[]): string {
	if (rows.length === 0) return "";
	const lines = [Object.keys(rows[0]), ...rows.map((row) => Object.values(row))];
	return lines.map((line) => `${line.map(cellText).join(",")}\r\n`).join("");
}

function cellText(cell: Cell): string {
	if (cell === null) return "";
	const text = typeof cell === "number" ? String(Number(cell.toPrecision(8))) : String(cell);
	return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
