import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { thalia } from "../testing/child.ts";
import { writeTinyRecipe } from "../testing/tiny-run.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-probe-"));
const run = join(root, "tiny");
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeAll(async () => {
	const recipe = writeTinyRecipe(root);
	const trained = await thalia(["train", recipe, "--runs", root, "train.steps=4", "eval.problems=0"]).ended;
	expect(trained.code, trained.stderr).toBe(0);
}, 60_000);

const fast = ["--seeds", "1,2", "--folds", "2", "--true-batches", "2"];

test("the newest checkpoint of a run: a table, progress, a file of numbers and a picture", async () => {
	const out = join(root, "probed");
	const { code, stdout, stderr } = await thalia(["probe", run, ...fast, "--out", out]).ended;
	expect(code, stderr).toBe(0);
	expect(stdout).toMatch(/^tiny, step 4: 9 completions, 2 seeds .* halves at a cosine of /);
	expect(stdout).toMatch(/^configuration +follows +cosine +share +norm/m);
	expect(stdout).toMatch(/^k1 in loss +zero-mean-noise +-?\d/m);
	expect(stdout).toMatch(/^k3 in both +sequence-reverse-kl /m);
	expect(stderr).toContain("seed 1 (1/2)");
	const written = JSON.parse(readFileSync(join(out, "probe.json"), "utf8")) as {
		configurations: { name: string; estimates: Record<string, { mean: number } | null> }[];
		seeds: { measurements: object[] }[];
	};
	expect(written.configurations.length).toBe(12);
	expect(written.seeds.map(({ measurements }) => measurements.length)).toEqual([12, 12]);
	for (const { estimates } of written.configurations) expect(estimates.norm!.mean).toBeGreaterThan(0);
	const svg = readFileSync(join(out, "probe.svg"), "utf8");
	expect(svg).toMatch(/^<svg [^]*<\/svg>\n$/);
	for (const { name } of written.configurations) expect(svg).toContain(`>${name}</text>`);
});

test("chosen configurations of a chosen step, with another policy's rollouts, as JSON", async () => {
	const presets = ["--presets", "token-importance,prefix-importance"];
	const sampler = ["--sampler", join(root, "model")];
	const args = ["probe", run, ...fast, ...presets, ...sampler, "--step", "4", "--format", "json"];
	const { code, stdout, stderr } = await thalia(args).ended;
	expect(code, stderr).toBe(0);
	const { configurations } = JSON.parse(stdout) as {
		configurations: { name: string; exact: boolean; estimates: { sampleSize: { mean: number } } }[];
	};
	expect(configurations.map(({ name, exact }) => [name, exact])).toEqual([
		["token importance (PPO form)", false],
		["prefix importance", true],
	]);
	for (const { estimates } of configurations) expect(estimates.sampleSize.mean).toBeLessThan(1);
});

test("where the policy is the reference it says that there is no true gradient", async () => {
	const { code, stdout } = await thalia(["probe", run, ...fast, "--step", "0", "--presets", "k1-in-loss"])
		.ended;
	expect(code).toBe(0);
	expect(stdout).toContain("there is no true gradient to compare with");
	expect(stdout).toMatch(/^k1 in loss +zero-mean-noise +- +- /m);
});

test.each([
	[["--step", "3"], "Expected a checkpoint of step 3"],
	[["--presets", "k9"], "k9 is none of k1-in-reward"],
	[["--folds", "9"], "Expected 2 to 3 folds (rollout.prompts) but received 9"],
	[["--true-batches", "1"], "at least 2"],
	[["--seeds", "a"], "Expected a whole number"],
])("refuses %j before anything is sampled", async (args, message) => {
	const { code, stdout, stderr } = await thalia(["probe", run, ...args]).ended;
	expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
	expect(stderr).toContain(message);
});

test("what is neither run nor recipe is refused", async () => {
	const { code, stderr } = await thalia(["probe", join(root, "nothing.yaml")]).ended;
	expect(code).toBe(2);
	expect(stderr).toContain("nothing.yaml");
	expect(existsSync(join(root, "probe.json"))).toBe(false);
});
