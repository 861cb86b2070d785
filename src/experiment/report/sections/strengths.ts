import {
	difference,
	missing,
	nameOf,
	number,
	percent,
	pValue,
	share,
	shortAxis,
	signedPercent,
} from "../format.ts";
import type { Report } from "../model.ts";
import { collapsedOf } from "./cells.ts";
import type { Section } from "./section.ts";

export function best(report: Report): Section[] {
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

export function matched(report: Report): Section[] {
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
