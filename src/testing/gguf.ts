import { writeFileSync } from "node:fs";

/** A metadata value as it is written: its type by GGUF's name, and itself. */
export type GgufField =
	| { readonly u32: number }
	| { readonly f32: number }
	| { readonly bool: boolean }
	| { readonly text: string }
	| { readonly texts: readonly string[] }
	| { readonly i32s: readonly number[] };

export interface GgufTensorToWrite {
	readonly name: string;
	/** GGUF's number of the element type; 0 is F32. */
	readonly type?: number;
	/** Slowest dimension first. */
	readonly shape: readonly number[];
	readonly bytes: Uint8Array;
	/** Written instead of where the bytes are. */
	readonly offset?: number;
}

/** Writes a GGUF file of version 3, aligned to 32 bytes. */
export function writeGguf(
	path: string,
	metadata: Readonly<Record<string, GgufField>>,
	tensors: readonly GgufTensorToWrite[] = [],
): void {
	const head: Buffer[] = [
		Buffer.from("GGUF"),
		u32(3),
		u64(tensors.length),
		u64(Object.keys(metadata).length),
	];
	for (const [key, field] of Object.entries(metadata)) head.push(string(key), ...fieldBytes(field));
	const data: Buffer[] = [];
	let position = 0;
	for (const { name, type = 0, shape, bytes, offset = position } of tensors) {
		head.push(string(name), u32(shape.length), ...[...shape].reverse().map(u64), u32(type), u64(offset));
		const padded = Buffer.concat([bytes, padding(bytes.length)]);
		data.push(padded);
		position += padded.length;
	}
	const header = Buffer.concat(head);
	writeFileSync(path, Buffer.concat([header, ...(data.length > 0 ? [padding(header.length)] : []), ...data]));
}

function fieldBytes(field: GgufField): Buffer[] {
	if ("u32" in field) return [u32(4), u32(field.u32)];
	if ("f32" in field) return [u32(6), Buffer.from(Float32Array.of(field.f32).buffer)];
	if ("bool" in field) return [u32(7), Buffer.from([field.bool ? 1 : 0])];
	if ("text" in field) return [u32(8), string(field.text)];
	if ("texts" in field) return [u32(9), u32(8), u64(field.texts.length), ...field.texts.map(string)];
	return [u32(9), u32(5), u64(field.i32s.length), Buffer.from(Int32Array.from(field.i32s).buffer)];
}

function u32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value);
	return bytes;
}

function u64(value: number): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64LE(BigInt(value));
	return bytes;
}

function string(text: string): Buffer {
	return Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);
}

function padding(length: number): Buffer {
	return Buffer.alloc((32 - (length % 32)) % 32);
}
