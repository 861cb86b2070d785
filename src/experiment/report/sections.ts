import { MEASURES } from "../measures.ts";
import type { RunOutcome } from "../run-record.ts";
import {
	count,
	difference,
	duration,
	missing,
	nameOf,
	number,
	percent,
	pValue,
	ranges,
	share,
	shortAxis,
	signedPercent,
} from "./format.ts";
import type { ConfigurationReport, DomainReport, Report } from "./model.ts";
import { paperAccuracies, paperFindings, paperSource } from "./paper.ts";

export interface Column {
	readonly head: string;
	/** Numbers stand at the right. */
	readonly right?: boolean;
}

export interface Table {
	/** What is counted, of how many, and how its intervals came about. */
	readonly caption: string;
	readonly columns: readonly Column[];
	/** A cell a column. */
	readonly rows: readonly (readonly string[])[];
	/** Rows that stand out: the baseline's. */
	readonly marked?: readonly boolean[];
}

/** A part of a report as text, Markdown and HTML alike show it. */
export interface Section {
	readonly id: string;
	readonly title: string;
	readonly paragraphs: readonly string[];
	readonly table?: Table;
}

export function sectionsOf(report: Report): Section[] {
	return [
		summary(report),
		whatRan(report),
		...report.domains.map((domain) => accuracy(report, domain)),
		training(report),
		...best(report),
		...matched(report),
		...troubled(report),
		...paper(report),
		howToRead(report),
	];
}

/** What the tables below come to, in sentences. */
function summary(report: Report): Section {
	const { runs, configurations, domains, baseline, strengthAxis } = report;
	const collapsed = runs.filter(({ outcome }) => outcome === "collapsed").length;
	const broken = runs.filter(({ outcome }) => outcome !== "collapsed" && outcome !== "finished").length;
	return {
		id: "summary",
		title: "Summary",
		paragraphs: [
			`${count(runs.length, "run")} of ${count(configurations.length, "configuration")}, seeds ${ranges(report.seeds)}: ${collapsed} collapsed, ${broken} did not finish otherwise.`,
			...domains.flatMap((domain) => highest(report, domain)),
			...(baseline === null ? [] : domains.flatMap(({ domain }) => tested(report, domain))),
			...(report.matched.length > 0
				? [`Equal ${shortAxis(strengthAxis)} is not equal strength: see the accuracy at equal KL too.`]
				: []),
		],
	};
}

function highest({ configurations }: Report, { domain, samples }: DomainReport): string[] {
	const main = samples > 0 ? "mean" : "greedy";
	const of = ({ measures }: ConfigurationReport) => measures[domain][main].value;
	const known = configurations.filter((each) => of(each) !== null);
	if (known.length < 2) return [];
	const best = known.reduce((most, each) => (of(each)!.estimate > of(most)!.estimate ? each : most));
	const name = samples > 0 ? `mean@${samples}` : "pass@1";
	return [
		`Highest ${name} ${domain}: ${nameOf(best.labels)}, ${share(of(best))} %; the highest of ${known.length} is flattered by chance.`,
	];
}

/** By Holm's adjusted p, which the number of comparisons is in. */
function tested({ configurations, baseline }: Report, domain: string): string[] {
	const all = configurations.flatMap(({ measures }) => {
		const { mean, greedy } = measures[domain];
		const { difference: by, holm } = mean.difference === null ? greedy : mean;
		return by === null || holm === null ? [] : [{ by: by.estimate, holm }];
	});
	if (all.length === 0) return [];
	const sure = all.filter(({ holm }) => holm < 0.05);
	const better = sure.filter(({ by }) => by > 0).length;
	return [
		`Against the baseline (${nameOf(baseline!)}) ${domain}: of ${count(all.length, "comparison")} ${better} better and ${sure.length - better} worse by Holm's adjusted p below 0.05; of the others nothing is shown either way.`,
	];
}

function whatRan(report: Report): Section {
	const { configurations, runs, seeds, command, environment, baseline } = report;
	const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
	const facts = [
		...(command === null ? [] : [["command", command]]),
		["runs", `${runs.length}, of ${count(configurations.length, "configuration")}`],
		["seeds", ranges(seeds)],
		["time of all steps", `${duration(seconds)}; a run ${duration(seconds / runs.length)}`],
		...(baseline === null ? [] : [["baseline", nameOf(baseline)]]),
		...environment.map(({ fact, values }) => {
			const entries = Object.entries(values);
			const text = entries.map(([value, n]) =>
				entries.length === 1 && n === runs.length ? value : `${value} (${count(n, "run")})`,
			);
			return [fact, text.join("; ")];
		}),
	];
	return {
		id: "what-ran",
		title: "What ran",
		paragraphs: [],
		table: {
			caption: "As the runs say themselves.",
			columns: [{ head: "" }, { head: "" }],
			rows: facts,
		},
	};
}

