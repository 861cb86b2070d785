import { percent, signedPercent } from "../format.ts";
import type { Report } from "../model.ts";
import { paperAccuracies, paperFindings, paperSource } from "../paper.ts";
import type { Section } from "./section.ts";

export function paper({ paper: shown }: Report): Section[] {
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
