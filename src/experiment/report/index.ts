import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../runs/atomic.ts";
import type { RunRecord } from "../run-record.ts";
import { resultsCsv, runsCsv } from "./csv.ts";
import { htmlOf } from "./html.ts";
import { jsonOf } from "./json.ts";
import { markdownOf } from "./markdown.ts";
import { modelOf, type Report, type ReportOptions } from "./model.ts";
import { type Figure, figureDocument, figuresOf } from "./plots/index.ts";
import { textOf } from "./text.ts";

export type { Report, ReportOptions } from "./model.ts";

/**
 * What runs come to: accuracies with intervals over seeds and problems, comparisons with a baseline, accuracy at equal
 * KL, curves, and what collapsed.
 * @throws ThaliaError `report-empty`, `report-run-twice`, `report-tasks-differ`, `report-baseline`
 */
export function buildReport(records: readonly RunRecord[], options: ReportOptions): Report {
	return modelOf(records, options);
}

export const REPORT_FORMATS = ["text", "markdown", "csv", "json", "html"] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

const formats: Readonly<Record<ReportFormat, (report: Report) => string>> = {
	text: textOf,
	markdown: markdownOf,
	csv: resultsCsv,
	json: jsonOf,
	html: htmlOf,
};

const files: Readonly<Record<string, (report: Report) => string>> = {
	"report.html": htmlOf,
	"report.md": (report) => markdownOf(report, figureFile),
	"results.csv": resultsCsv,
	"runs.csv": runsCsv,
	"results.json": jsonOf,
};

export function reportAs(report: Report, format: ReportFormat): string {
	return formats[format](report);
}

/** The report for a terminal. */
export function reportText(report: Report): string {
	return reportAs(report, "text");
}

/** Writes the report into a folder, which is made where it is missing. @returns the files' paths */
export function writeReport(report: Report, dir: string): string[] {
	mkdirSync(join(dir, figuresFolder), { recursive: true });
	const { accuracy, training } = figuresOf(report);
	const texts = [
		...Object.entries(files).map(([name, of]) => [name, of(report)] as const),
		...[...accuracy, ...training].map((figure) => [figureFile(figure), figureDocument(figure)] as const),
	];
	return texts.map(([name, text]) => {
		const path = join(dir, name);
		writeFileAtomic(path, text);
		return path;
	});
}

const figuresFolder = "figures";

function figureFile({ id }: Figure): string {
	return `${figuresFolder}/${id}.svg`;
}