function accuracy(report: Report, { domain, problems, samples, before }: DomainReport): Section {
	const { configurations } = report;
	const sampled = samples > 0;
	const main = sampled ? "mean" : "greedy";
	const compared = configurations.some(({ measures }) => measures[domain][main].difference !== null);
	const tests = configurations.filter(({ measures }) => measures[domain][main].p !== null).length;
	const name = sampled ? `mean@${samples}` : "pass@1";
	const columns = [
		...axisColumns(report),
		{ head: "follows" },
		{ head: "runs", right: true },
		...(sampled ? [{ head: `mean@${samples} %`, right: true }] : []),
		{ head: "pass@1 greedy %", right: true },
		{ head: `change of ${name}`, right: true },
		...(compared ? [`${name} - baseline`, "p", "Holm p"].map((head) => ({ head, right: true })) : []),
		{ head: "KL", right: true },
		{ head: "collapsed", right: true },
	];
	const rows = configurations.map((configuration) => {
		const { mean, greedy } = configuration.measures[domain];
		const of = configuration.measures[domain][main];
		const tested = configuration.baseline !== null;
		return [
			...axisCells(report, configuration),
			followed(configuration),
			evaluatedOf(configuration),
			...(sampled ? [share(mean.value)] : []),
			share(greedy.value),
			difference(of.change),
			...(compared
				? tested
					? [difference(of.difference), pValue(of.p), pValue(of.holm)]
					: [configuration.isBaseline ? "baseline" : "", "", ""]
				: []),
			number(configuration.training.kl),
			collapsedOf(configuration),
		];
	});
	const beforeRow = columns.map(({ head }, i) => {
		if (i === 0) return "before training";
		if (head.startsWith("mean@") && head.endsWith("%")) return share(before.mean);
		return head === "pass@1 greedy %" ? share(before.greedy) : "";
	});
	const hasBefore = MEASURES.some((of) => before[of] !== null);
	return {
		id: `accuracy-${domain}`,
		title: `Accuracy, ${domain}`,
		paragraphs: notCompared(report),
		table: {
			caption: [
				`${count(problems, "problem")}${sampled ? `, k = ${samples} completions of each` : ""}, up to n = ${seedsOf(report)} a configuration (runs: evaluated of all).`,
				"In brackets 95% intervals that resample seeds and problems.",
				...(compared
					? [
							`p: paired t test over seeds; Holm p: adjusted for the ${count(tests, "comparison")} of this table.`,
						]
					: []),
				"KL: of a completion, nats, over the last tenth of steps.",
			].join(" "),
			columns,
			rows: [...(hasBefore ? [beforeRow] : []), ...rows],
			marked: [...(hasBefore ? [false] : []), ...configurations.map(({ isBaseline }) => isBaseline)],
		},
	};
}

function seedsOf({ configurations }: Report): string {
	return count(Math.max(...configurations.map(({ seeds }) => seeds.length)), "seed");
}

function notCompared({ configurations, baseline }: Report): string[] {
	if (baseline === null) return [];
	const alone = configurations.filter((each) => each.baseline === null && !each.isBaseline);
	if (alone.length === 0) return [];
	const names = alone.map(({ labels }) => nameOf(labels));
	return [
		`Not compared, as the baseline (${nameOf(baseline)}) has no one configuration at the same values of the other axes: ${names.join("; ")}.`,
	];
}

/** Rounding alone takes no run's below it. */
const onPolicyEss = 0.999;

