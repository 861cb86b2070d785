import { count, duration, nameOf, ranges } from "../format.ts";
import type { Report } from "../model.ts";
import type { Section } from "./section.ts";

export function whatRan(report: Report): Section {
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
