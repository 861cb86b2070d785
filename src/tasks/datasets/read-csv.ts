import { expected, ThaliaError } from "../../errors.ts";
import type { Row } from "./row.ts";
import { decode } from "./utf8.ts";

/**
 * Comma- or tab-separated values as in RFC 4180, the first record naming the columns: quotes, doubled quotes, newlines
 * in quotes, a byte order mark, and any kind of line end. Every value is a text.
 * @throws ThaliaError `dataset-garbled`, with the line
 */
export function readCsv(bytes: Buffer, file: string, separator: "," | "\t" = ","): Row[] {
	const records = recordsOf(decode(bytes, file, true), file, separator);
	const header = records.at(0);
	if (header === undefined) return [];
	const names = header.cells.map((name) => name.trim());
	const twice = names.find((name, i) => name === "" || names.indexOf(name) !== i);
	if (twice !== undefined)
		throw expected("dataset-garbled", "columns with a name of their own", `the header of ${file}`, twice);
	return records.slice(1).map(({ cells, line }) => {
		const at = `${file}:${line}`;
		if (cells.length !== names.length)
			throw expected("dataset-garbled", `${names.length} values, as the header has`, at, cells.length);
		return { at, values: Object.fromEntries(names.map((name, i) => [name, cells[i]])) };
	});
}

interface CsvRecord {
	readonly cells: readonly string[];
	/** Where it begins. */
	readonly line: number;
}

function recordsOf(text: string, file: string, separator: string): CsvRecord[] {
	const records: CsvRecord[] = [];
	const plain = new RegExp(`[^\\r\\n${separator}]*`, "y");
	let at = 0;
	let line = 1;
	while (at < text.length) {
		const start = line;
		const cells: string[] = [];
		for (let more = true; more; ) {
			if (text[at] === '"') {
				const end = closingQuote(text, at, `${file}:${line}`);
				const value = text.slice(at + 1, end);
				line += value.match(/\r\n|\n|\r/g)?.length ?? 0;
				cells.push(value.replaceAll('""', '"'));
				at = end + 1;
			} else {
				plain.lastIndex = at;
				cells.push(plain.exec(text)?.[0] ?? "");
				at = plain.lastIndex;
			}
			more = text[at] === separator;
			if (more) at++;
		}
		if (at < text.length && text[at] !== "\r" && text[at] !== "\n") {
			const message = `${file}:${line} has something between a closing quote and the next separator`;
			throw new ThaliaError("dataset-garbled", message, { fix: doubling });
		}
		at += text.startsWith("\r\n", at) ? 2 : 1;
		line++;
		if (!(cells.length === 1 && cells[0] === "")) records.push({ cells, line: start });
	}
	return records;
}

const doubling = 'write a quote within a quoted value twice: "say ""hi"""';

/** Of the value that begins with the quote at `from`. */
function closingQuote(text: string, from: number, at: string): number {
	let end = text.indexOf('"', from + 1);
	while (end !== -1 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
	if (end !== -1) return end;
	throw new ThaliaError("dataset-garbled", `${at} has a quote that is never closed`, { fix: doubling });
}
