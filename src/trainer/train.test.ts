import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { openLocalEngine } from "../engine/local/open.ts";
import { Checkpoint } from "../formats/checkpoint.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import { loadTokenizer } from "../formats/tokenizer.ts";
import { namedConfigs } from "../kl/named.ts";
import { ADVANTAGES, SURROGATES } from "../objective/config.ts";
import { resolveRecipe } from "../recipe/resolve-recipe.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import { readJsonLines } from "../runs/json-lines.ts";
import { readManifest } from "../runs/run-directory.ts";
import { readEvents } from "../testing/event-file.ts";
import { stopAfter } from "../testing/stopped-run.ts";
import { tinyConfig } from "../testing/tiny-model.ts";
import { digests, outputOf, readMetrics, tinyRecipe, writeTinyPolicy } from "../testing/tiny-run.ts";
import { resumeTraining, type StepEvaluation, train } from "./train.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-train-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = () => mkdtempSync(join(root, "case-"));

const checkpointFiles = [
	"config.json",
	"model.safetensors",
	"optimizer.safetensors",
	"tokenizer.json",
	"tokenizer_config.json",
	"trainer.json",
];

function checkpointsOf(dir: string): string[] {
	return readdirSync(join(dir, "checkpoints")).sort();
}

function skipsOf(dir: string): (string | null)[] {
	return readMetrics(dir).map(({ skipped }) => skipped);
}

test("a run leaves its recipe, its lines, its events and a model", async () => {
	const recipe = tinyRecipe(folder());
	const dir = join(folder(), "runs", "tiny");
	const told: string[] = [];
	const result = await train(recipe, dir, {
		onStart: ({ startStep, steps }) => told.push(`start ${startStep} of ${steps}`),
		onStep: ({ step }) => told.push(`step ${step}`),
		onEvaluation: ({ step }) => told.push(`evaluation ${step}`),
	});
	expect(told).toEqual([
		...["start 0 of 6", "evaluation 0", "step 1", "step 2", "step 3", "evaluation 3"],
		...["step 4", "step 5", "step 6", "evaluation 6"],
	]);
	expect(
		readdirSync(dir)
			.map((name) => name.replace(/tfevents\..*/, "tfevents"))
			.sort(),
	).toEqual([
		...["checkpoints", "config.yaml", "evaluations.jsonl", "events.out.tfevents", "manifest.json"],
		...["metrics.jsonl", "rollouts.jsonl"],
	]);
	expect(resolveRecipe(join(dir, "config.yaml"))).toEqual(recipe);

	const metrics = readMetrics(dir);
	expect(metrics.map(({ step, policyVersion }) => [step, policyVersion])).toEqual(
		[1, 2, 3, 4, 5, 6].map((step) => [step, step - 1]),
	);
	for (const line of metrics) {
		expect(Object.keys(line)).toEqual([
			...["step", "reward", "passRate", "rewardErrors", "completionTokens", "stopped", "droppedGroups"],
			...["learningRate", "beta", "policyVersion", "staleness", "entropy", "gradNorm", "updates", "skipped"],
			...["objective", "divergence", "overflow", "kl", "timing"],
		]);
		expect(line).toMatchObject({ skipped: null, rewardErrors: 0, droppedGroups: 0, learningRate: 0.01 });
		const numbers = [line.reward, line.entropy, line.gradNorm] as number[];
		expect(line).toMatchObject({ beta: 0.05, staleness: 0, updates: 1, overflow: null });
		for (const part of [line.objective!, line.timing, line.divergence!])
			numbers.push(...(Object.values(part) as number[]));
		for (const value of numbers) expect(value).toSatisfy(Number.isFinite);
	}

	const rollouts = readJsonLines<Record<string, unknown>>(join(dir, "rollouts.jsonl"));
	expect(rollouts).toHaveLength(6 * 3 * 3);
	rollouts.forEach((line, i) => {
		const step = Math.floor(i / 9) + 1;
		const completion = line.completion as string;
		expect(line).toEqual({
			step,
			problem: `train ${step}.${Math.floor(i / 3) % 3}`,
			family: "say",
			completion,
			reward: completion.replace(/[^a-zA-Z]/g, "").length / 8,
			tokens: line.tokens,
			logprob: line.logprob,
			finish: expect.stringMatching(/^(stop|length)$/) as string,
			policyVersion: step - 1,
		});
		expect(line.logprob).toBeLessThan(0);
		expect(line.tokens).toBeLessThanOrEqual(8);
	});
	for (const { step, reward } of metrics) {
		const mean = rollouts
			.filter((line) => line.step === step)
			.reduce((sum, line) => sum + (line.reward as number) / 9, 0);
		expect(reward).toBeCloseTo(mean, 12);
	}

	const evaluations = readJsonLines<StepEvaluation>(join(dir, "evaluations.jsonl"));
	expect(evaluations.map(({ step }) => step)).toEqual([0, 3, 6]);
	for (const { evaluations: domains } of evaluations) {
		expect(domains).toMatchObject([{ domain: "in-domain", problems: 3, samples: 2, errors: 0 }]);
		expect(domains[0].results).toHaveLength(3);
	}
	expect(evaluations[2]).not.toEqual({ ...evaluations[0], step: 6 });

	const events = readdirSync(dir).find((name) => name.startsWith("events"))!;
	const [, ...steps] = readEvents(readFileSync(join(dir, events)));
	expect(steps.map(({ step, scalars }) => [step, scalars["objective/k3"]])).toEqual(
		metrics.map(({ step, objective }) => [step, Math.fround(objective!.k3)]),
	);

	const model = join(dir, "checkpoints", "step-6");
	expect(result).toEqual({ outcome: "finished", dir, step: 6, steps: 6, collapse: null, evaluations, model });
	expect(readManifest(dir)).toMatchObject({
		name: "tiny",
		status: "finished",
		step: 6,
		steps: 6,
		resumes: [],
	});
	expect(readManifest(dir).environment).toMatchObject({ seed: 3, threads: 1, dtype: "f32" });
});

