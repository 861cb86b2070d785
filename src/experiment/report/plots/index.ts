import type { Report } from "../model.ts";
import { curvesFigures } from "./curves.ts";
import { domainsFigure } from "./domains.ts";
import type { Figure } from "./figure.ts";
import { frontierFigure, pathFigure } from "./frontier.ts";
import { layoutOf } from "./layout.ts";
import { strengthsFigure } from "./strengths.ts";

export { type Figure, figureDocument, figureInline, styleSheet } from "./figure.ts";

/** The pictures of accuracies, and those of training. */
export function figuresOf(report: Report): { readonly accuracy: Figure[]; readonly training: Figure[] } {
	const layout = layoutOf(report);
	return {
		accuracy: [
			...domainsFigure(report, layout),
			...strengthsFigure(report, layout),
			...frontierFigure(report, layout),
		],
		training: [...pathFigure(report, layout), ...curvesFigures(report, layout)],
	};
}
