import { closeSync, openSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { writeAll } from "./atomic.ts";

/**
 * Scalars in TensorBoard's event files: TFRecord frames (length, its masked CRC-32C, data, its masked CRC-32C) of
 * `Event` protocol buffers (tensorflow/core/util/event.proto and framework/summary.proto).
 */
export class EventFile {
	readonly #path: string;
	readonly #fd: number;

	/** Makes `events.out.tfevents.<seconds>.<host>` in `dir`. @param seconds wall time, since 1970 */
	constructor(dir: string, seconds: number) {
		this.#path = join(dir, `events.out.tfevents.${Math.floor(seconds)}.${hostname()}`);
		this.#fd = openSync(this.#path, "w");
		this.#write(event(seconds, 0, text(3, "brain.Event:2")));
	}

	/** One value a tag at a step. */
	scalars(seconds: number, step: number, values: Readonly<Record<string, number>>): void {
		const summary = Object.entries(values).map(([tag, value]) =>
			bytes(1, Buffer.concat([text(1, tag), float(2, value)])),
		);
		this.#write(event(seconds, step, bytes(5, Buffer.concat(summary))));
	}

	#write(data: Buffer): void {
		writeAll(this.#fd, frame(data), this.#path);
	}

	close(): void {
		closeSync(this.#fd);
	}
}

function event(seconds: number, step: number, what: Buffer): Buffer {
	const wallTime = Buffer.alloc(9);
	wallTime[0] = (1 << 3) | 1;
	wallTime.writeDoubleLE(seconds, 1);
	return Buffer.concat([wallTime, Buffer.from([2 << 3]), varint(step), what]);
}

function text(field: number, value: string): Buffer {
	return bytes(field, Buffer.from(value));
}

function bytes(field: number, value: Buffer): Buffer {
	return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(value.length), value]);
}

function float(field: number, value: number): Buffer {
	const buffer = Buffer.alloc(5);
	buffer[0] = (field << 3) | 5;
	buffer.writeFloatLE(value, 1);
	return buffer;
}

function varint(value: number): Buffer {
	const out: number[] = [];
	let rest = value;
	for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out.push((rest % 0x80) | 0x80);
	return Buffer.from([...out, rest]);
}

function frame(data: Buffer): Buffer {
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(data.length));
	return Buffer.concat([length, maskedCrc(length), data, maskedCrc(data)]);
}

function maskedCrc(data: Buffer): Buffer {
	const crc = crc32c(data);
	const out = Buffer.alloc(4);
	out.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
	return out;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
	let c = n;
	for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
	return c;
});

/** CRC with Castagnoli's polynomial. */
function crc32c(data: Buffer): number {
	let crc = 0xffffffff;
	for (const byte of data) crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8);
	return (crc ^ 0xffffffff) >>> 0;
}