test("a checkpoint is a model folder: it opens, and a next run can start from it", async () => {
	const recipe = tinyRecipe(folder(), ["train.steps=2", "eval.problems=0"]);
	const { model } = await train(recipe, join(folder(), "first"));
	expect(readdirSync(model!).sort()).toEqual(checkpointFiles);
	expect(digests(model!)["model.safetensors"]).not.toBe(digests(recipe.model)["model.safetensors"]);
	expect([...Checkpoint.open(model!).entries.keys()]).toEqual([
		...Checkpoint.open(recipe.model).entries.keys(),
	]);
	expect(loadTokenizer(model!).encode("say")).toEqual(loadTokenizer(recipe.model).encode("say"));
	const engine = await openLocalEngine({ model: model!, dtype: "f32", threads: 1 });
	expect(engine.eosTokenIds).toEqual([256]);
	await engine.close();
	const next = await train({ ...recipe, model: model! }, join(folder(), "second"));
	expect(next.outcome).toBe("finished");
	// The reference stayed the first model: the policy starts away from it.
	expect(readMetrics(next.dir)[0].objective!.k3).toBeGreaterThan(1e-4);
});

test("equal recipes give equal runs, bit for bit, and another seed another one", async () => {
	const recipe = tinyRecipe(folder(), ["train.steps=3"]);
	const runs = [join(folder(), "a"), join(folder(), "b"), join(folder(), "c")];
	for (const dir of runs.slice(0, 2)) await train(recipe, dir);
	await train({ ...recipe, seed: 4 }, runs[2]);
	expect(outputOf(runs[1])).toEqual(outputOf(runs[0]));
	const [first, , other] = runs.map((dir) => outputOf(dir));
	expect(other.rollouts).not.toBe(first.rollouts);
	expect(other.checkpoints["step-3"]["model.safetensors"]).not.toBe(
		first.checkpoints["step-3"]["model.safetensors"],
	);
});

