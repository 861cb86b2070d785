import { closeSync, fstatSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { ThaliaError } from "../errors.ts";
import { readFully as fill } from "./read-fully.ts";

/** Element types of the safetensors format that Thalia reads. */
export type SafetensorsDtype = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" | "U8" | "BOOL";

const elementBytes: Record<SafetensorsDtype, number> = {
	F64: 8,
	F32: 4,
	F16: 2,
	BF16: 2,
	I64: 8,
	I32: 4,
	I16: 2,
	I8: 1,
	U8: 1,
	BOOL: 1,
};

export interface TensorEntry {
	readonly name: string;
	readonly dtype: SafetensorsDtype;
	readonly shape: readonly number[];
	readonly byteLength: number;
}

interface Located extends TensorEntry {
	/** Absolute position in the file. */
	readonly start: number;
}

/** The reference implementation refuses longer headers too. */
const longestHeader = 100_000_000;

/** A safetensors file, open for reading one tensor at a time. */
export class SafetensorsFile {
	readonly path: string;
	readonly entries: ReadonlyMap<string, TensorEntry>;
	readonly metadata: Readonly<Record<string, string>>;
	#descriptor: number | undefined;

	private constructor(path: string, descriptor: number, header: Header) {
		this.path = path;
		this.#descriptor = descriptor;
		this.entries = header.entries;
		this.metadata = header.metadata;
	}

	/** @throws ThaliaError `safetensors-missing`, `safetensors-truncated`, `safetensors-header`, `safetensors-layout` */
	static open(path: string): SafetensorsFile {
		let descriptor: number;
		try {
			descriptor = openSync(path, "r");
		} catch (cause) {
			throw new ThaliaError(
				"safetensors-missing",
				`Expected a safetensors file at ${path}: ${(cause as Error).message}`,
				{
					cause,
				},
			);
		}
		try {
			return new SafetensorsFile(path, descriptor, readHeader(path, descriptor));
		} catch (error) {
			closeSync(descriptor);
			throw error;
		}
	}

	/** The tensor's little-endian bytes in an array of their own. */
	read(name: string): Uint8Array<ArrayBuffer> {
		const bytes = new Uint8Array(this.entries.get(name)?.byteLength ?? 0);
		this.readInto(name, 0, bytes);
		return bytes;
	}

	/** Fills `into` with the tensor's bytes from `offset` on. */
	readInto(name: string, offset: number, into: Uint8Array): void {
		const entry = this.entries.get(name) as Located | undefined;
		if (entry === undefined) {
			throw new ThaliaError("tensor-missing", `Expected tensor ${name} in ${this.path} but it is not there`);
		}
		if (this.#descriptor === undefined) {
			throw new ThaliaError(
				"safetensors-closed",
				`Expected an open file for reading ${name} but ${this.path} is closed`,
			);
		}
		if (offset + into.length > entry.byteLength) {
			throw new RangeError(
				`${into.length} bytes from ${offset} are beyond the ${entry.byteLength} of ${name}`,
			);
		}
		readFully(this.#descriptor, into, entry.start + offset, this.path);
	}

	close(): void {
		if (this.#descriptor !== undefined) closeSync(this.#descriptor);
		this.#descriptor = undefined;
	}
}

interface Header {
	readonly entries: ReadonlyMap<string, Located>;
	readonly metadata: Record<string, string>;
}

function readHeader(path: string, descriptor: number): Header {
	const size = fstatSync(descriptor).size;
	const wrong = (code: string, message: string) =>
		new ThaliaError(code, `${path}: ${message}`, { fix: "fetch or copy the file again" });
	if (size < 8) throw wrong("safetensors-truncated", `expected at least 8 bytes but the file has ${size}`);
	const prefix = new Uint8Array(8);
	readFully(descriptor, prefix, 0, path);
	const headerLength = Number(new DataView(prefix.buffer).getBigUint64(0, true));
	if (headerLength > longestHeader) {
		throw wrong(
			"safetensors-header",
			`expected a header of at most ${longestHeader} bytes but it claims ${headerLength}`,
		);
	}
	if (8 + headerLength > size) {
		throw wrong(
			"safetensors-truncated",
			`expected a header of ${headerLength} bytes but the file has ${size - 8} after its length`,
		);
	}
	const raw = new Uint8Array(headerLength);
	readFully(descriptor, raw, 8, path);
	let json: unknown;
	try {
		json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
	} catch (cause) {
		throw wrong(
			"safetensors-header",
			`expected a JSON header but it does not parse: ${(cause as Error).message}`,
		);
	}
	if (json === null || typeof json !== "object" || Array.isArray(json)) {
		throw wrong("safetensors-header", "expected a JSON object as header");
	}
	const { __metadata__: metadata = {}, ...tensors } = json as Record<string, unknown>;
	const dataStart = 8 + headerLength;
	const entries = new Map<string, Located>();
	for (const [name, value] of Object.entries(tensors))
		entries.set(name, parseEntry(name, value, dataStart, wrong));
	checkLayout([...entries.values()], dataStart, size, wrong);
	return { entries, metadata: metadata as Record<string, string> };
}

type Wrong = (code: string, message: string) => ThaliaError;

function parseEntry(name: string, value: unknown, dataStart: number, wrong: Wrong): Located {
	const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
	const natural = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
	if (typeof dtype !== "string" || !Object.hasOwn(elementBytes, dtype)) {
		throw wrong(
			"safetensors-header",
			`expected a known dtype for tensor ${name} but received ${JSON.stringify(dtype)}`,
		);
	}
	if (!Array.isArray(shape) || !shape.every(natural)) {
		throw wrong(
			"safetensors-header",
			`expected sizes for tensor ${name} but received ${JSON.stringify(shape)}`,
		);
	}
	if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(natural)) {
		throw wrong(
			"safetensors-header",
			`expected two data offsets for tensor ${name} but received ${JSON.stringify(offsets)}`,
		);
	}
	const [begin, end] = offsets as [number, number];
	const byteLength = end - begin;
	const needed = shape.reduce((product, n) => product * n, elementBytes[dtype as SafetensorsDtype]);
	if (byteLength !== needed) {
		throw wrong(
			"safetensors-layout",
			`expected ${needed} bytes for tensor ${name} (${dtype} [${shape.join(", ")}]) but its offsets span ${byteLength}`,
		);
	}
	return { name, dtype: dtype as SafetensorsDtype, shape, byteLength, start: dataStart + begin };
}

/** The tensors must cover the file from the header to its end, without overlap and without holes. */
function checkLayout(entries: Located[], dataStart: number, size: number, wrong: Wrong): void {
	let position = dataStart;
	for (const entry of entries.sort((a, b) => a.start - b.start || a.byteLength - b.byteLength)) {
		if (entry.start !== position) {
			const what = entry.start < position ? "overlaps the one before it" : "leaves a hole before it";
			throw wrong("safetensors-layout", `tensor ${entry.name} ${what}`);
		}
		position += entry.byteLength;
	}
	if (position > size)
		throw wrong("safetensors-truncated", `expected ${position} bytes but the file has ${size}`);
	if (position < size)
		throw wrong("safetensors-layout", `expected ${position} bytes but the file has ${size}`);
}

function readFully(descriptor: number, into: Uint8Array, position: number, path: string): void {
	const short = fill(descriptor, into, position);
	if (short > 0)
		throw new ThaliaError("safetensors-truncated", `${path}: the file ended ${short} bytes early`);
}

/** A tensor to be written, its bytes made when its turn comes. */
export interface TensorToWrite {
	readonly name: string;
	readonly dtype: SafetensorsDtype;
	readonly shape: readonly number[];
	data(): Uint8Array;
}

/**
 * Writes a safetensors file, one tensor in memory at a time: to a temporary name, fsynced, then renamed, so that `path`
 * is either the whole file or what it was before.
 * @throws ThaliaError `safetensors-write` (a full disk, among others); the temporary file is removed
 */
export function writeSafetensors(
	path: string,
	tensors: readonly TensorToWrite[],
	metadata: Readonly<Record<string, string>> = {},
): void {
	const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
	let position = 0;
	for (const { name, dtype, shape } of tensors) {
		const end = position + shape.reduce((product, n) => product * n, elementBytes[dtype]);
		header[name] = { dtype, shape, data_offsets: [position, end] };
		position = end;
	}
	const json = JSON.stringify(header);
	const encoded = new TextEncoder().encode(json + " ".repeat((8 - (Buffer.byteLength(json) % 8)) % 8));
	const prefix = new Uint8Array(8);
	new DataView(prefix.buffer).setBigUint64(0, BigInt(encoded.length), true);

	const temporary = `${path}.partial`;
	let descriptor: number | undefined;
	try {
		descriptor = openSync(temporary, "w");
		writeFully(descriptor, prefix);
		writeFully(descriptor, encoded);
		for (const tensor of tensors) {
			const bytes = tensor.data();
			const { data_offsets } = header[tensor.name] as { data_offsets: [number, number] };
			if (bytes.length !== data_offsets[1] - data_offsets[0]) {
				throw new Error(
					`tensor ${tensor.name} gave ${bytes.length} bytes, its shape needs ${data_offsets[1] - data_offsets[0]}`,
				);
			}
			writeFully(descriptor, bytes);
		}
		fsyncSync(descriptor);
		closeSync(descriptor);
		descriptor = undefined;
		renameSync(temporary, path);
	} catch (cause) {
		if (descriptor !== undefined) closeSync(descriptor);
		rmSync(temporary, { force: true });
		throw new ThaliaError("safetensors-write", `${path} could not be written: ${(cause as Error).message}`, {
			fix:
				(cause as NodeJS.ErrnoException).code === "ENOSPC"
					? "free disk space"
					: "check that the folder exists and is writable",
			cause,
		});
	}
}

function writeFully(descriptor: number, bytes: Uint8Array): void {
	let done = 0;
	while (done < bytes.length)
		done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, 2 ** 30));
}
