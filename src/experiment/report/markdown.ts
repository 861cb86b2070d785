import type { Report } from "./model.ts";
import { type Part, partsOf } from "./parts.ts";
import type { Figure } from "./plots/index.ts";
import { sectionsOf } from "./sections/index.ts";
import type { Table } from "./sections/section.ts";

/** @param fileOf where the document of a picture lies, beside it; without it there are no pictures */
export function markdownOf(report: Report, fileOf?: (figure: Figure) => string): string {
	const parts: readonly Part[] = fileOf === undefined ? sectionsOf(report) : partsOf(report);
	return `${[`# ${escape(report.title)}`, ...parts.map((part) => partMarkdown(part, fileOf))].join("\n\n")}\n`;
}

function partMarkdown(
	{ title, paragraphs, table, figures = [] }: Part,
	fileOf: (figure: Figure) => string = () => "",
): string {
	return [
		`## ${escape(title)}`,
		...paragraphs.map(escape),
		...(table === undefined ? [] : [tableMarkdown(table), escape(table.caption)]),
		...figures.map((figure) => `![${escape(figure.title)}](${fileOf(figure)})`),
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
