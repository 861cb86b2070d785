import { closeSync, fstatSync, openSync } from "node:fs";
import { describe, ThaliaError } from "../../errors.ts";
import { readFully } from "../read-fully.ts";
import { Cursor, type GgufValue } from "./cursor.ts";
import { blocks, type GgmlType, ggmlTypes } from "./quantisation.ts";

export interface GgufTensor {
	readonly name: string;
	readonly type: GgmlType;
	/** Slowest dimension first, as in safetensors; the file has them the other way round. */
	readonly shape: readonly number[];
	readonly byteLength: number;
	/** Absolute position in the file. */
	readonly start: number;
}

/** A GGUF file of version 2 or 3, open for reading one tensor at a time. */
export class GgufFile {
	readonly path: string;
	readonly metadata: Metadata;
	readonly tensors: ReadonlyMap<string, GgufTensor>;
	readonly #descriptor: number;

	private constructor(path: string, descriptor: number) {
		this.path = path;
		this.#descriptor = descriptor;
		const cursor = new Cursor(path, descriptor, fstatSync(descriptor).size);
		const { tensorCount, valueCount } = readStart(cursor);
		const values = new Map<string, GgufValue>();
		for (let i = 0; i < valueCount; i++) values.set(cursor.string(), cursor.value(cursor.u32()));
		this.metadata = new Metadata(path, values);
		this.tensors = readTensors(cursor, tensorCount, this.metadata.natural("general.alignment", 32));
	}

	/** @throws ThaliaError `gguf-missing`, `gguf-header`, `gguf-truncated`, `gguf-unsupported` */
	static open(path: string): GgufFile {
		let descriptor: number;
		try {
			descriptor = openSync(path, "r");
		} catch (cause) {
			throw new ThaliaError("gguf-missing", `Expected a GGUF file at ${path}: ${(cause as Error).message}`, {
				cause,
			});
		}
		try {
			return new GgufFile(path, descriptor);
		} catch (error) {
			closeSync(descriptor);
			throw error;
		}
	}

