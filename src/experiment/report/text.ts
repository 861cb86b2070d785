import type { Report } from "./model.ts";
import { sectionsOf } from "./sections/index.ts";
import type { Section, Table } from "./sections/section.ts";

/** Columns of text that a paragraph takes. */
const lineLength = 110;

/** The report for a terminal: tables as they are, all else in lines of moderate length. */
export function textOf(report: Report): string {
	const parts = sectionsOf(report).map(sectionText);
	return `${[report.title, ...parts].join("\n\n")}\n`;
}

function sectionText({ title, paragraphs, table }: Section): string {
	return [
		`${title}\n${"-".repeat(title.length)}`,
		...paragraphs.map(wrap),
		...(table === undefined ? [] : [tableText(table), wrap(table.caption)]),
	].join("\n");
}

function tableText({ columns, rows }: Table): string {
	const head = columns.map((column) => column.head);
	const cells = rows.map((row) => row.map(oneLine));
	const lines = head.some((cell) => cell !== "") ? [head, ...cells] : cells;
	const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
	return lines
		.map((line) =>
			line
				.map((cell, i) => (columns[i].right === true ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
				.join("  ")
				.trimEnd(),
		)
		.join("\n");
}

/** What a run said may have lines and control characters. */
function oneLine(text: string): string {
	return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}

function wrap(paragraph: string): string {
	const lines = [""];
	for (const word of paragraph.split(" ")) {
		const line = lines.at(-1)!;
		if (line !== "" && line.length + word.length >= lineLength) lines.push(word);
		else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
	}
	return lines.join("\n");
}
