import type { Report } from "../model.ts";
import type { Section } from "./section.ts";

export function howToRead(report: Report): Section {
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
