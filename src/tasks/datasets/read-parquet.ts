import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { ThaliaError } from "../../errors.ts";
import type { Row } from "./row.ts";

/** Rows of a Parquet file, in plain values. @throws ThaliaError `dataset-garbled` */
export async function readParquet(bytes: Buffer, file: string): Promise<Row[]> {
	let objects: readonly Record<string, unknown>[];
	try {
		const start = bytes.byteOffset;
		objects = await parquetReadObjects({
			file: {
				byteLength: bytes.byteLength,
				slice: (from, to) =>
					bytes.buffer.slice(start + from, start + (to ?? bytes.byteLength)) as ArrayBuffer,
			},
			compressors,
		});
	} catch (cause) {
		const message = `${file} (${bytes.byteLength} bytes) is no whole Parquet file: ${(cause as Error).message}`;
		const fix = "the file may be cut off: compare its size, or get it again";
		throw new ThaliaError("dataset-garbled", message, { fix, cause });
	}
	return objects.map((object, i) => ({ at: `${file}:${i + 1}`, values: plain(object) as Row["values"] }));
}

/** What JSON has: whole numbers beyond a double and dates as text. */
function plain(value: unknown): unknown {
	if (typeof value === "bigint") {
		const number = Number(value);
		return Number.isSafeInteger(number) ? number : String(value);
	}
	if (value instanceof Date) return value.toISOString();
	if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
	if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plain);
	if (Array.isArray(value)) return value.map(plain);
	if (typeof value === "object" && value !== null)
		return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
	return value;
}
