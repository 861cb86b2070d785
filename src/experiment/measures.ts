import { type CrossedInterval, crossedInterval } from "./bootstrap-crossed.ts";
import { type Configuration, type Domain, meanOf, problemKey } from "./configurations.ts";
import { holm } from "./holm.ts";
import { pairedT } from "./paired-t.ts";
import type { DomainScores, RunRecord } from "./run-record.ts";

export const MEASURES = ["mean", "greedy"] as const;
/** mean@k of sampled completions, and pass@1 of the greedy one. */
export type Measure = (typeof MEASURES)[number];

/** A measure of one configuration in one domain; null where there is nothing to make it of. */
export interface Measured {
	readonly value: CrossedInterval | null;
	/** After training minus before, problem by problem. */
	readonly change: CrossedInterval | null;
	/** Minus the baseline, seed by seed and problem by problem. */
	readonly difference: CrossedInterval | null;
	/** Of that difference: the paired t test over seeds. */
	readonly p: number | null;
	/** The same by Holm's adjustment over all configurations in this domain and measure. */
	readonly holm: number | null;
}

type Row = readonly (number | null)[];

/** @param baselines of each configuration: what it is compared with */
export function measure(
	configurations: readonly Configuration[],
	baselines: readonly (Configuration | null)[],
	domain: Domain,
	of: Measure,
): Measured[] {
	const rows = new Map(
		configurations.flatMap(({ runs }) =>
			runs.map((run) => [
				run,
				{ before: rowOf(run.before, domain, of), after: rowOf(run.after, domain, of) },
			]),
		),
	);
	const after = (run: RunRecord) => rows.get(run)!.after;
	const bounded = [...rows.values()].every(({ before, after: own }) => isShare(before) && isShare(own));
	const bounds = bounded ? ([0, 1] as const) : ([-Infinity, Infinity] as const);
	const differenceBounds = bounded ? ([-1, 1] as const) : bounds;
	const untested = configurations.map(({ runs }, i) => {
		const partner = baselines[i];
		const pairs = runs.flatMap((run) => {
			const other = partner?.runs.find(({ seed }) => seed === run.seed);
			return other === undefined ? [] : [subtract(after(run), after(other))];
		});
		const changes = runs.map((run) => subtract(after(run), rows.get(run)!.before));
		return {
			value: crossedInterval(runs.map(after), { bounds }),
			change: crossedInterval(changes, { bounds: differenceBounds }),
			difference: crossedInterval(pairs, { bounds: differenceBounds }),
			p: pairedT(pairs.flatMap((row) => meanOf(row) ?? []))?.p ?? null,
		};
	});
	const tested = untested.flatMap(({ p }, i) => (p === null ? [] : [{ i, p }]));
	const adjusted = holm(tested.map(({ p }) => p));
	return untested.map((measured, i) => ({
		...measured,
		holm: measured.p === null ? null : adjusted[tested.findIndex((test) => test.i === i)],
	}));
}

/** Before training, of one run a seed: those of a seed began alike. */
export function measureBefore(
	runs: readonly RunRecord[],
	domain: Domain,
	of: Measure,
): CrossedInterval | null {
	const bySeed = new Map<number, Row>();
	for (const run of runs) {
		if (run.before !== null && !bySeed.has(run.seed)) bySeed.set(run.seed, rowOf(run.before, domain, of));
	}
	const rows = [...bySeed.values()];
	return crossedInterval(rows, { bounds: rows.every(isShare) ? [0, 1] : [-Infinity, Infinity] });
}

/** A run's own mean over problems; null where it has none. */
export function scoreOf(scores: RunRecord["after"], domain: string, of: Measure): number | null {
	const own = scores?.find((candidate) => candidate.domain === domain);
	return own === undefined ? null : meanOf(own.problems.map((problem) => problem[of]));
}

/** A value a problem, in the domain's order. */
function rowOf(scores: readonly DomainScores[] | null, { domain, problems }: Domain, of: Measure): Row {
	const own = scores?.find((candidate) => candidate.domain === domain)?.problems ?? [];
	const values = new Map(own.map((problem) => [problemKey(problem), problem[of]]));
	return problems.map((problem) => values.get(problemKey(problem)) ?? null);
}

function subtract(row: Row, other: Row): Row {
	return row.map((value, i) => {
		const from = other[i];
		return value === null || from === null ? null : value - from;
	});
}

function isShare(row: Row): boolean {
	return row.every((value) => value === null || (value >= 0 && value <= 1));
}
