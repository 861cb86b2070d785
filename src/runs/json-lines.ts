import { closeSync, existsSync, fsyncSync, openSync, readSync, truncateSync } from "node:fs";
import { writeAll } from "./atomic.ts";

/** Bytes read at a time: a long run's rollouts are more than one string or buffer can hold. */
const chunkBytes = 2 ** 20;

/** JSON has no NaN and no infinities: they are written as these words. */
const words = new Map([
	[Number.POSITIVE_INFINITY, "Infinity"],
	[Number.NEGATIVE_INFINITY, "-Infinity"],
]);

/** One value as a line of JSON; numbers that are not finite become "NaN", "Infinity" and "-Infinity". */
export function toJsonLine(value: unknown): string {
	return `${JSON.stringify(value, (_, inner: unknown) =>
		typeof inner === "number" && !Number.isFinite(inner) ? (words.get(inner) ?? "NaN") : inner,
	)}\n`;
}

/** The number behind what `toJsonLine` wrote for one; undefined for anything else. */
export function toNumber(value: unknown): number | undefined {
	if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
	return typeof value === "number" ? value : undefined;
}

/** A file of JSON lines that only grows. A line that was cut off by a crash is dropped when it is opened again. */
export class JsonLinesFile {
	readonly #path: string;
	readonly #fd: number;

	private constructor(path: string) {
		this.#path = path;
		this.#fd = openSync(path, "a");
	}

	/** Opens for appending, keeping the leading lines for which `keep` is true (none is asked after the first false). */
	static open<T>(path: string, keep: (value: T) => boolean): JsonLinesFile {
		if (existsSync(path)) truncateSync(path, bytesKept(path, keep));
		return new JsonLinesFile(path);
	}

	append(...values: readonly unknown[]): void {
		writeAll(this.#fd, values.map(toJsonLine).join(""), this.#path);
	}

	/** Waits until everything appended is on the disk. */
	sync(): void {
		fsyncSync(this.#fd);
	}

	close(): void {
		closeSync(this.#fd);
	}
}

/** Every whole line of the file; none where there is no file. */
export function readJsonLines<T>(path: string): T[] {
	if (!existsSync(path)) return [];
	return [...wholeLines(path)].flatMap(({ value }) => (value === undefined ? [] : [value as T]));
}

function bytesKept<T>(path: string, keep: (value: T) => boolean): number {
	let bytes = 0;
	for (const { value, end } of wholeLines(path)) {
		if (value === undefined || !keep(value as T)) break;
		bytes = end;
	}
	return bytes;
}

/** Lines with the byte after each; the value of one that is not JSON is undefined. */
function* wholeLines(path: string): Generator<{ value: unknown; end: number }> {
	const fd = openSync(path, "r");
	try {
		const chunk = Buffer.allocUnsafe(chunkBytes);
		let unread = Buffer.alloc(0);
		let end = 0;
		for (let count = readSync(fd, chunk); count > 0; count = readSync(fd, chunk)) {
			const bytes = Buffer.concat([unread, chunk.subarray(0, count)]);
			let start = 0;
			for (let newline = bytes.indexOf(10); newline !== -1; newline = bytes.indexOf(10, start)) {
				end += newline + 1 - start;
				yield { value: parse(bytes.toString("utf8", start, newline)), end };
				start = newline + 1;
			}
			unread = bytes.subarray(start);
		}
	} finally {
		closeSync(fd);
	}
}

function parse(line: string): unknown {
	try {
		return JSON.parse(line) as unknown;
	} catch {
		return undefined;
	}
}
