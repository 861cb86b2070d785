import { missing, shortAxis } from "../format.ts";
import type { Report } from "../model.ts";
import type { Section } from "./section.ts";

export function troubled({ runs, axes }: Report): Section[] {
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
