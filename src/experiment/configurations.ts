import { ThaliaError } from "../errors.ts";
import { axesOf, compareLabels, keyOf, type Labels, labelsOf } from "./labels.ts";
import type { DomainScores, ProblemScore, RunOutcome, RunRecord, Series } from "./run-record.ts";

/** Runs that differ in their seed alone. */
export interface Configuration {
	readonly key: string;
	readonly labels: Labels;
	/** By seed. */
	readonly runs: readonly RunRecord[];
}

export interface Grid {
	readonly axes: readonly string[];
	/** By the values of the axes, one after the other. */
	readonly configurations: readonly Configuration[];
	readonly domains: readonly Domain[];
}

/** What all runs were evaluated on. */
export interface Domain {
	readonly domain: string;
	readonly samples: number;
	/** Problems by family and id. */
	readonly problems: readonly Pick<ProblemScore, "id" | "family">[];
}

/**
 * Runs by what they have in common, in an order that is that of their labels and not theirs.
 * @throws ThaliaError `report-empty`, `report-run-twice`, `report-tasks-differ`
 */
export function gridOf(records: readonly RunRecord[]): Grid {
	if (records.length === 0)
		throw new ThaliaError("report-empty", "Expected runs for a report but received none", {
			fix: "give run directories, a folder of them, or a file of records",
		});
	const labels = labelsOf(records);
	const axes = axesOf(labels);
	const groups = new Map<string, { labels: Labels; runs: RunRecord[] }>();
	for (const [i, record] of records.entries()) {
		const key = keyOf(labels[i]);
		const group = groups.get(key);
		if (group === undefined) groups.set(key, { labels: labels[i], runs: [record] });
		else group.runs.push(record);
	}
	const configurations = [...groups].map(([key, { labels: own, runs }]) => ({
		key,
		labels: own,
		runs: runs.sort((a, b) => a.seed - b.seed || (a.name < b.name ? -1 : 1)),
	}));
	for (const { runs } of configurations) checkSeeds(runs);
	configurations.sort((a, b) => {
		for (const axis of axes) {
			const order = compareLabels(a.labels[axis], b.labels[axis]);
			if (order !== 0) return order;
		}
		return 0;
	});
	const runs = configurations.flatMap((configuration) => configuration.runs);
	return { axes, configurations, domains: domainsOf(runs) };
}

function checkSeeds(runs: readonly RunRecord[]): void {
	for (const [i, run] of runs.entries()) {
		const before = runs.at(i - 1)!;
		if (i === 0 || before.seed !== run.seed) continue;
		throw new ThaliaError(
			"report-run-twice",
			`Expected one run of each seed but ${before.name} and ${run.name} have the same settings and seed ${run.seed}`,
			{ fix: "leave one of the two out" },
		);
	}
}

/** Those of the first run that was evaluated; all others must have been on the same. */
function domainsOf(runs: readonly RunRecord[]): Domain[] {
	const evaluated = runs.flatMap((run) =>
		[run.before, run.after].flatMap((scores) => (scores === null ? [] : [{ run, scores }])),
	);
	const first = evaluated.at(0);
	if (first === undefined) return [];
	for (const { run, scores } of evaluated) checkSame(first.run.name, first.scores, run.name, scores);
	return first.scores.map(({ domain, samples, problems }) => ({
		domain,
		samples,
		problems: problems
			.map(({ id, family }) => ({ id, family }))
			.sort((a, b) => (problemKey(a) < problemKey(b) ? -1 : 1)),
	}));
}

export function problemKey({ id, family }: Pick<ProblemScore, "id" | "family">): string {
	return `${family}\0${id}`;
}

function checkSame(
	one: string,
	ones: readonly DomainScores[],
	other: string,
	others: readonly DomainScores[],
): void {
	if (ones === others) return;
	const refuse = (what: string) => {
		throw new ThaliaError(
			"report-tasks-differ",
			`Expected runs that were evaluated on the same problems but ${one} and ${other} differ: ${what}`,
			{ fix: "report them apart, or evaluate with the same task and eval settings" },
		);
	};
	const names = (all: readonly DomainScores[]) => all.map(({ domain }) => domain).join(", ") || "none";
	if (names(ones) !== names(others)) refuse(`domains ${names(ones)} and ${names(others)}`);
	for (const [i, a] of ones.entries()) {
		const b = others[i];
		if (a.samples !== b.samples)
			refuse(`${a.samples} and ${b.samples} completions of a problem in ${a.domain}`);
		const known = new Set(a.problems.map(problemKey));
		const extra = b.problems.filter((problem) => !known.has(problemKey(problem)));
		if (extra.length > 0) {
			const { id, family } = extra[0];
			const example = id.length > 60 ? `${id.slice(0, 57)}...` : id;
			refuse(
				`${a.domain} has ${extra.length} of ${b.problems.length} problems in ${other} alone, such as ${family} ${JSON.stringify(example)}`,
			);
		}
		if (a.problems.length !== b.problems.length)
			refuse(`${a.problems.length} and ${b.problems.length} problems in ${a.domain}`);
	}
}

/** How many runs came to each end, those that none came to left out. */
export function outcomesOf(runs: readonly RunRecord[]): Partial<Record<RunOutcome, number>> {
	const counts: Partial<Record<RunOutcome, number>> = {};
	for (const { outcome } of runs) counts[outcome] = (counts[outcome] ?? 0) + 1;
	return counts;
}

/** The mean of a curve's finite values in the last tenth of the steps that were done; null where there is none. */
export function finalValue(series: Series, of: Exclude<keyof Series, "step">): number | null {
	const last = series[of].slice(-Math.ceil(series.step.length / 10));
	return meanOf(series.step.length === 0 ? [] : last);
}

/** Of what is there; null where nothing is. */
export function meanOf(values: readonly (number | null)[]): number | null {
	const there = values.filter((value): value is number => value !== null && Number.isFinite(value));
	return there.length === 0 ? null : there.reduce((sum, value) => sum + value, 0) / there.length;
}
