import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import type { Engine, Sequence } from "../engine/engine.ts";
import { openLocalEngine } from "../engine/local/open.ts";
import { loadTokenizer } from "../formats/tokenizer.ts";
import type { ResolvedRecipe } from "../recipe/train-recipe.ts";
import type { RolloutGroup } from "../rollout/collect.ts";
import { tinyConfig } from "../testing/tiny-model.ts";
import { tinyRecipe, writeTinyPolicy } from "../testing/tiny-run.ts";
import { engineOptions } from "./engine-options.ts";
import { type StepMetrics, trainStep } from "./step.ts";
import { sequenceOf } from "./token-batch.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-divergence-"));
const engines: Engine[] = [];
afterEach(async () => {
	await Promise.all(engines.splice(0).map((engine) => engine.close()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = () => mkdtempSync(join(root, "case-"));

async function open(recipe: ResolvedRecipe): Promise<Engine> {
	const engine = await openLocalEngine(engineOptions(recipe));
	engines.push(engine);
	return engine;
}

interface Step {
	readonly recipe: ResolvedRecipe;
	readonly metrics: StepMetrics;
	readonly groups: readonly RolloutGroup[];
}

/** One step of a policy that begins away from its reference. */
async function awayFromReference(
	overrides: readonly string[],
	prompt = "say",
	maxPositions = 128,
): Promise<Step> {
	const config = { ...tinyConfig, maxPositions };
	const model = writeTinyPolicy(join(folder(), "model"), { config });
	const reference = writeTinyPolicy(join(folder(), "reference"), { config, seed: 2 });
	const recipe = { ...tinyRecipe(folder(), overrides), model, reference };
	const [engine, tokenizer] = [await open(recipe), loadTokenizer(model)];
	const { prompts } = recipe.rollout;
	const task = {
		name: "say",
		problems: () =>
			Array.from({ length: prompts }, (_, i) => ({
				...{ id: `${i}`, family: "say", level: 1, answer: "", solution: "" },
				prompt: `${prompt} ${i}\n`,
			})),
		reward: ({ completion }: { completion: string }) => completion.length / 8,
	};
	return { recipe, ...(await trainStep({ recipe, engine, tokenizer, task, beta: 0.5 }, 1)) };
}

const sequencesOf = ({ groups }: Step) =>
	groups.map(({ prompt, rollouts }) => rollouts.map(({ tokens }) => sequenceOf(prompt, tokens)));

/** The KLs of these tokens before the step: by an engine of its own, which has learned nothing. */
async function exactly({ recipe }: Step, sequences: readonly Sequence[]) {
	const engine = await open(recipe);
	const { temperature } = recipe.rollout;
	const outputs = await engine.divergences(sequences, { temperature });
	const mean = (key: "divergence" | "reverseDivergence") => {
		const values = outputs.flatMap((output) => Array.from(output[key]));
		return values.reduce((sum, value) => sum + value, 0) / values.length;
	};
	const tokens = outputs.reduce((sum, { divergence }) => sum + divergence.length, 0);
	return { kl: mean("divergence"), reverse: mean("reverseDivergence"), tokens };
}

function expectEqual(
	metrics: StepMetrics,
	{ kl, reverse, tokens }: NonNullable<StepMetrics["divergence"]>,
): void {
	expect(metrics.divergence!.tokens).toBe(tokens);
	expect(metrics.divergence!.kl).toBeCloseTo(kl, 5);
	expect(metrics.divergence!.reverse).toBeCloseTo(reverse, 5);
	expect(kl).toBeGreaterThan(0.01);
	expect(Math.abs(kl - reverse)).toBeGreaterThan(1e-4);
	expect(metrics.kl).toBeCloseTo(kl * metrics.completionTokens, 4);
}

test.each([
	["", []],
	["at the temperature of the rollouts", ["rollout.temperature=0.5"]],
	["also where several updates are made of the rollouts", ["train.epochs=2"]],
	["also without a KL in the objective", ["kl.place=none"]],
])("a step says how far the policy was from its reference before the update %s", async (_, overrides) => {
	const step = await awayFromReference(overrides);
	const firsts = sequencesOf(step).map(([first]) => first);
	expectEqual(step.metrics, await exactly(step, firsts));
});

test.each(["full-in-loss", "rao-blackwell", "closed-form-baseline", "top-k-in-loss"])(
	"with a KL that reads the vocabulary (%s) it is that of every token",
	async (preset) => {
		const step = await awayFromReference([`kl.preset=${preset}`]);
		const all = sequencesOf(step).flat();
		expectEqual(step.metrics, await exactly(step, all));
		expect(step.metrics.divergence!.tokens).toBe(step.metrics.objective!.tokens);
	},
);

test("the exact KL is what the sampled estimators scatter around", async () => {
	const { metrics } = await awayFromReference(["rollout.groupSize=64", "kl.preset=full-in-loss"]);
	const { divergence, objective } = metrics;
	expect(Math.abs(objective!.k3 / divergence!.kl - 1)).toBeLessThan(0.2);
});

test("of many completions only so many are measured, of each group the first, prompts counted", async () => {
	const step = await awayFromReference(["rollout.prompts=40", "rollout.groupSize=2"]);
	const firsts = sequencesOf(step).map(([first]) => first);
	const before = (i: number) => firsts.slice(0, i).reduce((sum, { tokens }) => sum + tokens.length, 0);
	const measured = firsts.filter((_, i) => before(i) < 512);
	expect(measured.length).toBeLessThan(firsts.length);
	expectEqual(step.metrics, await exactly(step, measured));
});

test("however long completions are, one is measured", async () => {
	const step = await awayFromReference(["rollout.prompts=2"], "say ".repeat(150), 1024);
	const [[first]] = sequencesOf(step);
	expect(first.tokens.length).toBeGreaterThan(600);
	expectEqual(step.metrics, await exactly(step, [first]));
});
