import type { Source } from "../source.ts";

/** A line of a notebook's code, and where it stands in the file. */
export interface CellLine {
	readonly text: string;
	readonly line: number;
	readonly column: number;
}

/** `%%name words`, where the cell begins with it. */
export interface Magic {
	readonly name: string;
	readonly words: string;
}

export interface Cell {
	readonly magic: Magic | null;
	/** Without the line of the magic. */
	readonly lines: readonly CellLine[];
}

/** Code cells alone: outputs hold settings of other runs. @throws where the text is no notebook */
export function cellsOf(source: Source): Cell[] {
	const notebook = JSON.parse(source.text) as { cells?: unknown };
	const cells: Cell[] = [];
	let from = 0;
	for (const cell of Array.isArray(notebook.cells) ? (notebook.cells as unknown[]) : []) {
		const { cell_type: type, source: code } = (cell ?? {}) as { cell_type?: unknown; source?: unknown };
		const stored = Array.isArray(code)
			? code.filter((one) => typeof one === "string")
			: typeof code === "string"
				? [code]
				: [];
		const lines: CellLine[] = [];
		for (const text of stored) {
			const at = source.text.indexOf(JSON.stringify(text), from);
			if (at !== -1) from = at + 1;
			const { line, column } = source.place(Math.max(at, 0));
			for (const one of text.replace(/\n$/, "").split("\n")) lines.push({ text: one, line, column });
		}
		if (type !== "code") continue;
		cells.push(withMagic(lines));
	}
	return cells;
}

/** Magics that only watch over another one. */
const watching = /^(time|timeit|capture|prun|memit)$/;

function withMagic(lines: readonly CellLine[]): Cell {
	const first = lines.findIndex(({ text }) => text.trim() !== "");
	const match = first === -1 ? null : /^\s*%%(\w+)[ \t]*(.*)$/.exec(lines[first].text);
	if (match === null) return { magic: null, lines };
	const rest = lines.slice(first + 1);
	const isWatched = watching.test(match[1]) && rest.some(({ text }) => text.startsWith("%%"));
	return isWatched ? withMagic(rest) : { magic: { name: match[1], words: match[2].trim() }, lines: rest };
}