test.each([
	["f32", []],
	["bf16", ["optimizer.schedule=cosine", "optimizer.warmupSteps=2"]],
	["f32", ["kl.logprobs=current", "objective.surrogate=ppo-clip", "optimizer.weightDecay=0.1"]],
] as const)(
	"a %s run (%j) that was interrupted twice ends as one that was not, bit for bit",
	async (dtype, overrides) => {
		const recipe = tinyRecipe(folder(), [`dtype=${dtype}`, ...overrides]);
		const whole = join(folder(), "whole");
		const parts = join(folder(), "parts");
		await train(recipe, whole);
		const first = await train(recipe, parts, stopAfter(1));
		expect(first).toMatchObject({
			outcome: "interrupted",
			step: 1,
			model: join(parts, "checkpoints/step-1"),
		});
		expect(readManifest(parts)).toMatchObject({ status: "interrupted", reason: "asked to stop", step: 1 });
		const second = await resumeTraining(parts, stopAfter(4));
		expect(second).toMatchObject({ outcome: "interrupted", step: 4 });
		expect(checkpointsOf(parts)).toEqual(["step-2", "step-4"]);
		const starts: number[] = [];
		const last = await resumeTraining(parts, { onStart: ({ startStep }) => starts.push(startStep) });
		expect(starts).toEqual([4]);
		expect(last).toMatchObject({ outcome: "finished", step: 6 });
		expect(outputOf(parts)).toEqual(outputOf(whole));
		expect(readManifest(parts).resumes.map(({ step }) => step)).toEqual([1, 4]);
	},
);

test("a stop before the first step saves nothing, and the run begins when it is taken up", async () => {
	const recipe = tinyRecipe(folder(), ["train.steps=2"]);
	const dir = join(folder(), "run");
	const result = await train(recipe, dir, { signal: AbortSignal.abort() });
	expect(result).toMatchObject({ outcome: "interrupted", step: 0, model: null });
	expect(result.evaluations.map(({ step }) => step)).toEqual([0]);
	expect(checkpointsOf(dir)).toEqual([]);
	const told: number[] = [];
	await resumeTraining(dir, { onEvaluation: ({ step }) => told.push(step) });
	expect(told).toEqual([2]);
	const whole = join(folder(), "whole");
	await train(recipe, whole);
	expect(outputOf(dir)).toEqual(outputOf(whole));
});

test("a finished run that is taken up gives its result again and does nothing", async () => {
	const dir = join(folder(), "run");
	const result = await train(tinyRecipe(folder(), ["train.steps=2"]), dir);
	const before = outputOf(dir);
	const told: string[] = [];
	const again = await resumeTraining(dir, {
		onStep: () => told.push("step"),
		onEvaluation: () => told.push("evaluation"),
	});
	expect(again).toEqual(result);
	expect(told).toEqual([]);
	expect(outputOf(dir)).toEqual(before);
	expect(readManifest(dir)).toMatchObject({ status: "finished", step: 2 });
});

test("a step that is not finite is skipped, counted, and the run goes on", async () => {
	const reward = `({ problem, completion }) =>
		completion.replace(/[^a-zA-Z]/g, "").length * ({ 2: 2e307, 4: 1e200 }[problem.id.split(/[ .]/)[1]] ?? 0.1)`;
	const recipe = tinyRecipe(folder(), ["train.steps=5", "eval.problems=0"], reward);
	const dir = join(folder(), "run");
	const result = await train(recipe, dir);
	expect(result.outcome).toBe("finished");
	expect(skipsOf(dir)).toEqual([null, "loss", null, "gradient", null]);
	expect(readMetrics(dir).map(({ policyVersion }) => policyVersion)).toEqual([0, 1, 1, 2, 2]);
	expect(readMetrics(dir)[4].objective!.loss).toSatisfy(Number.isFinite);
	expect(readMetrics(dir)[3].gradNorm).toBeTypeOf("string");
});

