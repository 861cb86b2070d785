import { ThaliaError } from "../../errors.ts";
import { readFully } from "../read-fully.ts";

export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

const chunkBytes = 2 ** 20;

/** Reads little-endian values one after the other from an open GGUF file. */
export class Cursor {
	/** Absolute position in the file. */
	position = 0;
	readonly size: number;
	readonly #path: string;
	readonly #descriptor: number;
	readonly #text = new TextDecoder();
	#chunk = new Uint8Array(0);
	#view = new DataView(this.#chunk.buffer);
	#start = 0;

	constructor(path: string, descriptor: number, size: number) {
		this.#path = path;
		this.#descriptor = descriptor;
		this.size = size;
	}

	wrong(message: string, code = "gguf-header"): ThaliaError {
		return new ThaliaError(code, `${this.#path}: ${message}`, { fix: "fetch or copy the file again" });
	}

	/** Offset in the chunk of the next `length` bytes. */
	#take(length: number): number {
		if (length > this.size - this.position) {
			throw this.wrong(
				`expected ${length} bytes at ${this.position} but the file ends after ${this.size - this.position}`,
				"gguf-truncated",
			);
		}
		const end = this.#start + this.#chunk.length;
		if (this.position < this.#start || this.position + length > end) {
			this.#chunk = new Uint8Array(Math.min(Math.max(length, chunkBytes), this.size - this.position));
			this.#view = new DataView(this.#chunk.buffer);
			this.#start = this.position;
			readFully(this.#descriptor, this.#chunk, this.position);
		}
		const offset = this.position - this.#start;
		this.position += length;
		return offset;
	}

	u32(): number {
		const offset = this.#take(4);
		return this.#view.getUint32(offset, true);
	}

	/** A count or an offset, which must be a number that JavaScript can count to. */
	u64(): number {
		const offset = this.#take(8);
		const value = this.#view.getBigUint64(offset, true);
		if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.wrong(`expected a smaller number than ${value}`);
		return Number(value);
	}

	string(): string {
		const length = this.u64();
		const offset = this.#take(length);
		return this.#text.decode(this.#chunk.subarray(offset, offset + length));
	}

	/** A metadata value of this type, by GGUF's numbering. */
	value(type: number, depth = 0): GgufValue {
		switch (type) {
			case 0:
				return this.#number(1, (view, at) => view.getUint8(at));
			case 1:
				return this.#number(1, (view, at) => view.getInt8(at));
			case 2:
				return this.#number(2, (view, at) => view.getUint16(at, true));
			case 3:
				return this.#number(2, (view, at) => view.getInt16(at, true));
			case 4:
				return this.u32();
			case 5:
				return this.#number(4, (view, at) => view.getInt32(at, true));
			case 6:
				return this.#number(4, (view, at) => view.getFloat32(at, true));
			case 7:
				return this.#number(1, (view, at) => view.getUint8(at)) !== 0;
			case 8:
				return this.string();
			case 9:
				return this.#array(depth);
			case 10:
				return this.#number(8, (view, at) => narrow(view.getBigUint64(at, true)));
			case 11:
				return this.#number(8, (view, at) => narrow(view.getBigInt64(at, true)));
			case 12:
				return this.#number(8, (view, at) => view.getFloat64(at, true));
			default:
				throw this.wrong(`expected a metadata type from 0 to 12 but received ${type}`);
		}
	}

	#number<T extends number | bigint>(bytes: number, get: (view: DataView, at: number) => T): T {
		const offset = this.#take(bytes);
		return get(this.#view, offset);
	}

	#array(depth: number): GgufValue[] {
		const type = this.u32();
		const length = this.u64();
		if (depth > 8) throw this.wrong("expected arrays nested less deeply");
		// Every element has a byte at least: a length that is garbage must not become memory.
		if (length > this.size - this.position)
			throw this.wrong(`expected an array within the file but it claims ${length} elements`);
		const values: GgufValue[] = [];
		for (let i = 0; i < length; i++) values.push(this.value(type, depth + 1));
		return values;
	}
}

function narrow(value: bigint): number | bigint {
	const number = Number(value);
	return Number.isSafeInteger(number) ? number : value;
}
