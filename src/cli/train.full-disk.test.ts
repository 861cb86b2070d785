import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readManifest } from "../runs/run-directory.ts";
import { thalia } from "../testing/child.ts";
import { digests, outputOf, readMetrics, tinyRecipe } from "../testing/tiny-run.ts";
import { resumeTraining, train } from "../trainer/train.ts";

// A limit on the size of a file stands for a full disk: writes are cut short in the same way and fail the same, and it
// needs no rights. Its error is EFBIG in place of ENOSPC.

const root = mkdtempSync(join(tmpdir(), "thalia-full-disk-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A run that was stopped after step 3 of 6, with a checkpoint there. */
async function stoppedRun() {
	const folder = mkdtempSync(join(root, "case-"));
	const recipe = tinyRecipe(join(folder, "recipe"), ["eval.every=0"]);
	const dir = join(folder, "run");
	const controller = new AbortController();
	await train(recipe, dir, {
		signal: controller.signal,
		onStep: ({ step }) => {
			if (step === 3) controller.abort();
		},
	});
	const whole = join(folder, "whole");
	await train(recipe, whole);
	return { dir, whole };
}

const sizeOf = (dir: string, name: string) => statSync(join(dir, name)).size;

/** KiB that hold a run so far, but not what is written next, and what the message then names. */
const limits: readonly [string, (dir: string) => number, RegExp, readonly number[]][] = [
	[
		"the weights of a checkpoint",
		(dir) => Math.floor(sizeOf(dir, "checkpoints/step-3/model.safetensors") / 1024) - 1,
		/checkpoint of step 4 could not be written to .*step-4.*model\.safetensors could not be written: EFBIG/,
		[1, 2, 3, 4],
	],
	[
		"the optimiser of a checkpoint",
		(dir) => Math.floor(sizeOf(dir, "checkpoints/step-3/optimizer.safetensors") / 1024) - 1,
		/checkpoint of step 4 could not be written to .*step-4.*optimizer\.safetensors could not be written: EFBIG/,
		[1, 2, 3, 4],
	],
	[
		"the lines of a step",
		(dir) => Math.ceil(sizeOf(dir, "rollouts.jsonl") / 1024),
		/rollouts\.jsonl: EFBIG: file too large/,
		[1, 2, 3],
	],
];

test.each(limits)(
	"no room for %s: all so far is kept, nothing is left half-written, and the run goes on when there is room",
	async (_, limit, message, steps) => {
		const { dir, whole } = await stoppedRun();
		const saved = digests(join(dir, "checkpoints", "step-3"));
		const { code, stderr } = await thalia(["train", "--resume", dir], { fileKiB: limit(dir) }).ended;
		expect(code).toBe(1);
		expect(stderr).toMatch(message);
		expect(stderr).not.toMatch(/^\s+at /m);
		expect(readdirSync(join(dir, "checkpoints")).sort()).toEqual(["step-2", "step-3"]);
		expect(digests(join(dir, "checkpoints", "step-3"))).toEqual(saved);
		const { status, reason } = readManifest(dir);
		expect(status).toBe("failed");
		expect(reason).toMatch(message);
		expect(readMetrics(dir).map(({ step }) => step)).toEqual(steps);
		expect(readdirSync(dir).filter((name) => /^\.|^lock$/.test(name))).toEqual([]);
		expect(await resumeTraining(dir)).toMatchObject({ outcome: "finished", step: 6 });
		expect(outputOf(dir)).toEqual(outputOf(whole));
	},
);

test("a run directory that there is no room for is not there, half-made or otherwise", async () => {
	const folder = mkdtempSync(join(root, "case-"));
	tinyRecipe(folder);
	const runs = join(folder, "runs");
	const args = ["train", join(folder, "recipe.yaml"), "--runs", runs];
	const { code, stderr } = await thalia(args, { fileKiB: 0 }).ended;
	expect(code).toBe(1);
	expect(stderr).toContain("EFBIG");
	expect(readdirSync(runs)).toEqual([]);
});
