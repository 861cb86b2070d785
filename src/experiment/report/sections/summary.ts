import { count, nameOf, ranges, share, shortAxis } from "../format.ts";
import type { ConfigurationReport, DomainReport, Report } from "../model.ts";
import type { Section } from "./section.ts";

/** What the tables below come to, in sentences. */
export function summary(report: Report): Section {
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
