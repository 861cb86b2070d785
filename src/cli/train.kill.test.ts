import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { resolveRecipe } from "../recipe/resolve-recipe.ts";
import { readManifest } from "../runs/run-directory.ts";
import { seededRandom } from "../tasks/random.ts";
import { type Child, sleep, thalia } from "../testing/child.ts";
import { outputOf, readMetrics, writeTinyRecipe } from "../testing/tiny-run.ts";
import { train } from "../trainer/train.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-kill-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

// The wait bounds how far a process gets before it is killed, however fast the machine is: all kills come before the end.
const reward = `async ({ completion }) => {
	await new Promise((resolve) => setTimeout(resolve, 25));
	return completion.replace(/[^a-zA-Z]/g, "").length / 8;
}`;
const steps = 56;
const overrides = [`train.steps=${steps}`, "eval.every=5", "eval.problems=2", "eval.samples=1"];

const runs = join(root, "runs");
const dir = join(runs, "tiny");
const checkpoints = join(dir, "checkpoints");
const isRun = () => existsSync(join(dir, "manifest.json"));
const isAtWork = (stderr: string) => stderr.includes(dir);

type Random = ReturnType<typeof seededRandom>;

/** Each waits for an instant of a process to kill it at. */
const instants = {
	/** Mostly before there is a run, or before it goes on. */
	starting: (_: Child, random: Random) => sleep(random.int(0, 600)),
	/** Some steps further: sampling, scoring, learning, writing lines, evaluating, saving, whatever comes then. */
	working: async (child: Child, random: Random) => {
		await child.until(isAtWork);
		const target = readMetrics(dir).length + random.int(1, 6);
		await child.until(() => readMetrics(dir).length >= target);
		await sleep(random.int(0, 30));
	},
	/** In the middle of a checkpoint, or of the removal of an old one. */
	saving: async (child: Child, random: Random) => {
		await child.until(isAtWork);
		await child.until(() => readdirSync(checkpoints).some((name) => name.startsWith(".")));
		await sleep(random.int(0, 15));
	},
};

const kills = [
	...(["starting", "starting", "working", "saving", "working", "working", "saving"] as const),
	...(["working", "starting", "working", "saving", "working", "working", "saving"] as const),
	...(["working", "working", "saving", "working", "working", "working"] as const),
];

test("a run killed at any instant, again and again, ends as one that never was, bit for bit", async () => {
	const recipe = writeTinyRecipe(join(root, "recipe"), reward);
	const random = seededRandom(7);
	const next = () =>
		thalia(isRun() ? ["train", "--resume", dir] : ["train", recipe, ...overrides, "--runs", runs]);
	for (const [i, kind] of kills.entries()) {
		const child = next();
		await instants[kind](child, random);
		child.kill("SIGKILL");
		expect(await child.ended, `${kind}, kill ${i}`).toMatchObject({ code: null, signal: "SIGKILL" });
	}
	const { resumes } = readManifest(dir);
	expect(new Set(resumes.map(({ step }) => step)).size, "checkpoints gone on from").toBeGreaterThan(3);
	expect(await next().ended).toMatchObject({ code: 0 });
	expect(readManifest(dir)).toMatchObject({ status: "finished", step: steps });
	const leftovers = (folder: string) => readdirSync(folder).filter((n) => /^\.|\.partial$|^lock$/.test(n));
	for (const folder of [runs, dir, checkpoints]) expect(leftovers(folder)).toEqual([]);

	const whole = join(root, "whole");
	await train(resolveRecipe(recipe, overrides), whole);
	expect(outputOf(dir)).toEqual(outputOf(whole));
}, 600_000);
