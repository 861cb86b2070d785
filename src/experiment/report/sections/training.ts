import type { RunOutcome } from "../../run-record.ts";
import { duration, number } from "../format.ts";
import type { Report } from "../model.ts";
import { axisCells, axisColumns, collapsedOf } from "./cells.ts";
import type { Section } from "./section.ts";

/** Rounding alone takes no run's below it. */
const onPolicyEss = 0.999;

export function training(report: Report): Section {
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

function outcomesText(outcomes: Partial<Record<RunOutcome, number>>): string {
	return Object.entries(outcomes)
		.map(([outcome, n]) => `${n} ${outcome}`)
		.join(", ");
}
