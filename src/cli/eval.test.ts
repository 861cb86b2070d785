import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Evaluation } from "../eval/summarise.ts";
import { thalia } from "../testing/child.ts";
import { refusalOf, resultOf } from "../testing/command.ts";
import { tinyConfig } from "../testing/tiny-model.ts";
import { writeTinyPolicy } from "../testing/tiny-run.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-eval-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const model = writeTinyPolicy(join(root, "model"));

/** Passes about one completion in two; fails on all of one problem, and on some completions of the others. */
const recipe = recipeOf(
	"chance",
	`
import { type RewardFunction, familyTask, type Problem, type Task } from "thalia";

const reward: RewardFunction = async ({ problem, completion }) => {
	await Promise.resolve();
	const sum = [...completion].reduce((total, letter) => total + letter.codePointAt(0)!, 0);
	if (problem.id === "test 3" || sum % 9 === 0) throw new Error("no verdict");
	return sum % 2;
};
const problem = (id: string): Problem =>
	({ id, family: "chance", level: 1, prompt: id + "\\n", answer: "", solution: "" });
export const train: Task = {
	name: "chance",
	problems: (split, count) => Array.from({ length: count }, (_, i) => problem(split + " " + i)),
	reward,
};
export const heldOut: Task = familyTask([{ family: "add", levels: [2] }]);
`,
);

function recipeOf(name: string, source: string): string {
	writeFileSync(join(root, `${name}.ts`), source);
	const file = join(root, `${name}.yaml`);
	writeFileSync(file, `model: a-model-that-is-gone\ntask: { module: ${name}.ts }\n`);
	return file;
}

const small = ["--problems", "8", "--max-tokens", "6", "--samples", "4"];
const evaluate = (args: readonly string[]) =>
	resultOf<Evaluation[]>(["eval", "--model", model, "--format", "json", ...small, ...args]);

test("estimates are those of the rewards, and the seed decides them", async () => {
	const args = ["--recipe", recipe, "--k", "1,2,4"];
	const [full, short, other] = await Promise.all([
		evaluate([...args, "--results"]),
		evaluate(args),
		evaluate([...args, "--seed", "2"]),
	]);
	expect(full.map(({ domain }) => domain)).toEqual(["in-domain", "out-of-domain"]);
	expect(short).toEqual(full.map(({ results: _, ...estimates }) => estimates));
	expect(other).not.toEqual(short);

	const [{ results, greedy, mean, passAt, errors, problems, samples }] = full;
	expect([problems, samples, results.length]).toEqual([8, 4, 8]);
	expect(Object.keys(passAt)).toEqual(["1", "2", "4"]);
	for (const { rewards, errors, greedy } of results)
		expect(rewards.length + errors).toBe(greedy === null ? 5 : 4);
	expect(results[3]).toMatchObject({ id: "test 3", greedy: null, rewards: [], errors: 5 });
	expect(errors).toBe(sum(results.map(({ errors }) => errors)));

	const close = (got: number, want: number[]) => expect(got).toBeCloseTo(sum(want) / want.length, 12);
	const sampled = results.map(({ rewards }) => rewards).filter((rewards) => rewards.length > 0);
	close(
		greedy!.estimate,
		results.flatMap(({ greedy }) => (greedy === null ? [] : [greedy])),
	);
	close(
		mean!.estimate,
		sampled.map((rewards) => sum(rewards) / rewards.length),
	);
	for (const k of [1, 2, 4])
		close(
			passAt[k]!.estimate,
			sampled.filter((rewards) => rewards.length >= k).map((rewards) => passingShare(rewards, k)),
		);
	for (const interval of [greedy, mean, ...Object.values(passAt)]) {
		const { estimate, low, high, level } = interval!;
		expect(level).toBe(0.95);
		expect(low).toBeLessThanOrEqual(estimate);
		expect(high).toBeGreaterThanOrEqual(estimate);
	}
	expect(mean!.high).toBeGreaterThan(mean!.low);
});

test("the table has the same figures, at any temperature", async () => {
	const args = ["--recipe", recipe, "--temperature", "0.7"];
	const [json, { code, stdout, stderr }] = await Promise.all([
		evaluate(args),
		thalia(["eval", "--model", model, ...small, ...args]).ended,
	]);
	expect([code, stderr]).toEqual([0, ""]);
	const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
	const { greedy, mean, passAt } = json[0];
	const words = stdout.replace(/ +/g, " ");
	for (const [name, interval] of [
		["pass@1 greedy", greedy!],
		["mean@4", mean!],
		["pass@4", passAt[4]!],
	] as const) {
		const [estimate, low, high] = [interval.estimate, interval.low, interval.high].map(percent);
		expect(words).toContain(`${name} ${estimate} [${low}, ${high}]`);
	}
	expect(stdout).toMatch(/^domain +estimate +value \[95% interval\] +problems\nin-domain /);
});