test.each([
	[
		"gradient",
		`({ problem, completion }) =>
			completion.replace(/[^a-zA-Z]/g, "").length * (Number(problem.id.split(/[ .]/)[1]) > 1 ? 1e200 : 0.1)`,
		[null, "gradient", "gradient", "gradient"],
	],
	["rewards", `() => { throw new Error("no verifier"); }`, ["rewards", "rewards", "rewards"]],
] as const)(
	"three steps in a row without an update (%s) stop the run and save it",
	async (_, reward, skips) => {
		const recipe = tinyRecipe(
			folder(),
			["train.steps=9", "train.checkpointEvery=9", "eval.problems=0"],
			reward,
		);
		const dir = join(folder(), "run");
		const result = await train(recipe, dir);
		const step = skips.length;
		expect(skipsOf(dir)).toEqual(skips);
		expect(result).toMatchObject({ outcome: "stopped", step, model: join(dir, `checkpoints/step-${step}`) });
		expect(result.reason).toContain("3 steps in a row changed nothing");
		expect(readdirSync(result.model!).sort()).toEqual(checkpointFiles);
		expect(readManifest(dir)).toMatchObject({ status: "stopped", step, reason: result.reason });
		// Taken up again it tries three more; what was wrong here is still wrong.
		expect(await resumeTraining(dir)).toMatchObject({ outcome: "stopped", step: step + 3 });
		expect(skipsOf(dir)).toEqual([...skips, ...skips.slice(-3)]);
	},
);

test("weights of the reference that are not finite are found in the loss, and stop the run", async () => {
	const recipe = tinyRecipe(folder(), ["eval.problems=0"]);
	const reference = writeTinyPolicy(join(folder(), "reference"));
	const checkpoint = Checkpoint.open(reference);
	const tensors = [...checkpoint.entries].map(([name, { dtype, shape }]) => {
		const bytes = checkpoint.read(name);
		if (name === "model.norm.weight") new Float32Array(bytes.buffer).fill(Number.NaN);
		return { name, dtype, shape, data: () => bytes };
	});
	writeSafetensors(join(reference, "model.safetensors"), tensors);
	const dir = join(folder(), "run");
	const result = await train({ ...recipe, reference }, dir);
	expect(result).toMatchObject({ outcome: "stopped", step: 3 });
	expect(skipsOf(dir)).toEqual(["loss", "loss", "loss"]);
	const saved = Checkpoint.open(result.model!);
	const first = Checkpoint.open(recipe.model);
	for (const name of first.entries.keys()) expect(saved.read(name)).toEqual(first.read(name));
});

test("skips before an interruption count towards the three in a row after it", async () => {
	const reward = `() => { throw new Error("no verifier"); }`;
	const dir = join(folder(), "run");
	await train(tinyRecipe(folder(), ["eval.problems=0"], reward), dir, stopAfter(2));
	expect(await resumeTraining(dir)).toMatchObject({ outcome: "stopped", step: 3 });
});