function training(report: Report): Section {
	const offPolicy = report.configurations.some(({ training }) => (training.sequenceEss ?? 1) < onPolicyEss);
	const heads = [
		...["KL", "KL a token", "forward KL a token", "entropy", "tokens"],
		...(offPolicy ? ["ESS"] : []),
		...["reward", "collapsed", "time"],
	];
	return {
		id: "training",
		title: "Training",
		paragraphs: [],
		table: {
			caption: `Means over all runs of a configuration, over the last tenth of the steps each has done. KL(policy || reference) of a completion and of a token, KL(reference || policy) of a token and entropy of a token in nats;${offPolicy ? " ESS: effective sample size of the importance ratios of whole completions, as a share;" : ""} time: of all its runs.`,
			columns: [
				...axisColumns(report),
				{ head: "outcomes" },
				...heads.map((head) => ({ head, right: true })),
			],
			rows: report.configurations.map((configuration) => {
				const { kl, klPerToken, forwardKlPerToken, entropy, length, sequenceEss, reward } =
					configuration.training;
				const quantities = [kl, klPerToken, forwardKlPerToken, entropy, length];
				return [
					...axisCells(report, configuration),
					outcomesText(configuration.outcomes),
					...[...quantities, ...(offPolicy ? [sequenceEss] : []), reward].map(number),
					collapsedOf(configuration),
					duration(configuration.seconds),
				];
			}),
			marked: report.configurations.map(({ isBaseline }) => isBaseline),
		},
	};
}

function best(report: Report): Section[] {
	const { best: families, configurations, domains, strengthAxis } = report;
	if (families.length === 0) return [];
	const strength = shortAxis(strengthAxis);
	const [first] = domains;
	return [
		{
			id: "best-strength",
			title: `Best ${strength}`,
			paragraphs: [
				`Chosen by mean@${first.samples} in ${first.domain} on the very data that is shown: the chosen one looks better than it is, the more so the more there were to choose from. Choose on one set of seeds or problems and report on another before claiming anything.`,
			],
			table: {
				caption: `The ${strength} with the highest mean@${first.samples} in ${first.domain}; intervals as above, of that configuration as if it had not been chosen.`,
				columns: [
					...report.axes.filter((axis) => axis !== strengthAxis).map((axis) => ({ head: shortAxis(axis) })),
					{ head: `best ${strength}`, right: true },
					{ head: "of", right: true },
					...domains.map(({ domain, samples }) => ({ head: `${domain} mean@${samples} %`, right: true })),
					{ head: "KL", right: true },
					{ head: "collapsed", right: true },
				],
				rows: families.map(({ labels, strengths, configuration }) => {
					const chosen = configurations[configuration];
					return [
						...report.axes.filter((axis) => axis !== strengthAxis).map((axis) => labels[axis] ?? ""),
						chosen.labels[strengthAxis] ?? missing,
						String(strengths),
						...domains.map(({ domain }) => share(chosen.measures[domain].mean.value)),
						number(chosen.training.kl),
						collapsedOf(chosen),
					];
				}),
			},
		},
	];
}

function matched(report: Report): Section[] {
	const { matched: families, strengthAxis, baseline, domains } = report;
	if (families.length === 0 || baseline === null) return [];
	const axes = report.axes.filter((axis) => axis !== strengthAxis);
	const strength = shortAxis(strengthAxis);
	const rows = families.flatMap(({ labels, domain, overlap, levels, collapsed }) => {
		const cells = [...axes.map((axis) => labels[axis] ?? ""), domain];
		if (overlap === null) return [[...cells, "no KL that both reach", "", "", "", "", "", String(collapsed)]];
		return levels.map(({ kl, accuracy: own, baseline: other, difference: by, test, seeds }) => [
			...cells,
			number(kl),
			String(seeds),
			percent(own),
			percent(other),
			test === null ? signedPercent(by) : difference({ ...test, estimate: test.mean }),
			pValue(test?.p ?? null),
			String(collapsed),
		]);
	});
	const heads = ["KL", "n", "mean@k %", "baseline %", "difference", "p", "left out"];
	return [
		{
			id: "matched-kl",
			title: "Accuracy at equal KL",
			paragraphs: [
				`Equal ${strength} is not equal strength: a KL in the loss is weaker than one in the reward by about the length of a completion. Here each seed's accuracy is taken to be linear in the logarithm of the achieved KL between its values of ${strength}, and nothing is said beyond them.`,
			],
			table: {
				caption: `mean@k (${domains.map(({ domain, samples }) => `k = ${samples} ${domain}`).join(", ")}) against the baseline (${nameOf(baseline)}) at the same KL of a completion, in nats. n: seeds that reach it in both. In brackets 95% intervals by Student's t over seeds; p: paired t test, not adjusted. Left out: runs of both that collapsed.`,
				columns: [
					...axes.map((axis) => ({ head: shortAxis(axis) })),
					{ head: "domain" },
					...heads.map((head) => ({ head, right: true })),
				],
				rows,
			},
		},
	];
}

