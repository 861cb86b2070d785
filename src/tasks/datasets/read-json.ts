import { expected, ThaliaError } from "../../errors.ts";
import type { Row } from "./row.ts";
import { decode } from "./utf8.ts";

/** One JSON object a line; blank lines are passed over. @throws ThaliaError `dataset-garbled`, with line and byte */
export function readJsonLines(bytes: Buffer, file: string): Row[] {
	const rows: Row[] = [];
	let line = 1;
	// By bytes: only a newline ends a line, and no file is too long for a string.
	for (let start = 0; start < bytes.length; line++) {
		const newline = bytes.indexOf(10, start);
		const end = newline === -1 ? bytes.length : newline;
		const at = `${file}:${line}`;
		const text = decode(bytes.subarray(start, end), `${at} (byte ${start})`, line === 1);
		if (text.trim() !== "") rows.push({ at, values: objectOf(parse(text, `${at} (byte ${start})`), at) });
		start = end + 1;
	}
	return rows;
}

/** A list of objects. @throws ThaliaError `dataset-garbled` */
export function readJsonArray(bytes: Buffer, file: string): Row[] {
	const list = parse(decode(bytes, file, true), file);
	if (!Array.isArray(list)) {
		throw expected(
			"dataset-garbled",
			"a list of objects",
			file,
			list,
			"for one object a line, name the file .jsonl",
		);
	}
	return list.map((value: unknown, i) => ({
		at: `${file}:${i + 1}`,
		values: objectOf(value, `${file}:${i + 1}`),
	}));
}

function parse(text: string, at: string): unknown {
	try {
		return JSON.parse(text) as unknown;
	} catch (cause) {
		throw new ThaliaError("dataset-garbled", `${at} is no JSON: ${(cause as Error).message}`, {
			fix: "the file may be cut off: compare its size, or get it again",
			cause,
		});
	}
}

function objectOf(value: unknown, at: string): Record<string, unknown> {
	if (typeof value === "object" && value !== null && !Array.isArray(value))
		return value as Record<string, unknown>;
	throw expected("dataset-garbled", "an object with named values", at, value);
}
