import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readRecords } from "../experiment/records-file.ts";
import { thalia } from "../testing/child.ts";
import { refusalOf, resultOf } from "../testing/command.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-experiment-command-"));
afterAll(() => {
	rmSync(root, { recursive: true, force: true });
});

const short = ["train.steps=2", "rollout.prompts=2", "eval.problems=4", "eval.samples=2"];
const comedy = ["experiment", "recipes/comedy.yaml", "--quick", "--runs", root, ...short];

/** An experiment's file in the scratch folder. */
function written(name: string, text: string): string {
	const file = join(root, name);
	writeFileSync(file, text);
	return file;
}

test("the paper's grid, cut short: interrupted, taken up, reported", async () => {
	const interrupted = thalia(comedy);
	await interrupted.until((stderr) => stderr.includes("[2/10]"));
	interrupted.kill("SIGINT");
	const { code, stderr } = await interrupted.ended;
	expect(stderr).toMatch(/stopping: every run finishes its step/);
	expect(stderr).toMatch(/\d of 10 runs are left\. Go on with the same command\.\n$/);
	expect(code).toBe(130);
	const dir = join(root, "comedy-quick");
	const before = readRecords(join(dir, "records.jsonl"));
	expect(before.length).toBeLessThan(10);

	// Killed, it leaves runs that their own processes are still saving.
	const killed = thalia(comedy);
	await killed.until((text) => /\[[3-9]\/10\]/.test(text));
	killed.kill("SIGKILL");
	await killed.ended;

	const { left, report } = await resultOf<{ left: number; report: string[] }>([
		...comedy,
		"--format",
		"json",
	]);
	expect(left).toBe(0);
	const records = readRecords(join(dir, "records.jsonl"));
	expect(records.slice(0, before.length)).toEqual(before);
	expect(records.map(({ name }) => name).sort()).toEqual(
		["none", "k1-reward_beta0.1", "k3-reward_beta0.1", "k1-loss_beta0.1", "k3-loss_beta0.1"]
			.flatMap((name) => [`${name}_lag0_seed1`, `${name}_lag10_seed1`])
			.sort(),
	);
	expect(records.filter(({ outcome }) => outcome !== "finished" && outcome !== "collapsed")).toEqual([]);
	for (const path of report) expect(existsSync(path)).toBe(true);
	expect(readFileSync(join(dir, "report.md"), "utf8")).toMatch(/k3-loss/);
	// keep: metrics
	expect(existsSync(join(dir, "cells", "none_lag0_seed1", "checkpoints"))).toBe(false);
	expect(existsSync(join(dir, "cells", "none_lag0_seed1", "metrics.jsonl"))).toBe(true);
	// All of it is there: nothing runs, and the report is made again.
	const again = await thalia(comedy).ended;
	expect(again.stderr).toMatch(/10 runs, 10 of them are there/);
	expect(again.stdout).toMatch(/k1-loss/);
}, 300_000);

test("a dry run says what there would be, and makes nothing", async () => {
	const runs = join(root, "none");
	const plan = await resultOf<{ cells: { id: string; seed: number }[]; configurations: number }>([
		...[
			"experiment",
			"recipes/comedy.yaml",
			"--dry-run",
			"--seeds",
			"7,8",
			"--format",
			"json",
			"--runs",
			runs,
		],
	]);
	expect(plan.configurations).toBe(50);
	expect(plan.cells.length).toBe(100);
	expect(new Set(plan.cells.map(({ seed }) => seed))).toEqual(new Set([7, 8]));
	expect(existsSync(runs)).toBe(false);
});

const base = "recipe: recipes/comedy/base.yaml\nseeds: [1]\n";

test.each([
	[
		"an axis that is no setting",
		`${base}axes: { kl.betta: [0.1] }`,
		[],
		/unknown key kl\.betta \(did you mean beta\?\)/,
	],
	[
		"a grid without runs",
		`${base}axes: { kl.beta: [1] }\nskip: [{ kl.beta: 1 }]`,
		[],
		/Expected at least one run/,
	],
	["no seeds", "recipe: recipes/comedy/base.yaml\nseeds: []", [], /:2:1: .*seeds/],
	[
		"a large grid",
		`${base}axes: { seeds: [${Array.from({ length: 1001 }, (_, i) => i).join()}] }`,
		[],
		/received 1001[^]*--yes/,
	],
	["no quick grid", base, ["--quick"], /settings under `quick`/],
	[
		"an axis set for all runs",
		`${base}axes: { kl.beta: [1] }`,
		["kl.beta=2"],
		/the same in all runs .*kl\.beta=2/,
	],
	[
		"a baseline that is none",
		`${base}axes: { kl.beta: [1] }\nbaseline: { kl.beta: 2 }`,
		[],
		/a label of kl\.beta \(1\)/,
	],
	["a recipe that is nowhere", "recipe: nowhere.yaml\nseeds: [1]", [], /a recipe that exists/],
])("refuses %s", async (_, text, options, message) => {
	const file = written("bad.yaml", text);
	expect(await refusalOf(["experiment", file, "--dry-run", ...options])).toMatch(message);
});