	/** The tensor's bytes as they are in the file. */
	read(name: string): Uint8Array<ArrayBuffer> {
		const tensor = this.tensors.get(name);
		if (tensor === undefined)
			throw new ThaliaError("tensor-missing", `Expected tensor ${name} in ${this.path} but it is not there`);
		const bytes = new Uint8Array(tensor.byteLength);
		const short = readFully(this.#descriptor, bytes, tensor.start);
		if (short > 0)
			throw new ThaliaError("gguf-truncated", `${this.path}: the file ended ${short} bytes early`);
		return bytes;
	}

	close(): void {
		closeSync(this.#descriptor);
	}
}

function readStart(cursor: Cursor): { tensorCount: number; valueCount: number } {
	if (cursor.size < 24 || cursor.u32() !== 0x46554747)
		throw cursor.wrong("expected a file that begins with GGUF");
	const version = cursor.u32();
	if (version !== 2 && version !== 3) {
		const bigEndian = version === 0x02000000 || version === 0x03000000;
		throw cursor.wrong(
			`expected version 2 or 3, little-endian, but received ${bigEndian ? "a big-endian file" : version}`,
			"gguf-unsupported",
		);
	}
	return { tensorCount: cursor.u64(), valueCount: cursor.u64() };
}

function readTensors(cursor: Cursor, count: number, alignment: number): ReadonlyMap<string, GgufTensor> {
	const listed: GgufTensor[] = [];
	for (let i = 0; i < count; i++) {
		const name = cursor.string();
		const dimensions = cursor.u32();
		if (dimensions > 4)
			throw cursor.wrong(`expected at most 4 dimensions for tensor ${name} but received ${dimensions}`);
		const shape = Array.from({ length: dimensions }, () => cursor.u64()).reverse();
		const number = cursor.u32();
		const start = cursor.u64();
		if (!Object.hasOwn(ggmlTypes, number)) {
			throw cursor.wrong(
				`expected one of ${Object.values(ggmlTypes).join(", ")} for tensor ${name} but received ggml type ${number}`,
				"gguf-unsupported",
			);
		}
		const type = ggmlTypes[number as keyof typeof ggmlTypes];
		const { elements, bytes } = blocks[type];
		if ((shape.at(-1) ?? 1) % elements !== 0)
			throw cursor.wrong(
				`expected rows of whole ${type} blocks for tensor ${name} but received [${shape.join(", ")}]`,
			);
		const byteLength = (shape.reduce((product, n) => product * n, 1) / elements) * bytes;
		listed.push({ name, type, shape, byteLength, start });
	}
	const dataStart = Math.ceil(cursor.position / alignment) * alignment;
	const tensors = listed.map((tensor) => ({ ...tensor, start: dataStart + tensor.start }));
	checkLayout(cursor, tensors);
	return new Map(tensors.map((tensor) => [tensor.name, tensor]));
}

/** Tensors must lie within the file and not in one another; there may be padding between them. */
function checkLayout(cursor: Cursor, tensors: readonly GgufTensor[]): void {
	let end = 0;
	for (const tensor of [...tensors].sort((a, b) => a.start - b.start)) {
		if (tensor.start < end) throw cursor.wrong(`tensor ${tensor.name} overlaps the one before it`);
		end = tensor.start + tensor.byteLength;
		if (!(end <= cursor.size)) {
			throw cursor.wrong(
				`expected ${end} bytes for tensor ${tensor.name} but the file has ${cursor.size}`,
				"gguf-truncated",
			);
		}
	}
}

/** Typed access to what a GGUF file says of itself; every complaint names the file and the key. */
export class Metadata {
	readonly #path: string;
	readonly #values: ReadonlyMap<string, GgufValue>;

	constructor(path: string, values: ReadonlyMap<string, GgufValue>) {
		this.#path = path;
		this.#values = values;
	}

	has(key: string): boolean {
		return this.#values.has(key);
	}

	raw(key: string): GgufValue | undefined {
		return this.#values.get(key);
	}

	unsupported(key: string, supported: string, fix?: string): ThaliaError {
		const message = `${this.#path}: Expected ${supported} for ${key} but received ${describe(this.raw(key))}`;
		return new ThaliaError("gguf-unsupported", message, fix === undefined ? {} : { fix });
	}

	#wrong(key: string, what: string): ThaliaError {
		const message = `${this.#path}: Expected ${what} for ${key} but received ${describe(this.raw(key))}`;
		return new ThaliaError("gguf-header", message, { fix: "convert the model to GGUF again" });
	}

	natural(key: string, fallback?: number): number {
		const value = this.raw(key) ?? fallback;
		if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1)
			throw this.#wrong(key, "a whole number of 1 or more");
		return value;
	}

	number(key: string, fallback?: number): number {
		const value = this.raw(key) ?? fallback;
		if (typeof value !== "number") throw this.#wrong(key, "a number");
		return value;
	}

	text(key: string): string {
		const value = this.raw(key);
		if (typeof value !== "string") throw this.#wrong(key, "a text");
		return value;
	}

	flag(key: string, fallback: boolean): boolean {
		const value = this.raw(key) ?? fallback;
		if (typeof value !== "boolean") throw this.#wrong(key, "true or false");
		return value;
	}

	/** A token id, or null where the file names none. */
	token(key: string): number | null {
		const value = this.raw(key);
		// llama.cpp writes 2^32 - 1 for none.
		if (value === undefined || value === 0xffff_ffff) return null;
		if (typeof value !== "number" || value < 0) throw this.#wrong(key, "a token id");
		return value;
	}

	texts(key: string): readonly string[] {
		const value = this.raw(key);
		if (!Array.isArray(value) || !value.every((item) => typeof item === "string"))
			throw this.#wrong(key, "a list of texts");
		return value;
	}

	numbers(key: string): readonly number[] {
		const value = this.raw(key);
		if (!Array.isArray(value) || !value.every((item) => typeof item === "number"))
			throw this.#wrong(key, "a list of numbers");
		return value;
	}
}