function troubled({ runs, axes }: Report): Section[] {
	const list = runs.filter(({ outcome }) => outcome !== "finished");
	if (list.length === 0) return [];
	return [
		{
			id: "collapsed-and-failed",
			title: "Runs that collapsed or did not finish",
			paragraphs: [
				"What was measured of them counts above; runs without an evaluation after training count in no accuracy, which flatters their configurations.",
			],
			table: {
				caption: `${list.length} of ${runs.length} runs. Step: where it collapsed, else the last that was done.`,
				columns: [
					...axes.map((axis) => ({ head: shortAxis(axis) })),
					{ head: "seed", right: true },
					{ head: "outcome" },
					{ head: "step", right: true },
					{ head: "evaluated" },
					{ head: "reason" },
				],
				rows: list.map(({ labels, seed, outcome, collapsedAt, step, steps, reason, after }) => [
					...axes.map((axis) => labels[axis] ?? ""),
					String(seed),
					outcome,
					`${collapsedAt ?? step} of ${steps}`,
					Object.values(after).some(({ mean, greedy }) => mean !== null || greedy !== null) ? "yes" : "no",
					reason ?? missing,
				]),
			},
		},
	];
}

function paper({ paper: shown }: Report): Section[] {
	if (!shown) return [];
	return [
		{
			id: "paper",
			title: "What the paper found",
			paragraphs: [...paperFindings],
			table: {
				caption: `${paperSource}: Qwen2.5-7B trained on MATH, about 250 steps, given without intervals. Other models and problems than here: directions can be compared, sizes cannot.`,
				columns: [
					{ head: "evaluated on" },
					{ head: "domain" },
					...["k3 in loss %", "k1 in reward %", "difference"].map((head) => ({ head, right: true })),
				],
				rows: paperAccuracies.map(({ set, domain, k3InLoss, k1InReward }) => [
					set,
					domain,
					percent(k3InLoss),
					percent(k1InReward),
					signedPercent(k1InReward - k3InLoss),
				]),
			},
		},
	];
}

function howToRead(report: Report): Section {
	const single = report.configurations.every(({ seeds }) => seeds.length === 1);
	return {
		id: "how-to-read",
		title: "How to read this",
		paragraphs: [
			single
				? "There is one seed: intervals resample problems alone and say nothing of what another seed would give; nothing is tested."
				: "Intervals of accuracies are 95% percentile intervals of the pigeonhole bootstrap (Owen 2007; 2,000 resamples): seeds and problems are resampled independently, and deviations between seeds are widened as a t interval over so few asks for. Where a configuration has one seed, problems alone are resampled.",
			...(report.baseline === null
				? []
				: [
						"Differences are taken seed by seed and problem by problem. The test is Student's paired t test of each seed's difference of means: it takes the problems as given, the interval takes them as drawn too. Trust a difference where both agree, by Holm's adjusted p.",
					]),
			"Completions on which the verifier failed are left out. Runs that collapsed count with what was measured of them.",
			'"follows" is what the KL term is in expectation (thalia explain says why): "exact" where its gradient is that of the KL of whole completions.',
		],
	};
}

function axisColumns({ axes }: Report): Column[] {
	return axes.length === 0 ? [{ head: "configuration" }] : axes.map((axis) => ({ head: shortAxis(axis) }));
}

function axisCells({ axes }: Report, { labels }: Pick<ConfigurationReport, "labels">): string[] {
	return axes.length === 0 ? [nameOf(labels)] : axes.map((axis) => labels[axis] ?? "");
}

function followed({ follows: { objective, exact } }: ConfigurationReport): string {
	return exact ? `${objective}, exact` : objective;
}

function evaluatedOf({ evaluated, seeds }: ConfigurationReport): string {
	return evaluated === seeds.length ? String(evaluated) : `${evaluated}/${seeds.length}`;
}

function collapsedOf({ outcomes, seeds }: ConfigurationReport): string {
	return `${outcomes.collapsed ?? 0}/${seeds.length}`;
}

function outcomesText(outcomes: Partial<Record<RunOutcome, number>>): string {
	return Object.entries(outcomes)
		.map(([outcome, n]) => `${n} ${outcome}`)
		.join(", ");
}
