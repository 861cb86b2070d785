import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expected, ThaliaError } from "../../errors.ts";
import { readCsv } from "./read-csv.ts";
import { readJsonArray, readJsonLines } from "./read-json.ts";
import { readParquet } from "./read-parquet.ts";
import type { Row } from "./row.ts";

type Reader = (bytes: Buffer, file: string) => Row[] | Promise<Row[]>;

/** What is read, by the end of a file's name; each also with `.gz` behind it. */
const readers = new Map<string, Reader>([
	["jsonl", readJsonLines],
	["ndjson", readJsonLines],
	["json", readJsonArray],
	["csv", (bytes, file) => readCsv(bytes, file)],
	["tsv", (bytes, file) => readCsv(bytes, file, "\t")],
	["parquet", readParquet],
]);

/**
 * Every row of a file of JSON lines, a JSON list, CSV, TSV or Parquet. A file that is not whole is refused, whatever
 * becomes of single bad rows.
 * @throws ThaliaError `dataset-file`, `dataset-garbled`
 */
export async function readRows(path: string): Promise<Row[]> {
	const end = /\.([a-z]+)(\.gz)?$/i.exec(path);
	const reader = readers.get(end?.[1].toLowerCase() ?? "");
	if (reader === undefined) {
		const kinds = [...readers.keys()].map((kind) => `.${kind}`).join(", ");
		throw expected(
			"dataset-file",
			`a file that ends in one of ${kinds} (or .gz behind it)`,
			"a data set",
			path,
		);
	}
	const bytes = readBytes(path);
	return reader(end?.[2] === undefined ? bytes : gunzip(bytes, path), path);
}

function readBytes(path: string): Buffer {
	try {
		return readFileSync(path);
	} catch (cause) {
		const message = `Expected a data file at ${path} but it cannot be read: ${(cause as Error).message}`;
		throw new ThaliaError("dataset-file", message, { cause });
	}
}

function gunzip(bytes: Buffer, path: string): Buffer {
	try {
		return gunzipSync(bytes);
	} catch (cause) {
		const message = `${path} (${bytes.byteLength} bytes) is no whole gzip file: ${(cause as Error).message}`;
		const fix = "the file may be cut off: compare its size, or get it again";
		throw new ThaliaError("dataset-garbled", message, { fix, cause });
	}
}
