import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { wholeAndStopped } from "../testing/stopped-run.ts";
import { tinyConfig } from "../testing/tiny-model.ts";
import { outputOf, readMetrics, tinyRecipe, writeTinyPolicy } from "../testing/tiny-run.ts";
import { train } from "./train.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-reference-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = () => mkdtempSync(join(root, "case-"));

async function run(recipe: ResolvedRecipe): Promise<string> {
	const dir = join(folder(), "run");
	await train(recipe, dir);
	return dir;
}

const recipeOf = (...overrides: readonly string[]) => tinyRecipe(folder(), ["eval.problems=0", ...overrides]);

/** KL(policy || reference) at the start of each step. */
const klsOf = (dir: string) => readMetrics(dir).map(({ divergence }) => divergence!.kl);

test("a reference that becomes the policy of every second step is at no distance then, and only then", async () => {
	const dir = await run(recipeOf("referenceUpdate.every=2"));
	const [first, moved, refreshed, movedAgain, refreshedAgain, last] = klsOf(dir);
	for (const none of [first, refreshed, refreshedAgain]) expect(none).toBeLessThan(1e-9);
	for (const some of [moved, movedAgain, last]) expect(some).toBeGreaterThan(1e-5);
	// What the objective is given is the reference that is measured.
	const [, , { objective }, { objective: after }] = readMetrics(dir);
	expect(objective!.k3).toBeLessThan(1e-9);
	expect(after!.k3).toBeGreaterThan(1e-5);
});

test("an average that follows stays nearer than a frozen reference, and not at no distance", async () => {
	// Without a KL the reference has no part in the training: it is the same policy that both are measured from.
	const recipe = recipeOf("kl.place=none");
	const [frozen, average] = [await run(recipe), await run({ ...recipe, referenceUpdate: { ema: 0.5 } })];
	expect(outputOf(average).rollouts).toBe(outputOf(frozen).rollouts);
	const [kls, near] = [klsOf(frozen), klsOf(average)];
	for (let i = 1; i < kls.length; i++) {
		expect(near[i]).toBeGreaterThan(1e-6);
		expect(near[i]).toBeLessThan(kls[i]);
	}
	// Half of the way, and a KL grows with the square of it.
	expect(near[1] / kls[1]).toBeGreaterThan(0.1);
	expect(near[1] / kls[1]).toBeLessThan(0.4);
});

test("a step that changes nothing leaves the reference where it is", async () => {
	const reward = `({ problem, completion }) => {
		if (problem.id.startsWith("train 2.")) throw new Error("no verifier");
		return completion.replace(/[^a-zA-Z]/g, "").length / 8;
	}`;
	const overrides = ["train.steps=3", "eval.problems=0", "kl.place=none"];
	const recipe = tinyRecipe(folder(), overrides, reward);
	const [frozen, average] = [await run(recipe), await run({ ...recipe, referenceUpdate: { ema: 0.5 } })];
	// One move, after step 1; a second one after step 2 would halve the rest of the way.
	const ratio = klsOfMeasured(average)[1] / klsOfMeasured(frozen)[1];
	expect(ratio).toBeGreaterThan(0.1);
});

/** Without the steps that measured none. */
function klsOfMeasured(dir: string): number[] {
	return readMetrics(dir).flatMap(({ divergence }) => (divergence === null ? [] : [divergence.kl]));
}

test.each([
	[["referenceUpdate.every=2"], [3]],
	[["referenceUpdate.ema=0.9", "dtype=bf16"], [2]],
	[["referenceUpdate.ema=0.5", "kl.preset=full-in-loss", "async.lag=1"], [3]],
])(
	"a run with %j that is stopped after steps %j ends as one that is not, bit for bit",
	async (overrides, stops) => {
		const { whole, stopped } = await wholeAndStopped(recipeOf("train.steps=4", ...overrides), root, stops);
		expect(outputOf(stopped)).toEqual(outputOf(whole));
		expect(readdirSync(join(stopped, "checkpoints", "step-4"))).toContain("reference.safetensors");
	},
);

test("a reference of another shape is refused before there is a run, unless it is frozen", async () => {
	const config = { ...tinyConfig, intermediateSize: 64 };
	const reference = writeTinyPolicy(join(folder(), "wider"), { config });
	const recipe = { ...recipeOf("train.steps=1"), reference };
	for (const referenceUpdate of [{ every: 2 }, { ema: 0.5 }]) {
		const dir = join(folder(), "run");
		await expect(train({ ...recipe, referenceUpdate }, dir)).rejects.toMatchObject({
			code: "reference-shape",
			message: expect.stringContaining("intermediateSize 48") as string,
		});
		expect(existsSync(dir)).toBe(false);
	}
	expect(readMetrics(await run(recipe))[0].divergence!.kl).toBeGreaterThan(0);
});
