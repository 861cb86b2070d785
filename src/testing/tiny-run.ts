import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { writeByteTokenizer } from "../formats/byte-tokenizer.ts";
import { resolveRecipe } from "../recipe/resolve-recipe.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { readJsonLines } from "../runs/json-lines.ts";
import type { StepMetrics } from "../trainer/step.ts";
import { writeTinyModel } from "./tiny-model.ts";

/** Share of letters: what the completions of a random model differ in, and learn. */
export const letters = `({ completion }) => completion.replace(/[^a-zA-Z]/g, "").length / 8`;

/**
 * A run that collapses at step 4, whatever computes it: rewards are all the same up to step 2, so that the policy stays
 * what it was, and its first update, that of step 3, takes it further from the reference than the guard allows.
 */
export const collapseAt4 = {
	reward: `({ problem, completion }) =>
		Number(problem.id.split(/[ .]/)[1]) < 3 ? 1 : completion.replace(/[^a-zA-Z]/g, "").length / 8`,
	overrides: ["kl.place=none", "guard.window=2", "guard.maxKl=1e-8", "guard.rewardDrop=0", "eval.problems=0"],
} as const;

const settings = {
	name: "tiny",
	seed: 3,
	threads: 1,
	model: "model",
	task: { module: "task.mjs" },
	rollout: { prompts: 3, groupSize: 3, maxTokens: 8 },
	optimizer: { learningRate: 1e-2 },
	train: { steps: 6, checkpointEvery: 2, tokensPerMicroBatch: 64 },
	eval: { problems: 3, samples: 2, every: 3 },
};

/** A new folder with a tiny model and its tokenizer. */
export function writeTinyPolicy(dir: string, options?: Parameters<typeof writeTinyModel>[1]): string {
	writeTinyModel(dir, { scale: 4, ...options });
	writeByteTokenizer(dir);
	return dir;
}

/**
 * Writes a recipe for a run of a second into a folder, with its model and its task.
 * @param reward source of the reward function; of one folder the first is what a process goes by
 */
export function writeTinyRecipe(folder: string, reward = letters): string {
	mkdirSync(folder, { recursive: true });
	if (!existsSync(join(folder, "model"))) writeTinyPolicy(join(folder, "model"));
	const task = `
		const problem = (id) => ({ id, family: "say", level: 1, prompt: "say " + id + "\\n", answer: "", solution: "" });
		export const train = {
			name: "say",
			problems: (split, count, seed) =>
				Array.from({ length: count }, (_, i) => problem(split + " " + (seed % 1_000_003) + "." + i)),
			reward: ${reward},
		};`;
	writeFileSync(join(folder, "task.mjs"), task);
	const recipe = join(folder, "recipe.yaml");
	writeFileSync(recipe, stringify(settings));
	return recipe;
}

/** The recipe of `writeTinyRecipe`, resolved. Problem i of step n has the id "train n.i". */
export function tinyRecipe(
	folder: string,
	overrides: readonly string[] = [],
	reward = letters,
): ResolvedRecipe {
	return resolveRecipe(writeTinyRecipe(folder, reward), overrides);
}

export function readMetrics(dir: string): StepMetrics[] {
	return readJsonLines<StepMetrics>(join(dir, "metrics.jsonl"));
}

export function withoutTiming({ timing: _, ...rest }: StepMetrics): Omit<StepMetrics, "timing"> {
	return rest;
}

/** All that two equal runs have in common to the bit: lines without times, and the files of every checkpoint. */
export function outputOf(dir: string) {
	const checkpoints = readdirSync(join(dir, "checkpoints"));
	return {
		metrics: readMetrics(dir).map(withoutTiming),
		rollouts: readFileSync(join(dir, "rollouts.jsonl"), "utf8"),
		evaluations: readFileSync(join(dir, "evaluations.jsonl"), "utf8"),
		checkpoints: Object.fromEntries(
			checkpoints.sort().map((name) => [name, digests(join(dir, "checkpoints", name))]),
		),
	};
}

/** SHA-256 of a folder's files, by name. */
export function digests(dir: string): Record<string, string> {
	return Object.fromEntries(
		readdirSync(dir)
			.sort()
			.map((name) => [
				name,
				createHash("sha256")
					.update(readFileSync(join(dir, name)))
					.digest("hex"),
			]),
	);
}
