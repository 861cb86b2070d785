import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { readManifest } from "../runs/run-directory.ts";
import { stopAfter } from "../testing/stopped-run.ts";
import { collapseAt4, outputOf, readMetrics, tinyRecipe } from "../testing/tiny-run.ts";
import type { Collapse } from "./guard.ts";
import { resumeTraining, type TrainHooks, train } from "./train.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-collapse-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = () => mkdtempSync(join(root, "case-"));

function collapsingRecipe(...overrides: readonly string[]): ResolvedRecipe {
	return tinyRecipe(folder(), [...collapseAt4.overrides, ...overrides], collapseAt4.reward);
}

/** Hooks that keep what they are told. */
function listener(): TrainHooks & { readonly told: Collapse[] } {
	const told: Collapse[] = [];
	return { told, onCollapse: (collapse) => told.push(collapse) };
}

const collapse = {
	step: 4,
	kinds: ["kl"],
	reason: expect.stringMatching(
		/^KL to the reference rose to \S+ nats a token, over 1e-8 \(means of 2 steps\)$/,
	) as string,
};

test("a run that collapses says so once, at the step, in its manifest and its result, and goes on", async () => {
	const [dir, heard] = [join(folder(), "run"), listener()];
	const seen: unknown[] = [];
	const result = await train(collapsingRecipe(), dir, {
		...heard,
		onStep: ({ step }) => seen.push([step, readManifest(dir).collapse?.step]),
		onEvaluation: ({ step }) => seen.push([step, readManifest(dir).collapse?.step]),
	});
	expect(heard.told).toEqual([collapse]);
	expect(result).toMatchObject({ outcome: "finished", step: 6, collapse });
	expect(readManifest(dir)).toMatchObject({ status: "finished", collapse });
	expect(seen.slice(-2)).toEqual([
		[5, 4],
		[6, 4],
	]);
	// By construction: what the bound lies between.
	const kls = readMetrics(dir).map(({ objective }) => objective!.k3);
	for (const kl of kls.slice(0, 3)) expect(kl).toBeLessThan(1e-9);
	expect(kls[3]).toBeGreaterThan(1e-6);
});

test("a run that stays within its bounds has no collapse", async () => {
	const [dir, heard] = [join(folder(), "run"), listener()];
	const recipe = tinyRecipe(folder(), [
		"train.steps=4",
		"guard.window=2",
		"guard.stop=true",
		"eval.problems=0",
	]);
	expect(await train(recipe, dir, heard)).toMatchObject({ outcome: "finished", collapse: null });
	expect(heard.told).toEqual([]);
	expect(readManifest(dir)).not.toHaveProperty("collapse");
});

test("a guard that stops does so at the step, saved, and the run can be taken past it", async () => {
	const [dir, heard] = [join(folder(), "run"), listener()];
	const result = await train(collapsingRecipe("guard.stop=true", "train.checkpointEvery=9"), dir, heard);
	expect(result).toMatchObject({
		outcome: "stopped",
		step: 4,
		model: join(dir, "checkpoints", "step-4"),
		collapse,
	});
	expect(result.reason).toBe(`it collapsed: ${heard.told[0].reason}`);
	expect(readManifest(dir)).toMatchObject({ status: "stopped", step: 4, reason: result.reason, collapse });

	const later = listener();
	expect(await resumeTraining(dir, later)).toMatchObject({ outcome: "finished", step: 6, collapse });
	expect(later.told).toEqual([]);
	expect(readManifest(dir)).toMatchObject({ status: "finished", collapse });

	// Stopped or not, it is the same run.
	const whole = join(folder(), "whole");
	await train(collapsingRecipe("train.checkpointEvery=9"), whole);
	expect(outputOf(dir).rollouts).toBe(outputOf(whole).rollouts);
	expect(outputOf(dir).checkpoints["step-6"]).toEqual(outputOf(whole).checkpoints["step-6"]);
});

test("a run that is interrupted between the steps of a window is judged as one that is not", async () => {
	const [dir, heard] = [join(folder(), "run"), listener()];
	const recipe = collapsingRecipe("guard.window=3");
	await train(recipe, dir, stopAfter(3));
	const result = await resumeTraining(dir, heard);
	const whole = await train(recipe, join(folder(), "whole"));
	expect(whole.collapse).toMatchObject({ step: 4, kinds: ["kl"] });
	expect(result.collapse).toEqual(whole.collapse);
	expect(heard.told).toEqual([whole.collapse]);
});

/** Cut off at the collapse, before anything of its step is saved: the last checkpoint is that of step 2. */
async function cutAtCollapse(reward: string): Promise<string> {
	const dir = join(folder(), "run");
	const recipe = tinyRecipe(folder(), [...collapseAt4.overrides, "train.checkpointEvery=2"], reward);
	const onCollapse = () => {
		throw new Error("cut off");
	};
	await expect(train(recipe, dir, { onCollapse })).rejects.toThrow("cut off");
	expect(readManifest(dir)).toMatchObject({ status: "failed", collapse });
	return dir;
}

test("a collapse at a step that is done again is said again", async () => {
	const [dir, heard] = [await cutAtCollapse(collapseAt4.reward), listener()];
	const starts: unknown[] = [];
	await resumeTraining(dir, {
		...heard,
		onStart: ({ startStep }) => starts.push(startStep, readManifest(dir).collapse),
	});
	expect(starts).toEqual([2, undefined]);
	expect(heard.told).toEqual([collapse]);
	expect(readManifest(dir)).toMatchObject({ status: "finished", collapse });
});

test("a collapse at a step that is done again is not kept where it does not happen again", async () => {
	// A verifier that is repaired meanwhile: from then on it gives every completion the same.
	const repaired = join(folder(), "repaired");
	const reward = `async (input) => {
		const { existsSync } = await import("node:fs");
		return existsSync(${JSON.stringify(repaired)}) ? 1 : (${collapseAt4.reward})(input);
	}`;
	const [dir, heard] = [await cutAtCollapse(reward), listener()];
	writeFileSync(repaired, "");
	expect(await resumeTraining(dir, heard)).toMatchObject({ outcome: "finished", step: 6, collapse: null });
	expect(heard.told).toEqual([]);
	expect(readFileSync(join(dir, "manifest.json"), "utf8")).not.toContain("collapse");
});

test("a reward that falls is a collapse of the reward", async () => {
	// Of so many steps that one which falls is beyond what their noise can be.
	const reward = `({ problem }) => (Number(problem.id.split(/[ .]/)[1]) <= 15 ? 1 : 0)`;
	const overrides = [
		"train.steps=17",
		"eval.problems=0",
		"guard.window=2",
		"rollout.maxTokens=2",
		"kl.place=none",
	];
	const result = await train(tinyRecipe(folder(), overrides, reward), join(folder(), "run"));
	expect(result.collapse).toMatchObject({ step: 17, kinds: ["reward"] });
	expect(result.collapse!.reason).toContain("reward fell to 0, under 50% of its best 1");
});
