import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { tinyRecipe } from "../testing/tiny-run.ts";
import { train } from "../trainer/train.ts";
import { presetConfigs, usualConfigs } from "./configurations.ts";
import { type ProbeOptions, probe } from "./probe.ts";
import { summarise } from "./summary.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-probe-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const recipe = tinyRecipe(root, ["rollout.prompts=8", "rollout.groupSize=4", "kl.beta=0.5", "train.steps=3"]);
const options = { recipe, folds: 2, trueBatches: 4, seeds: [1], configs: usualConfigs(1) };

/** The tiny model after a few steps that moved it from the reference. */
async function moved(): Promise<string> {
	const { model } = await train({ ...recipe, eval: { ...recipe.eval, problems: 0 } }, join(root, "run"));
	return model!;
}

const policy = await moved();
const elsewhere: ProbeOptions = {
	...options,
	recipe: { ...recipe, model: policy, reference: recipe.reference },
};

test("where policy and reference are one there is no true gradient, and k1 in the loss is noise all the same", async () => {
	const { seeds } = await probe(options);
	const byName = new Map(options.configs.map(({ name }, i) => [name, seeds[0].measurements[i]]));
	expect(seeds[0].agreement).toBeNull();
	expect(byName.get("k1 in reward")!.norm).toBeLessThan(1e-3);
	expect(byName.get("k3 in loss")!.norm).toBeLessThan(1e-3);
	expect(byName.get("k1 in loss")!.norm).toBeGreaterThan(0.1);
	for (const { projection, cosine } of seeds[0].measurements)
		expect([projection, cosine]).toEqual([null, null]);
});

test("of a policy that has moved, exact configurations are near the true gradient and the full vocabulary has least noise", async () => {
	const configs = presetConfigs(
		["k1-in-reward", "k1-in-loss", "k2-in-loss", "full-in-loss", "rao-blackwell"],
		1,
	);
	const many: ProbeOptions = { ...elsewhere, configs, trueBatches: 10, seeds: [1, 2] };
	const result = await probe(many);
	const byName = new Map(summarise(many, result).map((summary) => [summary.name, summary]));
	for (const { agreement } of result.seeds) expect(agreement).toBeGreaterThan(0.7);
	const complete = byName.get("Rao-Blackwell, complete")!;
	expect(complete.exact).toBe(true);
	expect(complete.estimates.cosine!.mean).toBeGreaterThan(0.7);
	expect(Math.abs(complete.estimates.projection!.mean - 1)).toBeLessThan(0.3);
	const variance = (name: string) => byName.get(name)!.estimates.variance!.mean;
	expect(variance("full vocabulary in loss")).toBeLessThan(variance("k2 in loss"));
	expect(variance("Rao-Blackwell, complete")).toBeLessThan(variance("k1 in reward"));
	expect(Math.abs(byName.get("k1 in loss")!.estimates.cosine!.mean)).toBeLessThan(0.5);
});

test("rollouts of another policy: importance weights have fewer effective samples, and are reported", async () => {
	const configs = presetConfigs(["trajectory-balance", "prefix-importance"], 1);
	const probed: ProbeOptions = { ...elsewhere, configs, sampler: recipe.model };
	const [none, prefix] = (await probe(probed)).seeds[0].measurements;
	expect(none).toMatchObject({ sampleSize: 1, largestWeight: 1 });
	expect(prefix.sampleSize).toBeLessThan(0.99);
	expect(prefix.largestWeight).toBeGreaterThan(1.05);
	expect(
		summarise(probed, { completions: 1, trueCompletions: 1, seeds: [] }).map(({ exact }) => exact),
	).toEqual([false, true]);
});

test("rollouts of a probe are its own policy's, whatever lagged in the run", () => {
	const exact = (recipe: ProbeOptions["recipe"]) =>
		summarise(
			{ ...options, recipe, configs: presetConfigs(["k1-in-reward"], 1) },
			{ completions: 1, trueCompletions: 1, seeds: [] },
		).map((summary) => summary.exact);
	expect(exact({ ...recipe, async: { mode: "strict", lag: 4 } })).toEqual([true]);
	expect(exact({ ...recipe, rollout: { ...recipe.rollout, topP: 0.9 } })).toEqual([false]);
});

test("equal seeds give equal measurements, and a stop gives the seeds that are done", async () => {
	const few = { ...elsewhere, trueBatches: 2, configs: usualConfigs(1).slice(0, 2), seeds: [3, 4] };
	const first = await probe(few);
	const controller = new AbortController();
	const onProgress = (doing: string) => {
		if (doing.startsWith("seed 4")) controller.abort();
	};
	const second = await probe({ ...few, onProgress, signal: controller.signal });
	expect(second.seeds).toEqual(first.seeds.slice(0, 1));
});

test.each([
	["folds", { folds: 9 }],
	["the true gradient", { trueBatches: 1 }],
	["a seed", { seeds: [] }],
	["a configuration", { configs: [] }],
])("%s: options that cannot be are refused", async (what, wrong) => {
	await expect(probe({ ...options, ...wrong })).rejects.toMatchObject({
		code: "probe-options",
		message: expect.stringContaining(what) as string,
	});
});