test("families by name, and by default those of RL against those held out", async () => {
	const [named, standard] = await Promise.all([
		evaluate(["--families", "add, sub", "--results"]),
		evaluate(["--results", "--dtype", "bf16", "--threads", "1"]),
	]);
	const familiesOf = ({ results }: Evaluation) => [...new Set(results.map(({ family }) => family))];
	expect(named.map(({ domain }) => domain)).toEqual(["in-domain"]);
	expect(["add", "sub"]).toEqual(expect.arrayContaining(familiesOf(named[0])));
	expect(["add", "sub", "mul"]).toEqual(expect.arrayContaining(familiesOf(standard[0])));
	expect(familiesOf(standard[1])).not.toContain("add");
});

describe.concurrent("is refused before anything is sampled", () => {
	const small = { ...tinyConfig, vocabSize: 200, eosTokenIds: [], padTokenId: null };
	const disagreeing = writeTinyPolicy(join(root, "disagreeing"), { config: small });
	const bad = (name: string, text: string) => {
		const file = join(root, `${name}.yaml`);
		writeFileSync(file, `model: .\ntask: { train: [{ family: add }] }\n${text}`);
		return ["--recipe", file];
	};

	test.for<[string, string[], string[]]>([
		["no model", ["--model", "nowhere"], ['Expected a model for "nowhere" but there is no such folder']],
		[
			"a tokenizer that disagrees with its model",
			["--model", disagreeing],
			["vocab_size 200 but the tokenizer has 258", "fix: use the tokenizer that the model was trained with"],
		],
		[
			"pass@k of more than there are",
			["--k", "1,9"],
			["Expected --k of at most --samples 8", "fix: --samples 9"],
		],
		["pass@0", ["--k", "0"], ["Expected a whole number of at least 1."]],
		["a family that is none", ["--families", "ad"], ["Expected one of add, sub,", 'received "ad"']],
		[
			"more problems than there are",
			["--families", "bal", "--problems", "1000000"],
			["distinct test problems"],
		],
		[
			"more tokens than positions",
			["--max-tokens", "500"],
			["fit the model's 128 positions", "thalia: fix: "],
		],
		["recipe and families", [...bad("both", ""), "--families", "add"], ["cannot be used with option"]],
		["no recipe", ["--recipe", "none.yaml"], ["Expected a recipe at none.yaml", "fix: give the path"]],
		[
			"a recipe with a key that is none",
			bad("key", "kl:\n  beat: 0.1\n"),
			["key.yaml:4:3: unknown key kl.beat (did you mean beta?)"],
		],
		[
			"a negative beta",
			bad("negative", "kl: { beta: -1 }\n"),
			["negative.yaml:3:7: ", "for kl.beta but received -1"],
		],
		[
			"a beta that is no number",
			bad("nan", "kl: { beta: .nan }\n"),
			["nan.yaml:3:7: ", "kl.beta but received NaN"],
		],
		["a wrong type", bad("type", "seed: one\n"), ["type.yaml:3:1: Expected a number for seed", '"one"']],
		[
			"a task module that exports no task",
			["--recipe", recipeOf("empty", "export const trian = 1;")],
			[
				'Expected a task as export "train" of ',
				"empty.ts but it exports trian",
				"thalia: fix: write `export",
			],
		],
	])("%s", async ([, args, messages], { expect }) => {
		const own = args.includes("--model") ? [] : ["--model", model];
		const said = await refusalOf(["eval", ...own, ...args]);
		for (const message of messages) expect(said).toContain(message);
	});
});

function sum(values: readonly number[]): number {
	return values.reduce((total, value) => total + value, 0);
}

/** The share of the sets of k completions in which one passes, by listing them all. */
function passingShare(rewards: readonly number[], k: number): number {
	const sets = Array.from({ length: 2 ** rewards.length }, (_, bits) =>
		rewards.filter((_, i) => (bits >> i) & 1),
	);
	const ofK = sets.filter(({ length }) => length === k);
	return ofK.filter((set) => set.some((reward) => reward >= 1)).length / ofK.length;
}
