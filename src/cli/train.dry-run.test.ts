import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { thalia } from "../testing/child.ts";
import { writeTinyRecipe } from "../testing/tiny-run.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-dry-run-"));
const recipe = writeTinyRecipe(root);
afterAll(() => rmSync(root, { recursive: true, force: true }));
const runs = join(root, "runs");
const dryRun = (...args: string[]) => thalia(["train", recipe, ...args, "--dry-run", "--runs", runs]).ended;

test("says what training needs, and leaves nothing behind", async () => {
	const [words, json] = await Promise.all([dryRun(), dryRun("--format", "json")]);
	expect([words.code, words.stderr, json.code, json.stderr]).toEqual([0, "", 0, ""]);
	expect(words.stdout).toContain("tiny: 6 steps of 9 completions");
	expect(words.stdout).toMatch(/^policy +0\.00 GB$/m);
	expect(words.stdout).toMatch(/this fits\n$/);
	const plan = JSON.parse(json.stdout) as { fits: boolean; memory: { peak: number }; available: number };
	expect(plan).toMatchObject({
		recipe: "tiny",
		fits: true,
		fix: null,
		step: { completions: 9, maxTokens: 8 },
	});
	expect(plan.memory.peak).toBeLessThan(plan.available);
	expect(existsSync(runs)).toBe(false);
});

test("too little memory is foreseen, with what would fit; training refuses before it begins", async () => {
	// Retained versions alone take more than any machine has.
	const lag = "async.lag=1000000000";
	const [dry, real] = await Promise.all([dryRun(lag), thalia(["train", recipe, lag, "--runs", runs]).ended]);
	expect([dry.code, dry.stderr]).toEqual([1, ""]);
	expect(dry.stdout).toMatch(/this does not fit\n$/);
	expect([real.code, real.stdout]).toEqual([1, ""]);
	expect(real.stderr).toMatch(
		/Expected about \d+(\.\d+)? GB of memory for training but [\d.]+ GB are available/,
	);
	expect(existsSync(runs)).toBe(false);
});

test("refuses what training would", async () => {
	const { code, stderr } = await dryRun("train.steps=0");
	expect(code).toBe(2);
	expect(stderr).toContain("train.steps");
});
