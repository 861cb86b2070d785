/** Rows of cells as aligned text: the first column to the left, the others to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
	const widths = rows.reduce<number[]>(
		(all, row) => row.map((cell, i) => Math.max(all.at(i) ?? 0, cell.length)),
		[],
	);
	return rows
		.map((row) =>
			row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("   "),
		)
		.map((line) => line.trimEnd())
		.join("\n");
}

/** The same as a table of Markdown, its first row the head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.trim()).join(" | ")} |`;
	const [head, ...body] = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
	return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...body.map(line)].join("\n");
}
