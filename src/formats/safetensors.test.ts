import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { SafetensorsFile, type TensorToWrite, writeSafetensors } from "./safetensors.ts";

const folder = mkdtempSync(join(tmpdir(), "thalia-safetensors-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "t.safetensors");

function file(header: unknown, dataBytes: number, length?: bigint): void {
	const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
	const prefix = Buffer.alloc(8);
	prefix.writeBigUInt64LE(length ?? BigInt(json.length));
	writeFileSync(path, Buffer.concat([prefix, json, Buffer.alloc(dataBytes)]));
}

const tensor = (shape: number[], offsets: unknown, dtype = "F32") => ({
	dtype,
	shape,
	data_offsets: offsets,
});

test("what is written is read again, whatever the names, shapes and bytes", () => {
	const tensors = fc.uniqueArray(
		fc.record({
			name: fc.string({ minLength: 1 }).filter((n) => n !== "__metadata__" && n !== "__proto__"),
			bytes: fc.uint8Array({ maxLength: 40 }),
		}),
		{ selector: ({ name }) => name, maxLength: 6 },
	);
	fc.assert(
		fc.property(tensors, (list) => {
			const toWrite = list.map(
				({ name, bytes }): TensorToWrite => ({
					name,
					dtype: "U8",
					shape: [bytes.length],
					data: () => bytes,
				}),
			);
			writeSafetensors(path, toWrite, { format: "pt" });
			const opened = SafetensorsFile.open(path);
			expect(opened.metadata).toEqual({ format: "pt" });
			expect(opened.entries.size).toBe(list.length);
			for (const { name, bytes } of list) expect(opened.read(name)).toEqual(new Uint8Array(bytes));
			opened.close();
		}),
	);
});

test("a file of the format's specification, byte by byte", () => {
	writeSafetensors(path, [
		{ name: "a", dtype: "BF16", shape: [1, 2], data: () => Uint8Array.of(1, 2, 3, 4) },
	]);
	const bytes = readFileSync(path);
	const length = Number(bytes.readBigUInt64LE());
	expect(length % 8).toBe(0);
	expect(JSON.parse(bytes.toString("utf8", 8, 8 + length))).toEqual({
		a: { dtype: "BF16", shape: [1, 2], data_offsets: [0, 4] },
	});
	expect([...bytes.subarray(8 + length)]).toEqual([1, 2, 3, 4]);
});

describe("refuses", () => {
	test.each<[string, () => void, string]>([
		["no file", () => rmSync(path, { force: true }), "safetensors-missing"],
		["an empty file", () => writeFileSync(path, ""), "safetensors-truncated"],
		["a header that ends early", () => file("{}", 0, 1000n), "safetensors-truncated"],
		["a header of absurd length", () => file("{}", 0, 2n ** 62n), "safetensors-header"],
		["a header that is not JSON", () => file("{a", 0), "safetensors-header"],
		["a header that is a list", () => file([], 0), "safetensors-header"],
		["an unknown dtype", () => file({ a: tensor([1], [0, 4], "F4") }, 4), "safetensors-header"],
		["a negative size", () => file({ a: tensor([-1], [0, 4]) }, 4), "safetensors-header"],
		["one offset", () => file({ a: tensor([1], [0]) }, 4), "safetensors-header"],
		["an entry that is null", () => file({ a: null }, 4), "safetensors-header"],
		["a shape that its bytes do not fill", () => file({ a: tensor([2], [0, 4]) }, 4), "safetensors-layout"],
		["an overflowing shape", () => file({ a: tensor([2 ** 31, 2 ** 31], [0, 4]) }, 4), "safetensors-layout"],
		["data that ends early", () => file({ a: tensor([2], [0, 8]) }, 4), "safetensors-truncated"],
		["data beyond the last tensor", () => file({ a: tensor([1], [0, 4]) }, 8), "safetensors-layout"],
		["a hole", () => file({ a: tensor([1], [4, 8]) }, 8), "safetensors-layout"],
		["an overlap", () => file({ a: tensor([2], [0, 8]), b: tensor([1], [4, 8]) }, 8), "safetensors-layout"],
	])("%s", (_, make, code) => {
		make();
		expect(() => SafetensorsFile.open(path)).toThrow(expect.objectContaining({ code }));
	});

	test("reading what is not in it, or after closing it", () => {
		file({ a: tensor([1], [0, 4]) }, 4);
		const opened = SafetensorsFile.open(path);
		expect(() => opened.read("b")).toThrow(expect.objectContaining({ code: "tensor-missing" }));
		opened.close();
		expect(() => opened.read("a")).toThrow(expect.objectContaining({ code: "safetensors-closed" }));
	});
});

test("a header with any bit of it flipped is refused, or names something else", () => {
	const names = ["model.norm.weight", "model.embed"];
	const tensors = names.map((name, i) => ({
		name,
		dtype: "F32" as const,
		shape: [i + 1, 2],
		data: () => new Uint8Array(8 * (i + 1)),
	}));
	writeSafetensors(path, tensors);
	const whole = readFileSync(path);
	const header = 8 + Number(whole.readBigUInt64LE());
	for (let bit = 0; bit < 8 * header; bit++) {
		const flipped = Buffer.from(whole);
		flipped[bit >> 3] ^= 1 << (bit & 7);
		writeFileSync(path, flipped);
		try {
			const opened = SafetensorsFile.open(path);
			opened.close();
			const described = [...opened.entries.values()].map(({ name, dtype, shape }) => [name, dtype, shape]);
			// The one bit that changes nothing is that of a space at the end, or what a name or a type of equal size becomes.
			const padding = whole[bit >> 3] === 0x20;
			if (!padding)
				expect(described).not.toEqual(tensors.map(({ name, dtype, shape }) => [name, dtype, shape]));
		} catch (error) {
			if ((error as Error).name !== "ThaliaError") throw error;
		}
	}
});

test("a failed write leaves what was there, and nothing else", () => {
	const dir = mkdtempSync(join(folder, "kept-"));
	const target = join(dir, "w.safetensors");
	writeFileSync(target, "before");
	const short: TensorToWrite = { name: "a", dtype: "F32", shape: [2], data: () => new Uint8Array(4) };
	expect(() => writeSafetensors(target, [short])).toThrow(
		expect.objectContaining({ code: "safetensors-write" }),
	);
	expect(readFileSync(target, "utf8")).toBe("before");
	expect(readdirSync(dir)).toEqual(["w.safetensors"]);
});
