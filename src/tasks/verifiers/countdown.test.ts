import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { realData } from "../../testing/data.ts";
import { openDataset } from "../datasets/open-dataset.ts";
import { seededRandom } from "../random.ts";
import { makeVerifier } from "./index.ts";
import type { Verdict } from "./verifier.ts";

const verifier = makeVerifier("countdown");
const gold = '{"nums":[44,19,35],"target":98}';
const verify = (completion: string, game = gold) => verifier.verify({ gold: game, completion }) as Verdict;

test.each([
	"<answer>44 + (19 + 35)</answer>",
	"First 19 + 35 = 54. <answer>44 + 54</answer> No: <answer> 44+19+35 = 98 </answer> done",
	"<answer>98 = 44 + 19 + 35",
	"so \\boxed{44 + 19 + 35}",
	"$\\boxed{44 + \\left(19 + 35\\right) = 98}$",
	"I tried 44 - 19.\nThe answer is 44 + 19 + 35.",
	"Answer: **(44+19)+35 = 98**",
	"Let me see.\n44 + 19 + 35 = 98",
	"Answer: `35 + 44 + 19`",
	"<answer>−(−44) + 19 + 035</answer>",
])("accepts %j", (completion) => {
	expect(verify(completion)).toMatchObject({ correct: true, reason: "it equals 98" });
});

test.each([
	["", "no expression was found"],
	["<answer></answer>", "no expression was found"],
	["I give up", "no expression was found"],
	["<answer>44 + 19 + 35</answer> <answer>44</answer>", "it does not use 19, 35"],
	["<answer>98</answer>", "98 is none of the numbers"],
	["<answer>44 + 54</answer>", "54 is none of the numbers"],
	["<answer>44 + 44 + 35</answer>", "it uses 44 too often"],
	["<answer>44 + 19 + 35 + 0</answer>", "more than 3 numbers are used"],
	["<answer>44 + 19 - 35</answer>", "it equals 28, not 98"],
	["<answer>44 + 19 / 35</answer>", "it equals 1559/35, not 98"],
	["<answer>44 / (19 - 19)</answer>", "it uses 19 too often"],
	["<answer>44 + 19 + 35 = 97</answer>", "what it claims to equal is not 98"],
	["<answer>44 + 19 + 35 = 98 = 98</answer>", "more than one equals sign"],
	["<answer>44 + 19 + 35 = </answer>", "no expression was found after the equals sign"],
	["<answer>44 + 19 + </answer>", "the expression breaks off"],
	["<answer>44 19 35</answer>", "no operator before 19"],
	["<answer>44(19 + 35)</answer>", "no operator before ("],
	["<answer>(44 + 19 + 35</answer>", "a parenthesis that is not closed"],
	["<answer>44 + 19) + 35</answer>", "a ) that closes nothing"],
	["<answer>44 + () 19</answer>", "nothing before )"],
	["<answer>44 ** 19</answer>", "nothing before *"],
	["<answer>44.0 + 19 + 35</answer>", ". is no part of an expression"],
	["<answer>Math.max(98)</answer>", "M is no part of an expression"],
	["<answer>4419 + 35</answer>", "4419 is none of the numbers"],
])("refuses %j: %s", (completion, reason) => {
	expect(verify(completion)).toMatchObject({ correct: false, reason });
});

test("every sign of multiplication and division, in exact fractions", () => {
	for (const text of [
		"3 × 4 ÷ 6",
		"3 · 4 / 6",
		"3 x 4 ∕ 6",
		"3 \\times 4 \\div 6",
		"\\frac{3 \\cdot 4}{6}",
		"4 / (6 / 3)",
	])
		expect(verifier.compare('{"nums":[3,4,6],"target":2}', text), text).toMatchObject({ correct: true });
	// 1/3 is no double: 8 / (3 - 8/3) is 24 exactly.
	expect(verify("<answer>8 / (3 - 8 / 3)</answer>", "8 8 3 3 -> 24")).toMatchObject({ correct: true });
	expect(verify("<answer>2 / (3 - 3)</answer>", "2, 3, 3 -> 1")).toMatchObject({
		reason: "it divides by zero",
	});
	expect(verifier.compare("6 2 3 -> 1", "6 / 2 / 3")).toMatchObject({ correct: true });
	expect(verifier.compare("6 2 3 -> 1", "6 - 2 - 3")).toMatchObject({ correct: true });
	expect(verifier.compare("6 2 3 -> -12", "-2 * 3 - 6 = -12")).toMatchObject({ correct: true });
});

