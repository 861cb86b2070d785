import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { resolveRecipe } from "../recipe/resolve-recipe.ts";
import { readManifest } from "../runs/run-directory.ts";
import { thalia } from "../testing/child.ts";
import { outputOf, readMetrics, writeTinyRecipe } from "../testing/tiny-run.ts";
import { train } from "../trainer/train.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-interrupt-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const reward = `async ({ completion }) => {
	await new Promise((resolve) => setTimeout(resolve, 50));
	return completion.replace(/[^a-zA-Z]/g, "").length / 8;
}`;
const overrides = ["train.steps=14", "train.checkpointEvery=14", "eval.every=0", "eval.problems=2"];

test.each(["SIGINT", "SIGTERM"] as const)(
	"%s saves the run, says how to go on, and the run goes on from there",
	async (signal) => {
		const folder = mkdtempSync(join(root, "case-"));
		const recipe = writeTinyRecipe(join(folder, "recipe"), reward);
		const dir = join(folder, "runs", "tiny");
		const child = thalia(["train", recipe, ...overrides], { cwd: folder });
		await child.until(() => existsSync(join(dir, "metrics.jsonl")) && readMetrics(dir).length > 1);
		child.kill(signal);
		const { code, stdout, stderr } = await child.ended;
		expect(code).toBe(130);
		expect(stderr).toContain("stopping: this step is finished, then the run is saved");
		const { step, status } = readManifest(dir);
		expect(status).toBe("interrupted");
		expect(step).toBeGreaterThan(1);
		expect(step).toBeLessThan(14);
		expect(readdirSync(join(dir, "checkpoints"))).toEqual([`step-${step}`]);
		expect(stdout).toContain(`model: ${join("runs", "tiny", "checkpoints", `step-${step}`)}`);
		const goOn = /saved at step (\d+) of 14\. Go on with: thalia (train --resume \S+)/.exec(stderr)!;
		expect(goOn[1]).toBe(String(step));

		const resumed = await thalia(goOn[2].split(" "), { cwd: folder }).ended;
		expect(resumed).toMatchObject({
			code: 0,
			stderr: expect.stringContaining(`goes on after step ${step} of 14`) as string,
		});
		const whole = join(folder, "whole");
		await train(resolveRecipe(recipe, overrides), whole);
		const { checkpoints, ...lines } = outputOf(dir);
		const { checkpoints: uninterrupted, ...expected } = outputOf(whole);
		expect(lines).toEqual(expected);
		expect(checkpoints["step-14"]).toEqual(uninterrupted["step-14"]);
	},
);

test("a second signal ends the process at once, and nothing is lost that was saved", async () => {
	const folder = mkdtempSync(join(root, "case-"));
	const recipe = writeTinyRecipe(join(folder, "recipe"), "() => new Promise(() => undefined)");
	const dir = join(folder, "runs", "tiny");
	const child = thalia(["train", recipe, "eval.problems=0"], { cwd: folder });
	await child.until(() => existsSync(join(dir, "lock")));
	await child.until((stderr) => stderr.includes("steps"));
	child.kill("SIGINT");
	await child.until((stderr) => stderr.includes("Ctrl-C again"));
	child.kill("SIGINT");
	expect(await child.ended).toMatchObject({ code: 130 });
	expect(readManifest(dir).status).toBe("running");
	expect(readdirSync(join(dir, "checkpoints"))).toEqual([]);
});
