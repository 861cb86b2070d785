import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { toJsonLine } from "../runs/json-lines.ts";
import { readKlTrace } from "./kl-trace.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-kl-trace-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A run directory with these lines of metrics. */
function run(...lines: readonly unknown[]): string {
	const dir = mkdtempSync(join(root, "run-"));
	writeFileSync(join(dir, "metrics.jsonl"), lines.map(toJsonLine).join(""));
	return dir;
}

const step = (n: number, kl: unknown) => ({ step: n, kl, objective: { k1: 1 } });
const rounded = (trace: readonly number[]) => trace.map((kl) => Number(kl.toFixed(12)));

test("the mean of five steps, of fewer at the ends, from a run directory or from its metrics.jsonl", () => {
	const dir = run(...[0, 1, 2, 6, 3, 8].map((kl, i) => step(i + 1, kl)));
	const trace = [3 / 3, 9 / 4, 12 / 5, 20 / 5, 19 / 4, 17 / 3];
	expect(rounded(readKlTrace(dir))).toEqual(rounded(trace));
	expect(readKlTrace(join(dir, "metrics.jsonl"))).toEqual(readKlTrace(dir));
});

test("in the order of steps, whatever that of the lines", () => {
	expect(rounded(readKlTrace(run(step(2, 4), step(3, 5), step(1, 0))))).toEqual([3, 3, 3]);
});

test("never negative, though single steps are", () => {
	expect(rounded(readKlTrace(run(...[-3, -1, 0, 1, 6, 1].map((kl, i) => step(i + 1, kl)))))).toEqual(
		rounded([0, 0, 3 / 5, 7 / 5, 2, 8 / 3]),
	);
});

test("a step that measured none keeps the KL before it, and those before the first have the first's", () => {
	const skipped = (n: number) => ({ step: n, objective: null });
	const lines = [skipped(1), step(2, 3), skipped(3), step(4, Number.NaN), step(5, "Infinity"), step(6, 8)];
	expect(rounded(readKlTrace(run(...lines, skipped(7))))).toEqual(
		[3, 3, 3, 4, 17 / 4, 14 / 3].map((kl) => Number(kl.toFixed(12))),
	);
});

function refusal(path: string): unknown {
	try {
		return readKlTrace(path);
	} catch (error) {
		return error;
	}
}

test.each([
	["a path that is nowhere", () => join(root, "nowhere"), "Expected a run directory or a metrics.jsonl for"],
	["a folder that is no run", () => mkdtempSync(join(root, "empty-")), "Expected a run directory or a"],
	["a run without a step", () => run(), "Expected steps with a kl in"],
	[
		"lines without the number",
		() => run(3, null, "text", [], { step: 1 }, step(2, null), step(0, 1), step(1.5, 1)),
		"Expected steps with a kl in",
	],
])("refuses %s", (_, path, message) => {
	expect(refusal(path())).toMatchObject({
		code: "kl-trace",
		message: expect.stringContaining(message) as string,
		fix: expect.stringContaining("runs/quickstart") as string,
	});
});
