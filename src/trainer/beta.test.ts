import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { nextBeta } from "../kl/beta.ts";
import { readKlTrace } from "../recipe/kl-trace.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { readManifest } from "../runs/run-directory.ts";
import { stopAfter, wholeAndStopped } from "../testing/stopped-run.ts";
import { outputOf, readMetrics, tinyRecipe } from "../testing/tiny-run.ts";
import { resumeTraining, train } from "./train.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-beta-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = () => mkdtempSync(join(root, "case-"));

const recipeOf = (...overrides: readonly string[]) =>
	tinyRecipe(folder(), ["train.steps=4", "eval.problems=0", ...overrides]);

async function run(recipe: ResolvedRecipe): Promise<string> {
	const dir = join(folder(), "run");
	await train(recipe, dir);
	return dir;
}

const betasOf = (dir: string) => readMetrics(dir).map(({ beta }) => beta!);

/** What the controller makes of the KLs that a run's steps had. */
function expectControlled(dir: string, beta: Parameters<typeof nextBeta>[0]): void {
	const metrics = readMetrics(dir);
	for (const [i, { step, beta: current, kl }] of metrics.slice(0, -1).entries()) {
		expect(metrics[i + 1].beta).toBe(nextBeta(beta, step, current!, kl));
	}
}

test("a schedule goes from its first strength to its last over the run, and each step is trained at its own", async () => {
	const linear = ["kl.beta.kind=linear", "kl.beta.from=3", "kl.beta.to=0"];
	const dir = await run(recipeOf(...linear));
	expect(betasOf(dir)).toEqual([3, 2, 1, 0]);
	expect(readManifest(dir).kl.beta).toBe("3 to 0 (linear)");
	const [scheduled, constant] = [readMetrics(dir), readMetrics(await run(recipeOf("kl.beta=3")))];
	expect(scheduled[0].objective).toEqual(constant[0].objective);
	expect(scheduled[1].objective!.k1).toBe(constant[1].objective!.k1);
	expect(scheduled[1].gradNorm).not.toBeCloseTo(constant[1].gradNorm!, 3);
});

test("a schedule shorter than the run stays at its end, and is taken up where it was", async () => {
	const cosine = ["kl.beta.kind=cosine", "kl.beta.from=0", "kl.beta.to=0.4", "kl.beta.steps=3"];
	const { whole, stopped } = await wholeAndStopped(recipeOf(...cosine), root, [2]);
	for (const [i, beta] of [0, 0.2, 0.4, 0.4].entries()) expect(betasOf(whole)[i]).toBeCloseTo(beta, 12);
	expect(outputOf(stopped)).toEqual(outputOf(whole));
});

test("an adaptive strength follows the KL that each step had, and goes on from where it was", async () => {
	const beta = { kind: "adaptive", target: 0.05, initial: 0.1, gain: 0.5, bound: 1 } as const;
	const given = Object.entries(beta).map(([key, value]) => `kl.beta.${key}=${value}`);
	const { whole, stopped } = await wholeAndStopped(recipeOf(...given), root, [1, 3]);
	expect(betasOf(whole)[0]).toBe(0.1);
	expect(new Set(betasOf(whole)).size).toBe(4);
	expectControlled(whole, beta);
	expect(outputOf(stopped)).toEqual(outputOf(whole));
});

test("a step that changes nothing counts for the KL that it had, and one that had none for nothing", async () => {
	const reward = `({ problem, completion }) => {
		if (problem.id.startsWith("train 3.")) throw new Error("no verifier");
		return completion.replace(/[^a-zA-Z]/g, "").length * (problem.id.startsWith("train 2.") ? 2e307 : 0.1);
	}`;
	const given = ["kl.beta.kind=adaptive", "kl.beta.target=5", "kl.beta.initial=0.1"];
	const dir = await run(tinyRecipe(folder(), ["train.steps=4", "eval.problems=0", ...given], reward));
	expect(readMetrics(dir).map(({ skipped }) => skipped)).toEqual([null, "loss", "rewards", null]);
	// Far under its target wherever it was measured: 2% down each time.
	const downs = [0, 1, 2, 2];
	for (const [i, beta] of betasOf(dir).entries()) expect(beta).toBeCloseTo(0.1 * 0.98 ** downs[i], 12);
});

test("a run that is matched to another keeps that one's KL in its recipe, and no longer needs it", async () => {
	const leader = await run(recipeOf("optimizer.learningRate=0.05"));
	const trace = readKlTrace(leader);
	const recipe = recipeOf("kl.beta.kind=matched", `kl.beta.trace=${leader}`, "kl.beta.initial=0.1");
	const dir = join(folder(), "run");
	await train(recipe, dir, stopAfter(2));
	const config = parse(readFileSync(join(dir, "config.yaml"), "utf8")) as { kl: { beta: unknown } };
	expect(trace).toHaveLength(4);
	expect(config.kl.beta).toEqual({ kind: "matched", trace, initial: 0.1 });
	rmSync(leader, { recursive: true });
	await resumeTraining(dir);
	expectControlled(dir, { kind: "matched", trace, initial: 0.1 });
	expect(new Set(betasOf(dir)).size).toBe(4);
	expect(readManifest(dir).kl.beta).toBe("matched to a trace of 4 steps");
});

test("without a KL there is no strength", async () => {
	const dir = await run(recipeOf("kl.place=none", "train.steps=2"));
	expect(betasOf(dir)).toEqual([null, null]);
	expect(readManifest(dir).kl).toMatchObject({ objective: "none", beta: null });
	// How far the policy is from the reference is measured all the same.
	expect(readMetrics(dir)[1].objective!.k3).toBeGreaterThan(1e-6);
});