test("a verifier that fails is in the rollouts with its message, and its group in no update", async () => {
	const reward = `({ problem, completion }) => {
		if (problem.id.endsWith(".1")) throw new TypeError("units do not match");
		return completion.replace(/[^a-zA-Z]/g, "").length / 8;
	}`;
	const dir = join(folder(), "run");
	await train(tinyRecipe(folder(), ["train.steps=2", "eval.problems=0"], reward), dir);
	for (const line of readJsonLines<Record<string, unknown>>(join(dir, "rollouts.jsonl"))) {
		const failed = (line.problem as string).endsWith(".1");
		expect(Object.hasOwn(line, "reward")).toBe(!failed);
		expect(Object.hasOwn(line, "error")).toBe(failed);
		if (failed) expect(line.error).toMatch(/^TypeError: units do not match \(at .*task\.mjs/);
	}
	for (const metrics of readMetrics(dir)) {
		expect(metrics).toMatchObject({ rewardErrors: 3, droppedGroups: 1, skipped: null });
	}
});

test("checkpoints come as often as asked, and after the last step; so many are kept", async () => {
	const recipe = tinyRecipe(folder(), [
		"train.steps=7",
		"train.checkpointEvery=3",
		"train.keepCheckpoints=2",
		"eval.problems=0",
	]);
	const dir = join(folder(), "run");
	const saved: number[] = [];
	await train(recipe, dir, { onPhase: (step, phase) => phase === "saving" && saved.push(step) });
	expect(saved).toEqual([3, 6, 7]);
	expect(checkpointsOf(dir)).toEqual(["step-6", "step-7"]);
	expect(existsSync(join(dir, "evaluations.jsonl"))).toBe(true);
	expect(statSync(join(dir, "evaluations.jsonl")).size).toBe(0);
});

test("a run directory that exists is refused before anything is read", async () => {
	const dir = folder();
	writeFileSync(join(dir, "mine"), "");
	const nowhere = { ...tinyRecipe(folder()), model: join(dir, "no-model") };
	await expect(train(nowhere, dir)).rejects.toMatchObject({
		code: "run-exists",
		fix: expect.stringContaining(`--resume ${dir}`) as string,
	});
	expect(readdirSync(dir)).toEqual(["mine"]);
});

/** What is wrong with a recipe is found before a run directory is made. */
const wrong: readonly [string, string, (recipe: ResolvedRecipe) => Partial<ResolvedRecipe>][] = [
	[
		"a reference with another vocabulary",
		"vocabulary-mismatch",
		() => ({
			reference: writeTinyPolicy(join(folder(), "other"), { config: { ...tinyConfig, vocabSize: 300 } }),
		}),
	],
	[
		"a tokenizer with more ids than the model has",
		"vocabulary-mismatch",
		() => ({
			model: writeTinyPolicy(join(folder(), "small"), { config: { ...tinyConfig, vocabSize: 257 } }),
		}),
	],
	[
		"a model without weights",
		"checkpoint-missing",
		() => {
			const model = writeTinyPolicy(join(folder(), "empty"));
			rmSync(join(model, "model.safetensors"));
			return { model };
		},
	],
	["a model that is not there", "tokenizer-missing", () => ({ model: join(folder(), "nowhere") })],
	[
		"a task that does not load",
		"task-module",
		() => {
			const module = join(folder(), "task.mjs");
			writeFileSync(module, "export const train = 1;");
			return { task: { module } };
		},
	],
	[
		"too few test problems",
		"task-exhausted",
		({ eval: options }) => ({
			task: { train: [{ family: "add", levels: [1] }], heldOut: [] },
			eval: { ...options, problems: 1000 },
		}),
	],
];

test.each(wrong)("%s is refused before a run directory is made", async (_, code, change) => {
	const recipe = tinyRecipe(folder());
	const parent = folder();
	await expect(train({ ...recipe, ...change(recipe) }, join(parent, "run"))).rejects.toMatchObject({ code });
	expect(readdirSync(parent)).toEqual([]);
});

test("a run that fails says why in its manifest, is let go, and can be taken up when the reason is gone", async () => {
	const dir = join(folder(), "run");
	await train(tinyRecipe(folder(), ["train.steps=4"]), dir, stopAfter(2));
	const state = join(dir, "checkpoints", "step-2", "trainer.json");
	const text = readFileSync(state, "utf8");
	rmSync(state);
	await expect(resumeTraining(dir)).rejects.toMatchObject({ code: "checkpoint-state" });
	expect(readManifest(dir)).toMatchObject({
		status: "failed",
		step: 2,
		reason: expect.stringContaining("checkpoint-state: Expected the trainer's state") as string,
	});
	expect(readdirSync(dir)).not.toContain("lock");
	writeFileSync(state, text);
	expect(await resumeTraining(dir)).toMatchObject({ outcome: "finished", step: 4 });
});

test("what is no run cannot be taken up, recipe or not", async () => {
	await expect(resumeTraining(join(folder(), "nowhere"))).rejects.toMatchObject({ code: "run-missing" });
	const dir = folder();
	writeFileSync(join(dir, "config.yaml"), stringify({ model: "model" }));
	await expect(resumeTraining(dir)).rejects.toMatchObject({ code: "run-missing" });
});

test("a run that another one writes to is refused and goes on undisturbed", async () => {
	const recipe = tinyRecipe(folder(), ["train.steps=3"]);
	const dir = join(folder(), "run");
	let second: Promise<unknown> | undefined;
	await train(recipe, dir, {
		onStart: () => {
			second = resumeTraining(dir).catch((error: unknown) => error);
		},
	});
	const whole = join(folder(), "whole");
	await train(recipe, whole);
	expect(await second).toMatchObject({ code: "run-in-use" });
	expect(outputOf(dir)).toEqual(outputOf(whole));
});

test("completions longer than the model has positions for are refused before there is a run", async () => {
	const dir = join(folder(), "run");
	await expect(train(tinyRecipe(folder(), ["rollout.maxTokens=128"]), dir)).rejects.toMatchObject({
		code: "too-many-positions",
		fix: expect.stringMatching(/^set rollout.maxTokens to at most 1\d\d$/) as string,
	});
	expect(existsSync(dir)).toBe(false);
});

test("a training problem that is too long is found among all of them, before there is a run", async () => {
	const dir = folder();
	const rows = Array.from({ length: 500 }, (_, i) => ({ q: i === 321 ? "x".repeat(150) : `${i}?`, a: "1" }));
	const file = join(dir, "rows.jsonl");
	writeFileSync(file, rows.map((row) => JSON.stringify(row)).join("\n"));
	const entry = `{file: ${file}, fields: {question: q, answer: a}, prompt: "{question}", verifier: exact, testFraction: 0.1}`;
	const recipe = tinyRecipe(dir, [`task={train: [${entry}]}`, "eval.problems=0"]);
	await expect(train(recipe, join(dir, "run"))).rejects.toMatchObject({ code: "too-many-positions" });
	expect(existsSync(join(dir, "run"))).toBe(false);
});

test.each([
	["a head of more tokens than there are", "kl-config-invalid", ["kl.preset=top-k-in-loss", "kl.topK=1000"]],
	[
		"a beta that goes below 0",
		"recipe-invalid",
		["kl.beta.kind=linear", "kl.beta.from=0.1", "kl.beta.to=-0.1"],
	],
	["more parts of a pass than groups", "objective-config-invalid", ["train.minibatches=4"]],
	[
		"importance that is differentiated where there is none",
		"kl-config-invalid",
		[...["kl.place=loss", "kl.differentiateImportance=true"]],
	],
])("%s is refused before there is a run", async (_, code, overrides) => {
	const dir = join(folder(), "run");
	const refused = async () => train(tinyRecipe(folder(), overrides), dir);
	await expect(refused()).rejects.toMatchObject({ code });
	expect(existsSync(dir)).toBe(false);
});

const variants: readonly (readonly [string, readonly string[]])[] = [
	...namedConfigs.map(({ slug }) => [slug, [`kl.preset=${slug}`]] as const),
	...SURROGATES.map((kind) => [`surrogate ${kind}`, [`objective.surrogate=${kind}`]] as const),
	...ADVANTAGES.map((kind) => [`advantage ${kind}`, [`objective.advantage=${kind}`]] as const),
];

const trained: readonly (readonly [string, readonly string[]])[] = [
	...variants,
	["k1 in both places", ["kl.place=both"]],
	["straight-through k3 in the loss", ["kl.place=loss", "kl.estimator=k3+"]],
	["discounted reward-to-go", ["kl.credit=reward-to-go", "kl.discount=0.9"]],
	["prefix importance", ["kl.importance=prefix", "kl.logprobs=current"]],
	[
		"differentiated token importance",
		["kl.place=loss", "kl.estimator=k3", "kl.importance=token", "kl.differentiateImportance=true"],
	],
];

test.each(trained)("%s trains", async (_, overrides) => {
	const recipe = tinyRecipe(folder(), ["train.steps=2", "eval.problems=0", "kl.beta=0.5", ...overrides]);
	const dir = join(folder(), "run");
	expect(await train(recipe, dir)).toMatchObject({ outcome: "finished" });
	expect(skipsOf(dir)).toEqual([null, null]);
});
