import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { crc32c, readEvents } from "../testing/event-file.ts";
import { EventFile } from "./tensorboard.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-tensorboard-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("the reader's checksum is CRC-32C: the check value of its definition, and a vector of RFC 3720", () => {
	expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
	expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
	expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
});

test("scalars are read back from records whose checksums hold", () => {
	const dir = mkdtempSync(join(root, "case-"));
	const file = new EventFile(dir, 1_700_000_000.75);
	file.scalars(1_700_000_001.5, 1, { reward: 0.5, "objective/k1": -1.25 });
	// More than one byte of each varint: step, length of the tag, length of the summary.
	const long = "a tag of many letters \u20ac ".repeat(20);
	file.scalars(1_700_000_002, 300, { [long]: 1 / 3, inf: Number.POSITIVE_INFINITY, nan: Number.NaN });
	file.scalars(1_700_000_003, 2 ** 33, {});
	file.close();
	const name = `events.out.tfevents.1700000000.${hostname()}`;
	expect(readdirSync(dir)).toEqual([name]);
	expect(readEvents(readFileSync(join(dir, name)))).toEqual([
		{ wallTime: 1_700_000_000.75, step: 0, version: "brain.Event:2", scalars: {} },
		{ wallTime: 1_700_000_001.5, step: 1, scalars: { reward: 0.5, "objective/k1": -1.25 } },
		{
			wallTime: 1_700_000_002,
			step: 300,
			scalars: { [long]: Math.fround(1 / 3), inf: Number.POSITIVE_INFINITY, nan: Number.NaN },
		},
		{ wallTime: 1_700_000_003, step: 2 ** 33, scalars: {} },
	]);
});
