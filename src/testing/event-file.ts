// TensorBoard's event files, read by their published formats and not by the code that writes them: tensorflow's
// core/lib/io/record_writer.h, core/lib/hash/crc32c.h, core/util/event.proto and core/framework/summary.proto.

export interface ReadEvent {
	readonly wallTime: number;
	readonly step: number;
	readonly version?: string;
	readonly scalars: Readonly<Record<string, number>>;
}

/** @throws where a checksum does not hold or bytes are missing */
export function readEvents(file: Buffer): ReadEvent[] {
	const events: ReadEvent[] = [];
	for (let at = 0; at < file.length; ) {
		const length = Number(file.readBigUInt64LE(at));
		check(file.subarray(at, at + 8), file.readUInt32LE(at + 8));
		const data = file.subarray(at + 12, at + 12 + length);
		check(data, file.readUInt32LE(at + 12 + length));
		events.push(readEvent(data));
		at += 16 + length;
	}
	return events;
}

function check(data: Buffer, masked: number): void {
	const crc = BigInt(crc32c(data));
	const rotated = ((crc >> 15n) | (crc << 17n)) & 0xffffffffn;
	if (Number((rotated + 0xa282ead8n) & 0xffffffffn) !== masked)
		throw new Error("a record's checksum is wrong");
}

/** Bit by bit, polynomial 0x1EDC6F41 reflected. */
export function crc32c(data: Uint8Array): number {
	let crc = 0xffffffffn;
	for (const byte of data) {
		crc ^= BigInt(byte);
		for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? 0x82f63b78n : 0n);
	}
	return Number(crc ^ 0xffffffffn);
}

function readEvent(data: Buffer): ReadEvent {
	const fields = readFields(data);
	const version = fields.get(3)?.at(0) as Buffer | undefined;
	const scalars: Record<string, number> = {};
	for (const summary of (fields.get(5) ?? []) as Buffer[]) {
		for (const value of (readFields(summary).get(1) ?? []) as Buffer[]) {
			const { 0: tag, 1: number } = [1, 2].map((field) => readFields(value).get(field)!.at(0)) as [
				Buffer,
				Buffer,
			];
			scalars[tag.toString("utf8")] = number.readFloatLE();
		}
	}
	return {
		wallTime: (fields.get(1)!.at(0) as Buffer).readDoubleLE(),
		step: fields.get(2)?.at(0) as number,
		...(version === undefined ? {} : { version: version.toString("utf8") }),
		scalars,
	};
}

/** Values of a protocol buffer by field number: varints as numbers, all others as their bytes. */
function readFields(data: Buffer): Map<number, (number | Buffer)[]> {
	const fields = new Map<number, (number | Buffer)[]>();
	let at = 0;
	const varint = () => {
		let value = 0;
		for (let scale = 1; ; scale *= 128) {
			const byte = data[at++];
			value += (byte & 127) * scale;
			if (byte < 128) return value;
		}
	};
	const take = (length: number) => {
		if (at + length > data.length) throw new Error("a field reaches beyond its message");
		at += length;
		return data.subarray(at - length, at);
	};
	while (at < data.length) {
		const key = varint();
		const wire = key & 7;
		const value = wire === 0 ? varint() : take(wire === 1 ? 8 : wire === 5 ? 4 : varint());
		fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
	}
	return fields;
}
