import { MEASURES } from "../../measures.ts";
import { count, difference, nameOf, number, pValue, share } from "../format.ts";
import type { ConfigurationReport, DomainReport, Report } from "../model.ts";
import { axisCells, axisColumns, collapsedOf } from "./cells.ts";
import type { Section } from "./section.ts";

export function accuracy(report: Report, { domain, problems, samples, before }: DomainReport): Section {
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

function followed({ follows: { objective, exact } }: ConfigurationReport): string {
	return exact ? `${objective}, exact` : objective;
}

function evaluatedOf({ evaluated, seeds }: ConfigurationReport): string {
	return evaluated === seeds.length ? String(evaluated) : `${evaluated}/${seeds.length}`;
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
