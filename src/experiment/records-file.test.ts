import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { aRecord, scores } from "../testing/run-records.ts";
import { readRecords, writeRecords } from "./records-file.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-records-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const records = [
	aRecord({
		seed: 1,
		labels: { kl: "k3-loss", "kl.beta": "0.1" },
		after: [scores("in-domain", [0.5, null])],
	}),
	aRecord({ seed: 2, outcome: "failed", reason: "out of luck\n", series: { step: [1], kl: [null] } }),
];

test.each(["records.jsonl", "records.jsonl.gz"])("what is written to %s is read again", (name) => {
	const path = join(root, name);
	writeRecords(path, records);
	expect(readRecords(path)).toEqual(records);
	const plain = name.endsWith(".gz") ? gunzipSync(readFileSync(path)) : readFileSync(path);
	expect(plain.toString().split("\n")).toHaveLength(3);
	writeRecords(path, []);
	expect(readRecords(path)).toEqual([]);
});

test("a record from before a curve was kept has no values of it", () => {
	const path = join(root, "older.jsonl");
	const { sequenceEss: _, ...series } = records[1].series;
	writeFileSync(path, `${JSON.stringify({ ...records[1], series })}\n`);
	expect(readRecords(path)[0].series).toEqual({ ...series, sequenceEss: [null] });
	const { kl: __, ...damaged } = series;
	writeFileSync(path, `${JSON.stringify({ ...records[1], series: damaged })}\n`);
	expect(() => readRecords(path)).toThrow(/older\.jsonl:1 but received/);
});

test("a line that is no record is named", () => {
	const path = join(root, "damaged.jsonl");
	writeRecords(path, records);
	const whole = readFileSync(path, "utf8");
	writeFileSync(path, whole.slice(0, -10));
	expect(() => readRecords(path)).toThrow(/damaged\.jsonl:2 but received/);
	writeFileSync(path, `\n${whole}{"name":"x"}\n`);
	expect(() => readRecords(path)).toThrow(/the record of a run at .*damaged\.jsonl:4 but received/);
	const compressed = join(root, "damaged.jsonl.gz");
	writeFileSync(compressed, whole);
	expect(() => readRecords(compressed)).toThrow(expect.objectContaining({ code: "records-damaged" }));
	expect(() => readRecords(join(root, "none.jsonl"))).toThrow(
		expect.objectContaining({ code: "records-missing" }),
	);
});
