import { baselineOf, isBaseline } from "../baseline.ts";
import type { CrossedInterval } from "../bootstrap-crossed.ts";
import { type Configuration, finalValue, gridOf, meanOf, outcomesOf } from "../configurations.ts";
import { binWidth, type CurveName, type Curves, curvesOf } from "../curves.ts";
import type { Labels } from "../labels.ts";
import { familiesOf, type MatchedFamily, matchedKl } from "../matched-kl.ts";
import { MEASURES, type Measure, type Measured, measure, measureBefore, scoreOf } from "../measures.ts";
import type { RunOutcome, RunRecord } from "../run-record.ts";

export interface ReportOptions {
	readonly title: string;
	/** Labels of the configuration that every other one is compared with, at the same values of the other axes. */
	readonly baseline?: Labels;
	/** The axis that says how strong the KL is; default: `kl.beta`. */
	readonly strengthAxis?: string;
	/** Whether the figures of the paper stand beside. */
	readonly paper?: boolean;
	/** What made the runs. */
	readonly command?: string;
}

/** What training a run came to: means over the last tenth of its steps. In nats, and tokens. */
export interface Training {
	/** Of a completion. */
	readonly kl: number | null;
	readonly klPerToken: number | null;
	readonly forwardKlPerToken: number | null;
	/** Of a token. */
	readonly entropy: number | null;
	readonly length: number | null;
	/** Of the importance ratios of completions, as a share. */
	readonly sequenceEss: number | null;
	readonly reward: number | null;
}

const trainingCurves = [
	"kl",
	"klPerToken",
	"forwardKlPerToken",
	"entropy",
	"length",
	"sequenceEss",
	"reward",
] as const satisfies readonly (keyof Training & CurveName)[];

export interface ConfigurationReport {
	readonly labels: Labels;
	readonly seeds: readonly number[];
	readonly outcomes: Partial<Record<RunOutcome, number>>;
	/** Runs that were evaluated after training: those that the accuracies are of. */
	readonly evaluated: number;
	readonly follows: { readonly objective: string; readonly exact: boolean };
	/** Means over runs. */
	readonly training: Training;
	readonly seconds: number;
	readonly isBaseline: boolean;
	/** What it is compared with; null where nothing is. */
	readonly baseline: Labels | null;
	/** By domain. */
	readonly measures: Readonly<Record<string, Readonly<Record<Measure, Measured>>>>;
	readonly curves: Curves;
}

export interface RunReport
	extends Pick<RunRecord, "name" | "seed" | "outcome" | "step" | "steps" | "seconds"> {
	readonly labels: Labels;
	readonly reason: string | null;
	readonly collapsedAt: number | null;
	readonly training: Training;
	/** By domain; null where it was not evaluated. */
	readonly before: Readonly<Record<string, Readonly<Record<Measure, number | null>>>>;
	readonly after: Readonly<Record<string, Readonly<Record<Measure, number | null>>>>;
}

export interface DomainReport {
	readonly domain: string;
	readonly problems: number;
	/** Completions of a problem: the k of mean@k. */
	readonly samples: number;
	readonly before: Readonly<Record<Measure, CrossedInterval | null>>;
}

/** The strength of a family whose mean@k in the first domain is the highest. */
export interface BestStrength {
	readonly labels: Labels;
	readonly strengths: number;
	/** Index of a configuration. */
	readonly configuration: number;
}

export interface Report {
	readonly title: string;
	readonly command: string | null;
	readonly baseline: Labels | null;
	readonly strengthAxis: string;
	readonly paper: boolean;
	readonly axes: readonly string[];
	readonly seeds: readonly number[];
	/** What the runs were made with: each fact's values, with the number of runs. */
	readonly environment: readonly {
		readonly fact: string;
		readonly values: Readonly<Record<string, number>>;
	}[];
	readonly domains: readonly DomainReport[];
	readonly configurations: readonly ConfigurationReport[];
	/** Steps that a point of a curve is the mean of. */
	readonly binWidth: number;
	readonly runs: readonly RunReport[];
	readonly best: readonly BestStrength[];
	readonly matched: readonly MatchedFamily[];
}

