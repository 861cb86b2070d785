import { type Configuration, finalValue, type Grid, meanOf } from "./configurations.ts";
import { interpolate, pathOf } from "./interpolate.ts";
import { keyOf, type Labels } from "./labels.ts";
import { type PairedT, pairedT } from "./paired-t.ts";
import type { RunRecord } from "./run-record.ts";

/** Configurations that differ in the strength of their KL alone. */
export interface Family {
	readonly key: string;
	/** All but the strength. */
	readonly labels: Labels;
	readonly configurations: readonly Configuration[];
}

export function familiesOf({ configurations }: Pick<Grid, "configurations">, strengthAxis: string): Family[] {
	const families = new Map<string, { labels: Labels; configurations: Configuration[] }>();
	for (const configuration of configurations) {
		const labels = withoutAxis(configuration.labels, strengthAxis);
		const key = keyOf(labels);
		const family = families.get(key);
		if (family === undefined) families.set(key, { labels, configurations: [configuration] });
		else family.configurations.push(configuration);
	}
	return [...families].map(([key, family]) => ({ key, ...family }));
}

export function withoutAxis(labels: Labels, axis: string): Labels {
	return Object.fromEntries(Object.entries(labels).filter(([own]) => own !== axis));
}

/** Two families at one achieved KL. */
export interface MatchedLevel {
	/** Nats of a completion. */
	readonly kl: number;
	/** Means over the seeds that reach this KL in both. */
	readonly accuracy: number;
	readonly baseline: number;
	readonly difference: number;
	/** Over those seeds; null of fewer than two. */
	readonly test: PairedT | null;
	readonly seeds: number;
}

export interface MatchedFamily {
	readonly labels: Labels;
	readonly domain: string;
	/** KLs that both families reach, of the seed that reaches most; null where none has any. */
	readonly overlap: readonly [low: number, high: number] | null;
	readonly levels: readonly MatchedLevel[];
	/** Runs left out, of both families, as they collapsed. */
	readonly collapsed: number;
}

/** Levels: 1, 2 and 5 times powers of ten. */
const leading = [1, 2, 5] as const;

/**
 * Families against the baseline's at equal achieved KL: equal beta is not equal strength, as a KL in the loss is
 * weaker than one in the reward by about the completion's length. For each seed a family's accuracy is taken to be
 * linear in the logarithm of the achieved KL between its strengths, and unknown beyond them. Runs that collapsed are
 * left out: what lies between a run that learned and one that broke is neither.
 *
 * @param accuracyOf null where the run has none in the domain
 * @returns one a family other than the baseline's and a domain, where the baseline has a family at the same other labels
 */
export function matchedKl(
	grid: Grid,
	strengthAxis: string,
	baseline: Labels,
	accuracyOf: (run: RunRecord, domain: string) => number | null,
): MatchedFamily[] {
	const families = familiesOf(grid, strengthAxis).filter(({ configurations }) => configurations.length > 1);
	const fixed = withoutAxis(baseline, strengthAxis);
	return families.flatMap((family) => {
		const key = keyOf({ ...family.labels, ...fixed });
		const partner = families.find((other) => other.key === key);
		if (partner === undefined || partner === family) return [];
		return grid.domains.map(({ domain }) => {
			const own = pathsOf(family, (run) => accuracyOf(run, domain));
			const other = pathsOf(partner, (run) => accuracyOf(run, domain));
			return {
				labels: family.labels,
				domain,
				...compare(own, other),
				collapsed: collapsedOf(family) + collapsedOf(partner),
			};
		});
	});
}

type Path = ReturnType<typeof pathOf>;

/** Accuracy over log KL, seed by seed. */
function pathsOf(
	{ configurations }: Family,
	accuracyOf: (run: RunRecord) => number | null,
): Map<number, Path> {
	const points = new Map<number, [number, number][]>();
	for (const run of configurations.flatMap(({ runs }) => runs)) {
		const kl = finalValue(run.series, "kl");
		const accuracy = accuracyOf(run);
		if (run.outcome === "collapsed" || kl === null || kl <= 0 || accuracy === null) continue;
		points.set(run.seed, [...(points.get(run.seed) ?? []), [Math.log(kl), accuracy]]);
	}
	return new Map([...points].map(([seed, own]) => [seed, pathOf(own)]));
}

function collapsedOf({ configurations }: Family): number {
	return configurations.flatMap(({ runs }) => runs).filter(({ outcome }) => outcome === "collapsed").length;
}

function compare(
	own: ReadonlyMap<number, Path>,
	other: ReadonlyMap<number, Path>,
): Pick<MatchedFamily, "overlap" | "levels"> {
	const both = [...own].flatMap(([seed, path]) => {
		const partner = other.get(seed);
		return partner === undefined ? [] : [{ path, partner }];
	});
	const ranges = both
		.map(({ path, partner }) => [
			Math.max(path[0][0], partner[0][0]),
			Math.min(path.at(-1)![0], partner.at(-1)![0]),
		])
		.filter(([low, high]) => low <= high);
	if (ranges.length === 0) return { overlap: null, levels: [] };
	const low = Math.exp(Math.min(...ranges.map(([from]) => from)));
	const high = Math.exp(Math.max(...ranges.map(([, to]) => to)));
	const levels = roundLevels(low, high).flatMap((kl): MatchedLevel[] => {
		const pairs = both.flatMap(({ path, partner }) => {
			const [a, b] = [interpolate(path, Math.log(kl)), interpolate(partner, Math.log(kl))];
			return a === null || b === null ? [] : [{ a, b }];
		});
		if (pairs.length === 0) return [];
		const differences = pairs.map(({ a, b }) => a - b);
		return [
			{
				kl,
				accuracy: meanOf(pairs.map(({ a }) => a))!,
				baseline: meanOf(pairs.map(({ b }) => b))!,
				difference: meanOf(differences)!,
				test: pairedT(differences),
				seeds: pairs.length,
			},
		];
	});
	return { overlap: [low, high], levels };
}

/** Round numbers from low to high; of a range without one, its middle. */
function roundLevels(low: number, high: number): number[] {
	const decades = Array.from(
		{ length: Math.ceil(Math.log10(high)) - Math.floor(Math.log10(low)) + 1 },
		(_, i) => Math.floor(Math.log10(low)) + i,
	);
	const round = decades
		.flatMap((decade) => leading.map((digit) => Number(`${digit}e${decade}`)))
		.filter((level) => level >= low && level <= high);
	return round.length > 0 ? round : [Math.sqrt(low * high)];
}
