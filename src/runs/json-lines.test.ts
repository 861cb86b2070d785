import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { built, script } from "../testing/child.ts";
import { JsonLinesFile, readJsonLines, toJsonLine, toNumber } from "./json-lines.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-json-lines-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const file = () => join(mkdtempSync(join(root, "case-")), "lines.jsonl");
const all = () => true;

interface Step {
	readonly step: number;
}

test("numbers that are not finite are words, at any depth, and are numbers again", () => {
	const value = {
		a: Number.NaN,
		b: { c: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5] },
		d: null,
	};
	expect(toJsonLine(value)).toBe('{"a":"NaN","b":{"c":["Infinity","-Infinity",1.5]},"d":null}\n');
	expect(["NaN", "Infinity", "-Infinity", 1.5, -0].map(toNumber)).toEqual([
		Number.NaN,
		Number.POSITIVE_INFINITY,
		Number.NEGATIVE_INFINITY,
		1.5,
		-0,
	]);
	expect(["1", "", "nan", null, true, undefined, {}].map(toNumber)).toEqual(Array(7).fill(undefined));
});

test("doubles come back as they were written", () => {
	const values = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -1e-7, 2 ** 53];
	const path = file();
	const lines = JsonLinesFile.open(path, all);
	lines.append(...values);
	lines.close();
	expect(readJsonLines(path)).toEqual(values);
});

test("appends in order across openings, whatever is in the text", () => {
	const path = file();
	const texts = ['a "quoted" line\nand another', "\u2028\ud83d\ude00 \ud800 lone", "", "\u0000"];
	for (const part of [texts.slice(0, 2), texts.slice(2)]) {
		const lines = JsonLinesFile.open(path, all);
		lines.append(...part);
		lines.sync();
		lines.close();
	}
	expect(readJsonLines(path)).toEqual(texts);
	expect(readFileSync(path, "utf8").match(/\n/g)).toHaveLength(4);
});

test("no file is no lines, and opening makes an empty one", () => {
	const path = file();
	expect(readJsonLines(path)).toEqual([]);
	JsonLinesFile.open(path, all).close();
	expect(readFileSync(path, "utf8")).toBe("");
});

test.each(['{"step":3,"text":"cut o', '{"step":3}', "\u0000\u0000\u0000", "3"])(
	"a last line that was cut off (%j) is not read, and is gone when the file is opened again",
	(rest) => {
		const path = file();
		writeFileSync(path, `{"step":1}\n{"step":2}\n${rest}`);
		expect(readJsonLines(path)).toEqual([{ step: 1 }, { step: 2 }]);
		const lines = JsonLinesFile.open(path, all);
		lines.append({ step: 3 });
		lines.close();
		expect(readFileSync(path, "utf8")).toBe('{"step":1}\n{"step":2}\n{"step":3}\n');
	},
);

test("opening drops a line that is no JSON with all that follows, as a crash of the machine may leave them", () => {
	const path = file();
	writeFileSync(path, '{"step":1}\n\u0000\u0000\n{"step":2}\n');
	JsonLinesFile.open(path, all).close();
	expect(readFileSync(path, "utf8")).toBe('{"step":1}\n');
});

test("keeps the leading lines that are asked for, and asks for none after the first refused", () => {
	const path = file();
	writeFileSync(path, [1, 2, 2, 3, 1].map((step) => toJsonLine({ step })).join(""));
	const asked: number[] = [];
	JsonLinesFile.open(path, ({ step }: Step) => asked.push(step) > 0 && step <= 2).close();
	expect(readJsonLines<Step>(path).map(({ step }) => step)).toEqual([1, 2, 2]);
	expect(asked).toEqual([1, 2, 2, 3]);
	JsonLinesFile.open(path, () => false).close();
	expect(readFileSync(path, "utf8")).toBe("");
});

test("lines longer than a read, and characters that a read ends in, come back whole", () => {
	const path = file();
	const texts = ["x", "\u20ac".repeat(500_000), "y".repeat(2 ** 20 - 3), "\ud83d\ude00".repeat(300_000), "z"];
	writeFileSync(path, texts.map(toJsonLine).join(""));
	appendFileSync(path, '"cut');
	JsonLinesFile.open(path, (text: string) => text !== "z").close();
	expect(readJsonLines(path)).toEqual(texts.slice(0, 4));
	expect(readFileSync(path, "utf8")).toBe(texts.slice(0, 4).map(toJsonLine).join(""));
});

test("a disk that fills up fails the append, names the file, and costs no line before it", async () => {
	const path = file();
	const { code, stderr } = await script(
		`const { JsonLinesFile } = await import(${JSON.stringify(built("runs/json-lines.ts"))});
const lines = JsonLinesFile.open(${JSON.stringify(path)}, () => true);
lines.append({ step: 1 });
lines.append({ step: 2, text: "x".repeat(3000) });`,
		{ fileKiB: 1 },
	).ended;
	expect(code).not.toBe(0);
	expect(stderr).toContain(`${path}: EFBIG`);
	expect(existsSync(path)).toBe(true);
	expect(readJsonLines(path)).toEqual([{ step: 1 }]);
});
