import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { ThaliaError } from "../errors.ts";
import { formatRecipe, resolveRecipe } from "./resolve-recipe.ts";

const folder = mkdtempSync(join(tmpdir(), "thalia-recipe-"));

function recipeFile(text: string, name = "some-run.yaml"): string {
	const file = join(folder, name);
	writeFileSync(file, text);
	return file;
}

const smallest = `model: .
task:
  train: [{ family: add }]
`;

function refusal(text: string, overrides: string[] = []): { code: string; message: string } {
	const file = recipeFile(text);
	try {
		resolveRecipe(file, overrides);
	} catch (error) {
		if (error instanceof ThaliaError)
			return { code: error.code, message: error.message.replaceAll(`${folder}/`, "") };
		throw error;
	}
	throw new Error("the recipe was accepted");
}

test("model and task are enough", () => {
	const recipe = resolveRecipe(recipeFile(smallest));
	expect(recipe).toMatchObject({
		name: "some-run",
		model: folder,
		reference: folder,
		kl: { place: "reward", estimator: "k1", credit: "sequence", beta: 0.05, logprobs: "sampler" },
		objective: { advantage: "rloo", surrogate: { kind: "reinforce" }, aggregation: "sequence-sum" },
		rollout: { prompts: 16, groupSize: 8, temperature: 1 },
		task: { train: [{ family: "add" }], heldOut: [] },
	});
	expect(recipe.threads).toBeGreaterThanOrEqual(1);
});

test("a resolved recipe, written and read again, is the same", () => {
	const overrides = [
		"kl.place=loss",
		"objective.surrogate=ppo-clip",
		"objective.aggregation={kind: fixed-length, length: 9}",
	];
	const recipe = resolveRecipe(recipeFile(smallest), overrides);
	expect(recipe.kl).toEqual({ place: "loss", estimator: "k1", beta: 0.05 });
	expect(resolveRecipe(recipeFile(formatRecipe(recipe), "config.yaml"))).toEqual(recipe);
});

test("overrides win, reach into lists, and make what is missing", () => {
	const recipe = resolveRecipe(recipeFile(smallest), [
		"kl.beta=0.1",
		"kl.beta=0.2",
		"task.train.0.weight=3",
		"task.heldOut=[{family: rev, levels: [1, 2]}]",
		"name=other",
	]);
	expect(recipe.kl).toMatchObject({ beta: 0.2 });
	expect(recipe.task).toEqual({
		train: [{ family: "add", weight: 3 }],
		heldOut: [{ family: "rev", levels: [1, 2] }],
	});
	expect(recipe.name).toBe("other");
});

test("data sets, own files and the hub, with paths made absolute", () => {
	writeFileSync(join(folder, "mine.jsonl"), "{}\n");
	const text = `model: .
task:
  train:
    - { dataset: math-train, filter: { level: [1, 2] }, limit: 100, weight: 2 }
    - { file: mine.jsonl, fields: { question: q }, verifier: { name: math }, testFraction: 0.2 }
    - { family: add }
  heldOut:
    - { hub: owner/name, config: main, verifier: math, files: { test: "data/*.parquet" } }
  dataDir: .
`;
	const recipe = resolveRecipe(recipeFile(text));
	expect(recipe.task).toMatchObject({
		train: [
			{ dataset: "math-train", filter: { level: [1, 2] }, limit: 100, weight: 2 },
			{ file: join(folder, "mine.jsonl"), verifier: { name: "math", options: {} } },
			{ family: "add" },
		],
		heldOut: [{ hub: "owner/name", files: { test: "data/*.parquet" } }],
		dataDir: folder,
	});
	expect(resolveRecipe(recipeFile(formatRecipe(recipe), "config.yaml"))).toEqual(recipe);
});

test("the data folder of the environment is kept, where a card needs one", () => {
	vi.stubEnv("THALIA_DATA", folder);
	const card = "model: .\ntask: { train: [{ dataset: gsm8k }] }\n";
	expect(resolveRecipe(recipeFile(card)).task).toMatchObject({ dataDir: folder });
	expect(resolveRecipe(recipeFile(smallest)).task).not.toHaveProperty("dataDir");
	vi.stubEnv("THALIA_DATA", join(folder, "nowhere"));
	expect(() => resolveRecipe(recipeFile(card))).toThrow("for THALIA_DATA");
	vi.unstubAllEnvs();
});

