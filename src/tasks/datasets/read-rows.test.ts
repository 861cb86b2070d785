import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, test } from "vitest";
import { ThaliaError } from "../../errors.ts";
import { readRows } from "./read-rows.ts";

const folder = mkdtempSync(join(tmpdir(), "thalia-rows-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | Uint8Array): string {
	const path = join(folder, name);
	writeFileSync(path, content);
	return path;
}

async function read(name: string, content: string | Uint8Array) {
	const rows = await readRows(write(name, content));
	return rows.map(({ at, values }) => [at.slice(at.lastIndexOf(":") + 1), values] as const);
}

async function refusal(name: string, content: string | Uint8Array): Promise<ThaliaError> {
	try {
		await readRows(write(name, content));
	} catch (error) {
		if (error instanceof ThaliaError) return error;
		throw error;
	}
	throw new Error("the file was accepted");
}

describe("JSON lines", () => {
	test("one object a line, blank lines passed over, other line separators within a text", async () => {
		expect(await read("a.jsonl", '\ufeff{"a": 1}\r\n\n{"a": "x\u2028y"}\n{"b": [1, null]}')).toEqual([
			["1", { a: 1 }],
			["3", { a: "x\u2028y" }],
			["4", { b: [1, null] }],
		]);
		expect(await read("none.jsonl", "")).toEqual([]);
		expect(await read("a.jsonl.gz", gzipSync('{"a": 1}\n'))).toEqual([["1", { a: 1 }]]);
	});

	test("what is cut off, is no object or no UTF-8, with its line and byte", async () => {
		const cut = await refusal("cut.jsonl", '{"a": 1}\n{"a": ');
		expect(cut.code).toBe("dataset-garbled");
		expect(cut.message).toContain("cut.jsonl:2 (byte 9) is no JSON");
		expect((await refusal("list.jsonl", "[1]\n")).message).toMatch(
			/an object.*list\.jsonl:1 but received an array/,
		);
		const bytes = Buffer.concat([Buffer.from('{"a": 1}\n{"a": "'), Buffer.from([0xff]), Buffer.from('"}\n')]);
		expect((await refusal("bytes.jsonl", bytes)).message).toContain("bytes.jsonl:2 (byte 9) is not UTF-8");
	});
});

test("a JSON list", async () => {
	expect(await read("a.json", '[{"a": 1}, {"a": 2}]')).toEqual([
		["1", { a: 1 }],
		["2", { a: 2 }],
	]);
	expect((await refusal("b.json", '{"a": 1}')).fix).toContain("name the file .jsonl");
	expect((await refusal("c.json", "[{}, 3]")).message).toMatch(/c\.json:2 but received 3/);
	expect((await refusal("d.json", "[{},")).message).toContain("d.json is no JSON");
});

describe("CSV", () => {
	test("quotes, newlines in quotes, a byte order mark, every kind of line end", async () => {
		const text = '\ufeffq,a\r\n"1, 2","say ""hi"""\r\n"two\nlines",x\n,\rlast,"';
		expect(await read("a.csv", `${text}"`)).toEqual([
			["2", { q: "1, 2", a: 'say "hi"' }],
			["3", { q: "two\nlines", a: "x" }],
			["5", { q: "", a: "" }],
			["6", { q: "last", a: "" }],
		]);
		expect(await read("a.tsv", "q\ta\n1,5\t2\n")).toEqual([["2", { q: "1,5", a: "2" }]]);
		expect(await read("header.csv", "q,a\n")).toEqual([]);
		expect(await read("none.csv", "")).toEqual([]);
	});

	test.each([
		["a,b\n1\n", ":2 but received 1"],
		["a,b\n1,2,3\n", "Expected 2 values, as the header has"],
		["a,a\n1,2\n", "columns with a name of their own for the header of"],
		['a\n"x', ":2 has a quote that is never closed"],
		['a\n"x"y\n', ":2 has something between a closing quote"],
	])("refuses %j", async (text, message) => {
		const error = await refusal("bad.csv", text);
		expect(error.code).toBe("dataset-garbled");
		expect(error.message).toContain(message);
	});

	test("reads back whatever is written by the rules", async () => {
		const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " ", "é", "\t") });
		const table = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 });
		const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
		await fc.assert(
			fc.asyncProperty(table, fc.constantFrom("\n", "\r\n", "\r"), async (rows, end) => {
				const text = `x,y${end}${rows.map((row) => row.map(quote).join(",")).join(end)}`;
				expect((await read("p.csv", text)).map(([, values]) => values)).toEqual(
					rows.map(([x, y]) => ({ x, y })),
				);
			}),
		);
	});

	test("a quoted value of megabytes", async () => {
		const long = 'x""'.repeat(1_000_000);
		expect((await read("long.csv", `a\n"${long}"\n`))[0][1]).toEqual({ a: 'x"'.repeat(1_000_000) });
	});
});

describe("Parquet", () => {
	const bytes = new Uint8Array(
		parquetWriteBuffer({
			columnData: [
				{ name: "question", data: ["a", "b"] },
				{ name: "answer", data: [3n, 4n], type: "INT64" },
				{ name: "when", data: [new Date(0), new Date(1)], type: "TIMESTAMP" },
			],
		}),
	);

	test("in plain values", async () => {
		expect(await read("a.parquet", bytes)).toEqual([
			["1", { question: "a", answer: 3, when: "1970-01-01T00:00:00.000Z" }],
			["2", { question: "b", answer: 4, when: "1970-01-01T00:00:00.001Z" }],
		]);
	});

	test.each([0, 3, 60, bytes.length - 1])("refuses one cut off after %i bytes", async (length) => {
		const error = await refusal("cut.parquet", bytes.subarray(0, length));
		expect(error.code).toBe("dataset-garbled");
		expect(error.message).toContain(`cut.parquet (${length} bytes) is no whole Parquet file`);
	});
});

test("refuses what it does not know, what is not there, and half a gzip file", async () => {
	expect((await refusal("a.txt", "x")).message).toContain("Expected a file that ends in one of .jsonl");
	expect((await refusal("cut.jsonl.gz", gzipSync("{}\n".repeat(99)).subarray(0, 20))).message).toContain(
		"is no whole gzip file",
	);
	await expect(readRows(join(folder, "nowhere.csv"))).rejects.toMatchObject({ code: "dataset-file" });
});