/** All numbers of a report, a function of the runs whatever order they come in. */
export function modelOf(records: readonly RunRecord[], options: ReportOptions): Report {
	const { title, command = null, baseline = null, strengthAxis = "kl.beta", paper = false } = options;
	const grid = gridOf(records);
	const { axes, configurations, domains } = grid;
	const baselines = baseline === null ? configurations.map(() => null) : baselineOf(grid, baseline);
	const measured = domains.map((domain) => ({
		domain,
		of: MEASURES.map((of) => ({ of, values: measure(configurations, baselines, domain, of) })),
	}));
	const runs = configurations.flatMap((configuration) => configuration.runs);
	const width = binWidth(Math.max(...runs.map(({ steps }) => steps)));
	const names = domains.map(({ domain }) => domain);
	const reports = configurations.map(
		(configuration, i): ConfigurationReport => ({
			...factsOf(configuration),
			isBaseline: isBaseline(configuration, baseline ?? undefined),
			baseline: baselines[i]?.labels ?? null,
			measures: Object.fromEntries(
				measured.map(({ domain, of }) => [
					domain.domain,
					Object.fromEntries(of.map((each) => [each.of, each.values[i]])) as Record<Measure, Measured>,
				]),
			),
			curves: curvesOf(configuration.runs, width),
		}),
	);
	return {
		...{ title, command, baseline, strengthAxis, paper, axes },
		seeds: [...new Set(runs.map(({ seed }) => seed))].sort((a, b) => a - b),
		environment: environmentOf(runs),
		domains: domains.map((domain) => ({
			domain: domain.domain,
			problems: domain.problems.length,
			samples: domain.samples,
			before: byMeasure((of) => measureBefore(runs, domain, of)),
		})),
		configurations: reports,
		binWidth: width,
		runs: configurations.flatMap(({ labels, runs: own }) => own.map((run) => runReport(run, labels, names))),
		best: bestOf(reports, configurations, strengthAxis, names.at(0)),
		matched:
			baseline === null
				? []
				: matchedKl(grid, strengthAxis, baseline, ({ after }, domain) => scoreOf(after, domain, "mean")),
	};
}

function byMeasure<T>(value: (of: Measure) => T): Record<Measure, T> {
	return Object.fromEntries(MEASURES.map((of) => [of, value(of)])) as Record<Measure, T>;
}

function factsOf({ labels, runs }: Configuration) {
	const { objective, exact } = runs[0].kl;
	const trainings = runs.map(trainingOf);
	return {
		labels,
		seeds: runs.map(({ seed }) => seed),
		outcomes: outcomesOf(runs),
		evaluated: runs.filter(({ after }) => after !== null).length,
		follows: { objective, exact },
		training: trainingBy((of) => meanOf(trainings.map((training) => training[of]))),
		seconds: runs.reduce((sum, { seconds }) => sum + seconds, 0),
	};
}

function trainingOf({ series }: RunRecord): Training {
	return trainingBy((of) => finalValue(series, of));
}

function trainingBy(value: (of: (typeof trainingCurves)[number]) => number | null): Training {
	return Object.fromEntries(trainingCurves.map((of) => [of, value(of)])) as Record<
		keyof Training,
		number | null
	>;
}

function runReport(run: RunRecord, labels: Labels, domains: readonly string[]): RunReport {
	const { name, seed, outcome, step, steps, seconds, reason = null, collapsedAt = null } = run;
	const scores = (of: RunRecord["after"]) =>
		Object.fromEntries(domains.map((domain) => [domain, byMeasure((each) => scoreOf(of, domain, each))]));
	return {
		...{ name, seed, outcome, step, steps, seconds, reason, collapsedAt, labels },
		training: trainingOf(run),
		before: scores(run.before),
		after: scores(run.after),
	};
}

function environmentOf(runs: readonly RunRecord[]): Report["environment"] {
	const facts = new Map<string, Map<string, number>>();
	for (const { environment } of runs) {
		for (const [fact, value] of Object.entries(environment)) {
			if (fact === "seed") continue;
			const values = facts.get(fact) ?? new Map<string, number>();
			values.set(String(value), (values.get(String(value)) ?? 0) + 1);
			facts.set(fact, values);
		}
	}
	return [...facts].map(([fact, values]) => ({ fact, values: Object.fromEntries(values) }));
}

function bestOf(
	reports: readonly ConfigurationReport[],
	configurations: readonly Configuration[],
	strengthAxis: string,
	domain: string | undefined,
): BestStrength[] {
	if (domain === undefined) return [];
	const valueOf = (i: number) => reports[i].measures[domain].mean.value?.estimate ?? -Infinity;
	return familiesOf({ configurations }, strengthAxis).flatMap(({ labels, configurations: own }) => {
		const known = own.map((each) => configurations.indexOf(each)).filter((i) => valueOf(i) > -Infinity);
		if (known.length < 2) return [];
		const best = known.reduce((most, i) => (valueOf(i) > valueOf(most) ? i : most));
		return [{ labels, strengths: known.length, configuration: best }];
	});
}
