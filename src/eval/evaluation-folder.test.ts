import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { afterAll, expect, test } from "vitest";
import { EvaluationFolder, readEvaluations } from "./evaluation-folder.ts";
import type { ProblemResult } from "./problem-result.ts";
import { summarise } from "./summarise.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-evaluation-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const settings = { model: "m", samples: 2, ks: [1, 2] };
const result = (id: string, greedy: number | null): ProblemResult => ({
	...{ id, family: "f", greedy, rewards: [1, 0], errors: greedy === null ? 1 : 0 },
	...{ answers: ["7", null], majority: 1, tokens: [3, 4], stopped: 1 },
	...(greedy === null ? { error: "no compiler" } : {}),
});
const refusal = (code: string): unknown => expect.objectContaining({ code });

test("what was done is there again, a line that was cut off is not, and the end can be read", async () => {
	const dir = join(root, "kept");
	const first = EvaluationFolder.open(dir, settings);
	first.append("d", [result("a", 1), result("b", null)]);
	expect(() => EvaluationFolder.open(dir, settings)).toThrow(refusal("run-in-use"));
	first.close();
	appendFileSync(join(dir, "results.jsonl"), '{"domain":"d","id":"c","fam');
	expect(() => readEvaluations(dir)).toThrow(refusal("evaluation-unfinished"));

	const second = EvaluationFolder.open(dir, settings);
	const done = second.done("d");
	expect([...done.values()]).toEqual([result("a", 1), result("b", null)]);
	expect(second.done("other").size).toBe(0);
	second.append("d", [result("c", 0)]);
	const evaluation = summarise("d", [...done.values(), result("c", 0)], 2, [1, 2]);
	second.finish([evaluation], { "table.txt": "a table" });
	second.close();

	expect(readEvaluations(dir)).toEqual([evaluation]);
	expect(readFileSync(join(dir, "table.txt"), "utf8")).toBe("a table\n");
	const file = readFileSync(join(dir, "results.parquet"));
	const rows = await parquetReadObjects({ file: new Uint8Array(file).buffer });
	expect(rows).toEqual([
		expect.objectContaining({ domain: "d", id: "a", greedy: 1, mean: 0.5, majority: 1, errors: 0 }),
		expect.objectContaining({ id: "b", greedy: null, errors: 1, error: "no compiler" }),
		expect.objectContaining({ id: "c", greedy: 0, rewards: "[1,0]", answers: '["7",null]', tokens: "[3,4]" }),
	]);
});

test("does not mix with another evaluation", () => {
	const dir = join(root, "other");
	EvaluationFolder.open(dir, settings).close();
	expect(() => EvaluationFolder.open(dir, { ...settings, samples: 3 })).toThrow(
		/its samples was 2 and is 3.*/,
	);
	expect(() => readEvaluations(join(root, "none"))).toThrow(refusal("evaluation-missing"));
});
