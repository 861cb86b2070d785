import { dirname } from "node:path";
import { redact } from "./redact.ts";
import { WrittenFiles } from "./written-files.ts";

/** Where something stands in a file; line and column count from 1, column in UTF-16 units. */
export interface Place {
	readonly file: string;
	readonly line: number;
	readonly column: number;
	/** The line, without what looks like a secret. */
	readonly evidence: string;
}

/** Longest evidence that is shown. */
const longest = 160;

/** The text of a file, and where its offsets are. */
export class Source {
	readonly path: string;
	readonly text: string;
	/** The folder in which scripts that it starts are looked for. */
	readonly tree: string;
	/** Files that have been written before this text is run. */
	readonly written: WrittenFiles;
	readonly #starts: number[] = [0];

	constructor(path: string, text: string, tree = dirname(path), written = new WrittenFiles(path)) {
		this.path = path;
		this.tree = tree;
		this.written = written;
		this.text = text;
		for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
	}

	place(offset: number): Place {
		const index = this.#lineAt(offset);
		const start = this.#starts[index];
		const end = this.#starts[index + 1] ?? this.text.length + 1;
		const column = offset - start + 1;
		// Of a very long line the part around the place, with enough before it to tell a secret by its name.
		const from = Math.max(start, offset - longest / 2);
		const before = Math.max(start, from - longest);
		const shown = redact(this.text.slice(before, Math.min(end - 1, before + 3 * longest)));
		const cut = end - 1 - start > longest ? Math.min(from - before, shown.length) : 0;
		const evidence = shown.slice(cut, cut + longest).trim();
		return { file: this.path, line: index + 1, column, evidence };
	}

	/** Of the first character of a line, counted from 1. */
	offsetOfLine(line: number): number {
		return this.#starts[Math.min(Math.max(line, 1), this.#starts.length) - 1];
	}

	#lineAt(offset: number): number {
		let low = 0;
		let high = this.#starts.length - 1;
		while (low < high) {
			const middle = (low + high + 1) >> 1;
			if (this.#starts[middle] <= offset) low = middle;
			else high = middle - 1;
		}
		return low;
	}
}
