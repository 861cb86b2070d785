import type { Report } from "./model.ts";
import { type Section, sectionsOf, type Table } from "./sections.ts";

export function markdownOf(report: Report): string {
	return `${[`# ${escape(report.title)}`, ...sectionsOf(report).map(sectionMarkdown)].join("\n\n")}\n`;
}

function sectionMarkdown({ title, paragraphs, table }: Section): string {
	return [
		`## ${escape(title)}`,
		...paragraphs.map(escape),
		...(table === undefined ? [] : [tableMarkdown(table), escape(table.caption)]),
	].join("\n\n");
}

function tableMarkdown({ columns, rows, marked }: Table): string {
	const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
	return [
		line(columns.map(({ head }) => escape(head))),
		line(columns.map(({ right }) => (right === true ? "---:" : "---"))),
		...rows.map((row, i) => {
			const bold = marked?.[i] === true;
			return line(row.map(escape).map((cell) => (bold && cell !== "" ? `**${cell}**` : cell)));
		}),
	].join("\n");
}

/** Nothing of a label, a name or a reason is taken for markup. */
function escape(text: string): string {
	return text
		.replaceAll(/\s*\n\s*/g, " ")
		.replaceAll(/[\\`*_<>|[\]]/g, (mark) => (mark === "<" ? "&lt;" : mark === ">" ? "&gt;" : `\\${mark}`));
}
