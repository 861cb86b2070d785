import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Comparison } from "../eval/compare.ts";
import type { Evaluation } from "../eval/summarise.ts";
import { thalia } from "../testing/child.ts";
import { refusalOf, resultOf } from "../testing/command.ts";
import { writeTinyPolicy } from "../testing/tiny-run.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-eval-out-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const model = writeTinyPolicy(join(root, "model"));
const other = writeTinyPolicy(join(root, "other"), { seed: 9 });
const settings = ["--families", "cmp,max", "--problems", "12", "--samples", "4", "--max-tokens", "4"];
const evaluate = (of: string, args: readonly string[] = []) =>
	resultOf<Evaluation[]>(["eval", "--model", of, "--format", "json", ...settings, ...args]);

test("what is kept is what is printed; it is compared, by itself and against another", async () => {
	const [before, after] = [join(root, "before"), join(root, "after")];
	const [first] = await evaluate(model, ["--results", "--out", before, "--texts"]);
	const again = await evaluate(model, ["--results", "--out", before, "--texts"]);
	expect(again).toEqual([first]);
	const kept = readFileSync(join(before, "results.jsonl"), "utf8").trim().split("\n");
	expect(kept.map((line) => JSON.parse(line) as unknown)).toEqual(
		first.results.map((result) => ({ domain: "in-domain", ...result })),
	);
	for (const name of ["results.parquet", "estimates.json", "table.txt", "table.md"])
		expect(existsSync(join(before, name)), name).toBe(true);
	expect(readFileSync(join(before, "table.md"), "utf8")).toMatch(/^\| domain \| estimate \|/);

	const both = await resultOf<{ evaluations: Evaluation[]; comparisons: Comparison[] }>([
		"eval",
		"--model",
		other,
		"--format",
		"json",
		...settings,
		"--out",
		after,
		"--against",
		before,
	]);
	const compared = await resultOf<Comparison[]>(["compare", before, after, "--format", "json"]);
	expect(compared).toEqual(both.comparisons);
	expect(compared[0]).toMatchObject({ domain: "in-domain", problems: 12 });
	const self = await thalia(["compare", before, before]).ended;
	expect(self.stdout).toContain("+0.0 [+0.0, +0.0]");
	expect(self.stdout).toContain("McNemar's exact p 1.0");
	const markdown = await thalia(["compare", before, after, "--format", "markdown"]).ended;
	expect(markdown.stdout).toMatch(/^\| domain \|/);
});

test("an evaluation that was interrupted goes on, and ends as one that was not", async () => {
	const [whole, cut] = [join(root, "whole"), join(root, "cut")];
	const expected = await evaluate(model, ["--results", "--out", whole]);
	await evaluate(model, ["--out", cut]);
	// As if it had been killed while it wrote the eighth line.
	const path = join(cut, "results.jsonl");
	const lines = readFileSync(path, "utf8").split("\n");
	writeFileSync(path, `${lines.slice(0, 7).join("\n")}\n${lines[7].slice(0, 20)}`);
	rmSync(join(cut, "estimates.json"));
	expect(await evaluate(model, ["--results", "--out", cut])).toEqual(expected);
	expect(readFileSync(path, "utf8")).toBe(readFileSync(join(whole, "results.jsonl"), "utf8"));
});

test("refuses what does not belong together", async () => {
	const dir = join(root, "mixed");
	await evaluate(model, ["--out", dir]);
	const args = ["eval", "--model", model, ...settings];
	expect(await refusalOf([...args, "--out", dir, "--seed", "7"])).toContain("its seed was 1 and is 7");
	expect(await refusalOf([...args, "--against", root])).toContain("Expected an evaluation in");
	expect(await refusalOf([...args, "--chat"])).toContain("Expected a chat template");
	expect(await refusalOf(["eval", "--model", model, "--datasets", "math5000"])).toContain("math500");
	const apart = join(root, "apart");
	await resultOf([
		"eval",
		"--model",
		model,
		"--format",
		"json",
		"--families",
		"add",
		"--problems",
		"3",
		"--out",
		apart,
	]);
	expect(await refusalOf(["compare", dir, apart])).toContain("Expected problems that");
});
