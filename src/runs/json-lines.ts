import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";

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

/** A file of JSON lines that only grows. A line that was cut off by a crash is dropped when it is opened again. */
export class JsonLinesFile {
	readonly #fd: number;

	private constructor(fd: number) {
		this.#fd = fd;
	}

	/** Opens for appending, keeping the leading lines for which `keep` is true (none is asked after the first false). */
	static open<T>(path: string, keep: (value: T) => boolean): JsonLinesFile {
		if (existsSync(path)) truncateSync(path, bytesKept(path, keep));
		return new JsonLinesFile(openSync(path, "a"));
	}

	/** Appends all lines with one write. */
	append(...values: readonly unknown[]): void {
		writeSync(this.#fd, values.map(toJsonLine).join(""));
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
	const bytes = readFileSync(path);
	for (let start = 0; start < bytes.length; ) {
		const newline = bytes.indexOf(10, start);
		if (newline === -1) return;
		yield { value: parse(bytes.toString("utf8", start, newline)), end: newline + 1 };
		start = newline + 1;
	}
}

function parse(line: string): unknown {
	try {
		return JSON.parse(line) as unknown;
	} catch {
		return undefined;
	}
}
