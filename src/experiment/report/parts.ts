import type { Report } from "./model.ts";
import { type Figure, figuresOf } from "./plots/index.ts";
import { sectionsOf } from "./sections/index.ts";
import type { Section } from "./sections/section.ts";

export interface Part extends Section {
	readonly figures?: readonly Figure[];
}

/** The sections, with pictures after the tables of the same numbers. */
export function partsOf(report: Report): Part[] {
	const { accuracy, training } = figuresOf(report);
	const sections = sectionsOf(report);
	const lastAccuracy = sections.findLastIndex(({ id }) => id.startsWith("accuracy-"));
	return sections.flatMap((section, i): Part[] => {
		const after: Part[] = [];
		if (i === lastAccuracy && accuracy.length > 0)
			after.push({ id: "pictures", title: "Accuracy in pictures", paragraphs: [], figures: accuracy });
		if (section.id === "training" && training.length > 0)
			after.push({ id: "curves", title: "Training in pictures", paragraphs: [], figures: training });
		return [section, ...after];
	});
}