describe("refusals say where and what", () => {
	test.each([
		[`${smallest}kl:\n  bta: 1\n`, "some-run.yaml:5:3: unknown key kl.bta (did you mean beta?)"],
		[`${smallest}rolout: {}\n`, "some-run.yaml:4:1: unknown key rolout (did you mean rollout?)"],
		[
			`${smallest}kl:\n  zzz: 1\n`,
			"unknown key kl.zzz (known keys: preset, place, estimator, credit, discount, beta, logprobs, importance, truncation, differentiateImportance, to, clamp, topK, normalisation, clip, centre)",
		],
		[
			`${smallest}kl:\n  beta: -1\n`,
			"some-run.yaml:5:3: Expected a number of at least 0 for kl.beta but received -1",
		],
		[`${smallest}kl:\n  beta: .nan\n`, "some-run.yaml:5:3: Expected a number for kl.beta but received NaN"],
		[`${smallest}kl:\n  beta: much\n`, 'Expected a number for kl.beta but received "much"'],
		[`${smallest}kl: 3\n`, "some-run.yaml:4:1: Expected keys with values for kl but received 3"],
		[
			`${smallest}train: { steps: 1.5 }\n`,
			"some-run.yaml:4:10: Expected a whole number for train.steps but received 1.5",
		],
		[
			`${smallest}kl: { estimator: k4 }\n`,
			'rao-blackwell-local, top-k for kl.estimator but received "k4" (did you mean k1?)',
		],
		[`${smallest}dtype: fb16\n`, 'received "fb16" (did you mean bf16?)'],
		["model: .\ntask: { train: [{ family: ad }] }\n", "some-run.yaml:2:19: Expected one of add"],
		[
			"model: .\ntask: { train: [{ family: add, level: [1] }] }\n",
			"unknown key task.train.0.level (did you mean levels?)",
		],
		[
			"model: .\ntask: { train: [{ dataset: math-trian }] }\n",
			'for task.train.0.dataset but received "math-trian" (did you mean math-train?)',
		],
		[
			"model: .\ntask:\n  train:\n    - dataset: gsm8k\n      limt: 3\n",
			"some-run.yaml:5:7: unknown key task.train.0.limt (did you mean limit?)",
		],
		[
			"model: .\ntask: { train: [{ file: x.jsonl, verifier: mth }] }\n",
			'for task.train.0.verifier but received "mth" (did you mean math?)',
		],
		[
			"model: .\ntask: { train: [{ file: x.jsonl, verifier: math, fields: { qestion: q } }] }\n",
			"unknown key task.train.0.fields.qestion (did you mean question?)",
		],
		[
			"model: .\ntask: { train: [{ file: x.jsonl, verifier: math, prompt: '{q' }] }\n",
			"some-run.yaml:2:50: Expected {name}, {} or doubled braces for task.train.0.prompt",
		],
		[
			"model: .\ntask: { train: [{ file: x.jsonl, verifier: math, testFile: y.jsonl, testFraction: 0.1 }] }\n",
			"Expected nothing beside testFile for task.train.0.testFraction but received 0.1",
		],
		["model: .\ntask: { train: [{ file: x.jsonl }] }\n", "for task.train.0.verifier but received nothing"],
		["model: .\ntask: { train: [{ family: add, limt: 3 }] }\n", "unknown key task.train.0.limt (known keys"],
		["model: .\ntask: { train: [] }\n", "Expected at least 1 in the list for task.train"],
		[
			"task: { train: [{ family: add }] }\n",
			"some-run.yaml:1:1: Expected a text for model but received nothing",
		],
		[
			`${smallest}objective: { surrogate: { kind: ppo-clip, epsilonLw: 0.1 } }\n`,
			"unknown key objective.surrogate.epsilonLw (did you mean epsilonLow?)",
		],
		[
			`${smallest}objective: { surrogate: ppo }\n`,
			'Expected one of reinforce, ppo-clip, cispo, gspo, tis, masked-is for objective.surrogate but received "ppo"',
		],
		[
			`${smallest}optimizer: { learningRate: 0 }\n`,
			"Expected a number above 0 for optimizer.learningRate but received 0",
		],
		[`${smallest}name: ../up\n`, "for name but received"],
		["- 1\n- 2\n", "some-run.yaml:1:1: Expected keys with values for the recipe"],
		["", "Expected a text for model but received nothing"],
	])("%#", (text, message) => {
		const refused = refusal(text);
		expect(refused.message).toContain(message);
		expect(refused.code).toBe("recipe-invalid");
	});

	test("everything wrong at once", () => {
		expect(refusal(`${smallest}kl: { beta: -1 }\nsed: 1\n`).message.split("\n")).toHaveLength(2);
	});

	test.each([
		[
			"kl.beta=-0.5",
			"recipe-invalid",
			"command line (kl.beta=-0.5): Expected a number of at least 0 for kl.beta",
		],
		["kl.beat=1", "recipe-invalid", "command line (kl.beat=1): unknown key kl.beat (did you mean beta?)"],
		[
			"kl.beta=.nan",
			"recipe-invalid",
			"command line (kl.beta=.nan): Expected a number for kl.beta but received NaN",
		],
		["kl.beta=", "recipe-invalid", "but received null"],
		["kl.beta", "recipe-override", 'Expected key=value for an override but received "kl.beta"'],
		["kl.beta=[1", "recipe-override", "Expected a YAML value"],
		["task.train.first.weight=2", "recipe-override", "command line"],
	])("override %s", (override, code, message) => {
		const refused = refusal(smallest, [override]);
		expect(refused.message).toContain(message);
		expect(refused.code).toBe(code);
	});

	test("a model's name stays a name, where there is no such path", () => {
		const file = recipeFile(`${smallest}reference: owner/name@main\n`);
		const recipe = resolveRecipe(file, ["model=SmolLM2-135M-Instruct"]);
		expect(recipe).toMatchObject({ model: "SmolLM2-135M-Instruct", reference: "owner/name@main" });
	});

	test.each([
		["model: nowhere\ntask: { train: [{ family: add }] }\n", "recipe-path", "for model"],
		[
			"model: .\ntask: { train: [{ file: nowhere.jsonl, verifier: math }] }\n",
			...["recipe-path", "for task.train.0.file but received"],
		],
		[`${smallest}rollout: { groupSize: 1 }\n`, "objective-config-invalid", "groupSize"],
		["a: b: c\n", "recipe-syntax", "some-run.yaml:1:"],
		[`${smallest}model: again\n`, "recipe-syntax", "some-run.yaml:4:1: Map keys must be unique"],
	])("%#: not the schema's", (text, code, message) => {
		const refused = refusal(text);
		expect(refused.message).toContain(message);
		expect(refused.code).toBe(code);
	});

	test("no file", () => {
		expect(() => resolveRecipe(join(folder, "none.yaml"))).toThrow(
			expect.objectContaining({ code: "recipe-missing" }),
		);
	});
});

test("a preset of the command line replaces the file's axes, and neither its beta nor what is given beside it", () => {
	const file = recipeFile(`${smallest}kl: { place: reward, estimator: k1, credit: token, beta: 0.3 }\n`);
	expect(resolveRecipe(file, ["kl.preset=k3-in-loss"]).kl).toEqual({
		place: "loss",
		estimator: "k3",
		beta: 0.3,
	});
	expect(resolveRecipe(file, ["kl.preset=k3-in-loss", "kl.estimator=k2", "kl.beta=1"]).kl).toEqual({
		...{ place: "loss", estimator: "k2", beta: 1 },
	});
	// In the file itself what stands beside it wins.
	const beside = recipeFile(`${smallest}kl: { preset: k3-in-loss, estimator: abs }\n`);
	expect(resolveRecipe(beside).kl).toMatchObject({ place: "loss", estimator: "abs" });
});
