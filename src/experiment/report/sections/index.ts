import type { Report } from "../model.ts";
import { accuracy } from "./accuracy.ts";
import { howToRead } from "./how-to-read.ts";
import { paper } from "./paper.ts";
import type { Section } from "./section.ts";
import { best, matched } from "./strengths.ts";
import { summary } from "./summary.ts";
import { training } from "./training.ts";
import { troubled } from "./troubled.ts";
import { whatRan } from "./what-ran.ts";

/** What a report says, in its order. */
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
