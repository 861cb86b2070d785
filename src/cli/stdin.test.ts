import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import { ThaliaError } from "../errors.ts";
import { writeByteTokenizer } from "../formats/byte-tokenizer.ts";
import { loadTokenizer } from "../formats/tokenizer.ts";
import { readInputLines } from "./stdin.ts";

const dir = mkdtempSync(join(tmpdir(), "thalia-stdin-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
writeByteTokenizer(dir);
const tokenizer = loadTokenizer(dir);

const read = (text: string | Uint8Array, check: (tokens: readonly number[]) => void = () => undefined) =>
	readInputLines(() => tokenizer, check, Readable.from([Buffer.from(text)]));

test("lines keep their numbers; blank ones, Windows' ends and a missing last end are no matter", async () => {
	const text = '{"tokens":[5, 6]}\r\n\r\n  \n{"text":"héé"}\n{"tokens":[0]}';
	expect(await read(text)).toEqual([
		{ number: 1, tokens: [5, 6] },
		{ number: 4, tokens: tokenizer.encode("héé") },
		{ number: 5, tokens: [0] },
	]);
	expect(await read("")).toEqual([]);
});

test("no tokenizer is asked for where there is no text", async () => {
	const none = () => {
		throw new Error("asked");
	};
	const tokens = Readable.from(['{"tokens":[1]}\n']);
	expect(await readInputLines(none, () => undefined, tokens)).toHaveLength(1);
	const text = Readable.from(['{"text":"a"}\n']);
	await expect(readInputLines(none, () => undefined, text)).rejects.toThrow("asked");
});

test("what the check says is told with the line", async () => {
	const check = (tokens: readonly number[]) => {
		if (tokens.length > 2) throw new ThaliaError("too-many", "Expected two");
		if (tokens.length === 0) throw new TypeError("a defect");
	};
	await expect(read('{"tokens":[1]}\n{"tokens":[1,2,3]}', check)).rejects.toThrow(
		"standard input, line 2: Expected two",
	);
	await expect(read('{"tokens":[]}', check)).rejects.toThrow(TypeError);
});

describe("refuses", () => {
	test.each([
		["{tokens", "Expected JSON: "],
		["\u0000", "Expected JSON: "],
		["7", 'Expected {"tokens":[...]} or {"text":"..."} but received 7'],
		["null", "but received null"],
		["[1,2]", "but received an array of 2"],
		["{}", "but received {}"],
		['{"tokens":"1"}', 'but received {"tokens":"1"}'],
		['{"text":["a"]}', 'but received {"text":["a"]}'],
		['{"tokens":[1],"text":"a"}', 'Expected {"tokens":[...]} or {"text":"..."}'],
		['{"tokens":[1,2.5]}', 'Expected whole numbers in "tokens" but entry 1 is 2.5'],
		['{"tokens":[1,"2"]}', 'Expected whole numbers in "tokens" but entry 1 is "2"'],
		['{"tokens":[1,null]}', 'Expected whole numbers in "tokens" but entry 1 is null'],
		['{"tokens":[1e999]}', 'Expected whole numbers in "tokens" but entry 0 is null'],
	])("%s", async (line, message) => {
		const error: unknown = await read(`{"tokens":[1]}\n${line}\n`).catch((error: unknown) => error);
		expect(error).toBeInstanceOf(ThaliaError);
		expect(error).toMatchObject({
			code: "input-line",
			fix: 'a line is {"tokens":[1,2,3]} or {"text":"..."}',
		});
		expect((error as ThaliaError).message).toContain("standard input, line 2: ");
		expect((error as ThaliaError).message).toContain(message);
	});
});
