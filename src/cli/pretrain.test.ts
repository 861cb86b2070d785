import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readDecoderConfig } from "../formats/hf-config.ts";
import { pretrainRecipe } from "../recipe/pretrain-recipe.ts";
import { readRecipe } from "../recipe/read-recipe.ts";
import { readJsonLines } from "../runs/json-lines.ts";
import { thalia } from "../testing/child.ts";
import { answersOf, refusalOf } from "../testing/command.ts";
import { digests } from "../testing/tiny-run.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-pretrain-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const recipe = join(root, "small.yaml");
writeFileSync(
	recipe,
	`seed: 4
threads: 1
model: { hiddenSize: 32, intermediateSize: 48, layers: 1, heads: 4, kvHeads: 2 }
task: [{ family: add, levels: [1] }]
train: { steps: 5, batch: 4, logEvery: 2 }
optimizer: { learningRate: 0.01 }
`,
);
/** A folder of its own for what is made, so that leftovers show. */
const newFolder = () => mkdtempSync(join(root, "models-"));
const modelFiles = [
	"config.json",
	"log.jsonl",
	"model.safetensors",
	"recipe.yaml",
	"tokenizer.json",
	"tokenizer_config.json",
];

test("makes a model that generates, with its recipe and its log, and the same again of the same seed", async () => {
	const folder = newFolder();
	const [out, again, other] = ["a/model", "again", "other"].map((name) => join(folder, name));
	const [first, second] = await Promise.all([
		thalia(["pretrain", recipe, "--out", out]).ended,
		thalia(["pretrain", recipe, "--out", again, "--format", "json"]).ended,
		thalia(["pretrain", recipe, "seed=5", "--out", other]).ended,
	]);
	expect(first).toMatchObject({ code: 0, stdout: `model: ${out}\n` });
	expect(JSON.parse(second.stdout)).toEqual({ outcome: "finished", model: again });
	expect(first.stderr.split("\n").map((line) => line.slice(0, 8))).toEqual([
		"step 2/5",
		"step 4/5",
		"step 5/5",
		"",
	]);

	expect(readdirSync(out).sort()).toEqual(modelFiles);
	expect(digests(again)).toEqual(digests(out));
	expect(digests(other)["model.safetensors"]).not.toBe(digests(out)["model.safetensors"]);
	expect(readRecipe(pretrainRecipe, join(out, "recipe.yaml"))).toEqual(readRecipe(pretrainRecipe, recipe));
	const log = readJsonLines<{ step: number; loss: number }>(join(out, "log.jsonl"));
	expect(log.map(({ step }) => step)).toEqual([2, 4, 5]);
	expect(log[2].loss).toBeLessThan(log[0].loss);
	expect(readDecoderConfig(out)).toMatchObject({ numHeads: 4, numKvHeads: 2, headDim: 8, dtype: "bf16" });
	const args = ["generate", "--model", out, "--max-tokens", "4"];
	expect(await answersOf(args, [{ text: "add 1+1\n" }])).toHaveLength(1);
});

test("Ctrl-C saves the model as it is", async () => {
	const folder = newFolder();
	const out = join(folder, "model");
	const child = thalia(["pretrain", recipe, "train.steps=1000000", "train.logEvery=1", "--out", out]);
	await child.until((stderr) => stderr.includes("step 2/"));
	expect(readdirSync(folder)).toEqual([".unfinished-model"]);
	child.kill("SIGINT");
	const { code, stdout, stderr } = await child.ended;
	expect(code).toBe(130);
	expect(stdout).toBe(`model: ${out}\n`);
	expect(stderr).toContain("stopping: the model is saved as it is");
	expect(readdirSync(folder)).toEqual(["model"]);
	expect(readdirSync(out).sort()).toEqual(modelFiles);
	expect(await answersOf(["score", "--model", out], [{ text: "add" }])).toHaveLength(1);
});

test("what is killed leaves nothing under the model's name, and can be begun again", async () => {
	const folder = newFolder();
	const out = join(folder, "model");
	const child = thalia(["pretrain", recipe, "train.steps=1000000", "train.logEvery=1", "--out", out]);
	await child.until((stderr) => stderr.includes("step 2/"));
	child.kill("SIGKILL");
	await child.ended;
	expect(existsSync(out)).toBe(false);
	expect((await thalia(["pretrain", recipe, "--out", out]).ended).code).toBe(0);
	expect(readdirSync(folder)).toEqual(["model"]);
});

test("a disk that is full in the middle of the weights leaves nothing", async () => {
	const folder = newFolder();
	const { code, stdout, stderr } = await thalia(["pretrain", recipe, "--out", join(folder, "model")], {
		fileKiB: 16,
	}).ended;
	expect([code, stdout]).toEqual([1, ""]);
	expect(stderr).toMatch(/thalia: .*model\.safetensors could not be written: /);
	expect(readdirSync(folder)).toEqual([]);
});

describe.concurrent("is refused, with nothing made", () => {
	test.for<[string, string[], string[]]>([
		["no folder to make", [recipe], ["thalia: option '--out <dir>' is required"]],
		["no recipe", ["none.yaml"], ["Expected a recipe at none.yaml but it cannot be read"]],
		[
			"a key that is none",
			[recipe, "train.stpes=3"],
			["command line (train.stpes=3): unknown key", "did you mean steps?"],
		],
		["a wrong type", [recipe, "train.steps=many"], ['Expected a number for train.steps but received "many"']],
		[
			"heads that do not divide",
			[recipe, "model.heads=5"],
			["Expected a number that divides half of hiddenSize for model.heads but received 5"],
		],
		[
			"key heads that do not divide",
			[recipe, "model.kvHeads=3"],
			["Expected a divisor of heads for model.kvHeads but received 3"],
		],
		[
			"a level that is none",
			[recipe, "task=[{family: add, levels: [9]}]"],
			["Expected levels from 1 to 4 for family add"],
		],
	])("%s", async ([name, args, messages], { expect }) => {
		const folder = newFolder();
		const out = name === "no folder to make" ? [] : ["--out", join(folder, "model")];
		const said = await refusalOf(["pretrain", ...args, ...out]);
		for (const message of messages) expect(said).toContain(message);
		expect(readdirSync(folder)).toEqual([]);
	});

	test("a folder that exists, which stays as it is", async ({ expect }) => {
		const folder = newFolder();
		const out = join(folder, "model");
		mkdirSync(out);
		writeFileSync(join(out, "config.json"), "mine");
		const said = await refusalOf(["pretrain", recipe, "--out", out]);
		expect(said).toContain(`Expected a new folder for the model but ${out} exists`);
		expect(said).toContain("thalia: fix: choose another one, or remove it");
		expect(readFileSync(join(out, "config.json"), "utf8")).toBe("mine");
		expect(readdirSync(folder)).toEqual(["model"]);
	});
});