test.each([
	"",
	"98",
	"{}",
	'{"nums":[],"target":1}',
	'{"nums":[1,"2"],"target":1}',
	'{"nums":[1.5],"target":1}',
	"null",
])("throws for the gold answer %j", (bad) => {
	expect(() => verifier.compare(bad, "1")).toThrow(expect.objectContaining({ code: "gold-invalid" }));
});

test("agrees with another evaluation of drawn expressions", () => {
	const shape = fc.tuple(
		fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 4, maxLength: 4 }),
		fc.array(fc.constantFrom("+", "-", "*", "/"), { minLength: 3, maxLength: 3 }),
		fc.constantFrom("a1b2c3d", "(a1b)2(c3d)", "((a1b)2c)3d", "a1(b2(c3d))", "a1(b2c)3d", "-(a1b)2c3d"),
	);
	fc.assert(
		fc.property(shape, (drawn) => {
			const [nums, operators, form] = drawn;
			const filled = Array.from(form, (c) =>
				/[abcd]/.test(c)
					? String(nums["abcd".indexOf(c)])
					: /[123]/.test(c)
						? ` ${operators[Number(c) - 1]} `
						: c,
			).join("");
			// 1 / (1 / 0) is 0 in doubles, and divides by zero.
			const finite = (part: number): number => (Number.isFinite(part) ? part : Number.NaN);
			const value = Number(runInNewContext(filled.replaceAll("(", "finite("), { finite }));
			if (!Number.isFinite(value)) return;
			const target = Math.round(value);
			const { correct } = verifier.compare(JSON.stringify({ nums, target }), filled) as Verdict;
			if (Math.abs(value - target) > 1e-9) expect(correct, filled).toBe(false);
			else if (Number.isSafeInteger(target)) expect(correct, filled).toBe(true);
		}),
		{ numRuns: 2000, examples: [[[[1, 1, 2, 2], ["/", "/", "-"], "a1(b2(c3d))"]]] },
	);
});

describe("bounded time", () => {
	test.each([
		[
			"10,000 nested parentheses",
			`<answer>${"(".repeat(10_000)}44${")".repeat(10_000)} + 19 + 35</answer>`,
			true,
		],
		["unclosed ones", `<answer>${"(".repeat(1_000_000)}`, false],
		["a number of a megabyte", `<answer>${"9".repeat(1_000_000)}</answer>`, false],
		["a sum of a megabyte", `<answer>${"1+".repeat(500_000)}1</answer>`, false],
		["a megabyte of signs", `<answer>${"-".repeat(1_000_000)}44 + 19 + 35</answer>`, true],
		["boxes that are not closed", "\\boxed{".repeat(150_000), false],
		["answer, again and again", "answer is ".repeat(100_000), false],
		["blanks", " ".repeat(1_000_000), false],
		["stars", `${"*".repeat(300_000)}x`, false],
		["stars in an answer", `<answer>${"*".repeat(300_000)}x</answer>`, false],
		["commands", "\\times".repeat(200_000), false],
		["equals signs", "=".repeat(1_000_000), false],
	])("%s", (_, completion, correct) => {
		const start = performance.now();
		expect(verify(completion).correct).toBe(correct);
		expect(performance.now() - start).toBeLessThan(2000);
	});
});

describe.runIf(realData !== undefined)("the real data", () => {
	test("every solution is accepted, and no other's", async () => {
		const { train, test: held } = await openDataset({ dataset: "countdown" }, { dataDir: realData });
		const count = { train: 0, test: 0, shuffled: 0 };
		for (const [split, problems] of [
			["train", train],
			["test", held],
		] as const) {
			const random = seededRandom(1);
			for (const [i, { answer, solution }] of problems.entries()) {
				const forms = [`<answer>${solution}</answer>`, `\\boxed{${solution}}`, `So it is\n${solution}`];
				if (forms.every((form) => verify(form, answer).correct)) count[split]++;
				const other = problems[(i + random.int(1, problems.length - 1)) % problems.length];
				if (verify(`<answer>${other.solution}</answer>`, answer).correct) count.shuffled++;
			}
		}
		console.log(
			`countdown: ${count.train} of ${train.length} and ${count.test} of ${held.length} solutions accepted`,
		);
		console.log(
			`countdown: ${count.shuffled} of ${train.length + held.length} solutions of another game accepted`,
		);
		expect(count).toEqual({ train: 10_213, test: 1024, shuffled: 0 });
	});
});
