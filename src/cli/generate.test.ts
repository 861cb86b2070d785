import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { writeByteTokenizer } from "../formats/byte-tokenizer.ts";
import { loadTokenizer } from "../formats/tokenizer.ts";
import { answersOf, refusalOf } from "../testing/command.ts";
import { fixturesDir } from "../testing/fixtures.ts";
import { Golden, goldenModels, modelDir, tolerances, worst } from "../testing/golden.ts";
import { tinyConfig, writeTinyModel } from "../testing/tiny-model.ts";

interface Completion {
	readonly tokens: number[];
	readonly text?: string;
	readonly logprobs: number[];
	readonly finish: "stop" | "length";
}
interface Answer {
	readonly completions: Completion[];
}

const root = mkdtempSync(join(tmpdir(), "thalia-generate-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Ends a sequence soon: one token in four of a random model. */
const eosTokenIds = Array.from({ length: 64 }, (_, i) => 4 * i);
const model = writeTinyModel(join(root, "model"), { scale: 4, config: { ...tinyConfig, eosTokenIds } });
writeByteTokenizer(model);

const generate = (args: readonly string[], lines: readonly unknown[]) =>
	answersOf<Answer>(["generate", "--model", model, ...args], lines);
const tokensOf = (answers: readonly Answer[]) =>
	answers.map(({ completions }) => completions.map(({ tokens }) => tokens));

describe.skipIf(fixturesDir === undefined)("greedy, as transformers has it", () => {
	test.each(goldenModels)("%s", async (name) => {
		const golden = new Golden(name);
		const [rows, steps] = golden.shape("greedy.tokens");
		const { text } = golden.json.greedy as { text: string[] };
		const prompts = golden.json.prompts as { ids: number[] }[];
		const args = ["--model", modelDir(name), "--temperature", "0", "--max-tokens", String(steps)];
		const answers = await answersOf<Answer>(
			["generate", ...args, "--ignore-eos"],
			prompts.map(({ ids }) => ({ tokens: ids })),
		);
		expect(answers).toHaveLength(rows);
		expect(tokensOf(answers).flat(2)).toEqual(golden.ints("greedy.tokens"));
		const all = answers.flatMap(({ completions }) => completions);
		expect(
			worst(
				all.flatMap(({ logprobs }) => logprobs),
				golden.floats("greedy.logprobs"),
				tolerances().logprobs,
			),
		).toBeLessThan(1);
		expect(all.map(({ text }) => text)).toEqual(text);
		expect(all.every(({ finish }) => finish === "length")).toBe(true);
	});

	test("and stops at the first end-of-sequence token, which is not in the text", async () => {
		const name = goldenModels.find((model) => firstEos(model).some((first) => first >= 0))!;
		const golden = new Golden(name);
		const [, steps] = golden.shape("greedy.tokens");
		const prompts = golden.json.prompts as { text: string }[];
		const args = ["--model", modelDir(name), "--temperature", "0", "--max-tokens", String(steps)];
		const answers = await answersOf<Answer>(
			["generate", ...args],
			prompts.map(({ text }) => ({ text })),
		);
		const tokenizer = loadTokenizer(modelDir(name));
		firstEos(name).forEach((first, b) => {
			const want = golden.ints("greedy.tokens").slice(b * steps, (b + 1) * steps);
			const [{ tokens, text, finish }] = answers[b].completions;
			expect(tokens).toEqual(first === -1 ? want : want.slice(0, first + 1));
			expect(finish).toBe(first === -1 ? "length" : "stop");
			expect(text).toBe(tokenizer.decode(first === -1 ? want : want.slice(0, first)));
		});
	});

	function firstEos(name: string): number[] {
		return (new Golden(name).json.greedy as { first_eos: number[] }).first_eos;
	}
});

test("the seed decides, whatever other lines there are", async () => {
	const [a, b, c] = [{ text: "a" }, { tokens: [7, 8, 9, 10] }, { text: "something longer" }];
	const args = ["--n", "3", "--max-tokens", "12"];
	const [together, again, otherSeed, alone] = await Promise.all([
		generate([...args, "--seed", "5"], [a, b, c]),
		generate([...args, "--seed", "5"], [a, b, c]),
		generate([...args, "--seed", "6"], [a, b, c]),
		generate([...args, "--seed", "5"], [c, b]),
	]);
	expect(again).toEqual(together);
	expect(tokensOf(otherSeed)).not.toEqual(tokensOf(together));
	expect(tokensOf(alone)[1]).toEqual(tokensOf(together)[1]);
	// A prompt's completions differ from each other, and so do those of the same prompt on another line.
	const [first, second, third] = tokensOf(together)[1];
	expect(new Set([first, second, third].map(String)).size).toBe(3);
	expect(tokensOf(alone)[0]).not.toEqual(tokensOf(together)[2]);
	const logprobs = (answers: Answer[]) => answers[1].completions.flatMap((completion) => completion.logprobs);
	expect(worst(logprobs(alone), logprobs(together), { rtol: 1e-4, atol: 1e-4 })).toBeLessThan(1);
});

test("--top-k 1 is greedy; a completion ends at an end-of-sequence token, or not with --ignore-eos", async () => {
	const lines = [{ text: "one" }, { text: "two" }, { text: "three" }, { text: "four" }];
	const args = ["--max-tokens", "20"];
	const [greedy, topOne, on] = await Promise.all([
		generate([...args, "--temperature", "0"], lines),
		generate([...args, "--top-k", "1", "--temperature", "1.5"], lines),
		generate([...args, "--temperature", "0", "--ignore-eos"], lines),
	]);
	// Greedy drawing is a kernel of its own: its log-probs may differ in the last bit.
	const rounded = (answers: typeof greedy) =>
		answers.map(({ completions }) =>
			completions.map((own) => ({ ...own, logprobs: own.logprobs.map((lp) => lp.toFixed(4)) })),
		);
	expect(rounded(topOne)).toEqual(rounded(greedy));
	const finishes = greedy.map(({ completions: [{ finish }] }) => finish);
	expect(finishes).toContain("stop");
	greedy.forEach(({ completions: [{ tokens, logprobs, text, finish }] }, i) => {
		const end = tokens.findIndex((token) => eosTokenIds.includes(token));
		expect(finish).toBe(end === -1 ? "length" : "stop");
		expect(tokens).toHaveLength(end === -1 ? 20 : end + 1);
		expect(logprobs).toHaveLength(tokens.length);
		const whole = on[i].completions[0];
		expect(whole.tokens.slice(0, tokens.length)).toEqual(tokens);
		expect(whole.tokens).toHaveLength(20);
		expect(whole.finish).toBe("length");
		expect(whole.text!.startsWith(text!)).toBe(true);
	});
});

test("log-probs are those that score gives, at any temperature and truncation", async () => {
	const prompt = [72, 101, 108, 108];
	const args = [
		"--n",
		"2",
		"--max-tokens",
		"10",
		"--temperature",
		"0.5",
		"--top-p",
		"0.8",
		"--min-p",
		"0.01",
	];
	const [{ completions }] = await generate(args, [{ tokens: prompt }]);
	const scores = await answersOf<{ logprobs: number[] }>(
		["score", "--model", model],
		completions.map(({ tokens }) => ({ tokens: [...prompt, ...tokens] })),
	);
	completions.forEach(({ logprobs }, i) => {
		const want = scores[i].logprobs.slice(prompt.length);
		expect(worst(logprobs, want, { rtol: 1e-4, atol: 1e-4 })).toBeLessThan(1);
	});
});

test("a folder without a tokenizer takes and gives tokens alone, in bf16 too", async () => {
	const bare = writeTinyModel(join(root, "bare"), { dtype: "bf16" });
	const args = ["generate", "--model", bare, "--max-tokens", "3", "--dtype", "bf16", "--threads", "1"];
	const [{ completions }] = await answersOf<Answer>(args, [{ tokens: [1] }]);
	expect(Object.keys(completions[0])).toEqual(["tokens", "logprobs", "finish"]);
	expect(await refusalOf(args, '{"text":"a"}\n')).toContain(`Expected a tokenizer at ${bare}`);
});

test("tokens above the tokenizer's last, which a padded vocabulary has, do not end the run", async () => {
	const config = { ...tinyConfig, vocabSize: 4096, eosTokenIds: [] };
	const padded = writeTinyModel(join(root, "padded"), { scale: 1, config });
	writeByteTokenizer(padded);
	const args = ["generate", "--model", padded, "--max-tokens", "6"];
	const [{ completions }] = await answersOf<Answer>(args, [{ text: "a" }]);
	expect(completions[0].tokens.some((token) => token >= 258)).toBe(true);
	expect(completions[0].text).toBeTypeOf("string");
});

describe.concurrent("is refused before anything is sampled", () => {
	const line = '{"tokens":[1]}\n';
	test.for<[string, string[], string, string]>([
		["a token out of range", [], `${line}{"tokens":[258]}`, "line 2: Expected tokens from 0 to 257"],
		["an empty prompt", [], '{"tokens":[]}', "line 1: Expected at least one token for a prompt"],
		[
			"more than the model's positions",
			["--max-tokens", "128"],
			line,
			"Expected at most 128 positions for prompt and --max-tokens together but received 129",
		],
		["no number", ["--temperature", "warm"], line, "'--temperature <t>' argument 'warm' is invalid"],
		["a negative temperature", ["--temperature", "-1"], line, "Expected a number of at least 0."],
		["no completion", ["--n", "0"], line, "Expected a whole number of at least 1."],
		["no probability", ["--top-p", "0"], line, "Expected a number above 0, up to 1 for top-p but received 0"],
	])("%s", async ([, args, input, message], { expect }) => {
		expect(await refusalOf(["generate", "--model", model, ...args], input)).toContain(message);
	});
});
