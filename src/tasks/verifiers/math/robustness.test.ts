import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeVerifier } from "../index.ts";
import type { Verdict } from "../verifier.ts";
import { equivalent } from "./equivalence.ts";

const verifier = makeVerifier("math");
const verify = (gold: string, completion: string) => verifier.verify({ gold, completion }) as Verdict;
const megabyte = 2 ** 20;

/** Texts that make slow readers slow, each about a megabyte. */
const long: readonly (readonly [name: string, text: string])[] = [
	"{",
	"}",
	"(",
	"\\boxed{",
	"\\boxed ",
	"\\boxed{\n",
	"\\frac{",
	"\\sqrt{",
	"$",
	"\\[",
	"\\(",
	"\\",
	" ",
	"\n",
	"9",
	"1,",
	"1 ",
	"-",
	"^2",
	"2^",
	"!",
	"x+",
	"\\pm ",
	"answer is ",
	"final answer is $",
	"final answer ",
	"<answer>",
	"</think>",
	"#### ",
	"\\begin{pmatrix}",
	"\\text{",
	"|",
	"a",
	". ",
	"&",
	"~",
	"'123",
	"\\\\ ",
	"]1,2[",
	"0.(3)",
	"three ",
	"\\text{ or }",
	"x = 1, ",
	"\\det ",
	"\u{1F600}",
	"\u0000",
].map((unit) => [JSON.stringify(unit), unit.repeat(Math.ceil(megabyte / unit.length))] as const);

describe("a megabyte of the same", () => {
	test.each(long)("%s as completion, gold and answer", (_, text) => {
		expect(verify("5", text).correct).toBe(false);
		expect(verify("5", `${text} \\boxed{5}`)).toBeDefined();
		expect(equivalent("5", text).equal).toBe(false);
		expect(equivalent(text, "5").equal).toBe(false);
		const short = text.slice(0, 9000);
		expect(equivalent("5", short).equal).toBe(false);
		expect(equivalent(short, `${short}7`)).toBeDefined();
	});
});

describe("deep nesting", () => {
	test.each([10, 100, 1000, 10_000])("%i levels", (depth) => {
		const nest = (open: string, close: string, middle = "5") =>
			open.repeat(depth) + middle + close.repeat(depth);
		for (const [open, close] of [
			["{", "}"],
			["(", ")"],
			["\\sqrt{", "}"],
			["\\frac{1}{", "}"],
			["2^{", "}"],
			["-", ""],
			["", "!"],
			["\\{", "\\}"],
			["|", "|"],
			["\\left(", "\\right)"],
			["\\text{", "}"],
			["\\boxed{", "}"],
		]) {
			const text = nest(open, close);
			expect(equivalent(text, text).equal).toBe(true);
			expect(equivalent("17", text).equal).toBe(false);
			expect(verify("17", `so it is \\boxed{${text}}`).correct).toBe(false);
		}
		expect(equivalent("5", nest("{", "}")).equal).toBe(depth <= 10);
		expect(equivalent("6", nest("{", "}")).equal).toBe(false);
	});
});

describe("numbers without end", () => {
	test.each([
		["9^{9^{9^{9^{9}}}}", "9^{9^{9^{9^{8}}}}"],
		["10^{10^{10}}", "10^{10^{10}}+1"],
		["1000000!", "999999!"],
		["((((9!)!)!)!)!", "((((8!)!)!)!)!"],
		["\\binom{1000000}{500000}", "\\binom{1000000}{500001}"],
		["9".repeat(5000), `${"9".repeat(4999)}8`],
		[`${"9".repeat(3000)}!`, `${"9".repeat(2999)}8!`],
		["\\sum_{k=1}^{1000000000} k", "\\sum_{k=1}^{1000000001} k"],
		["\\lfloor 10^{5000} \\pi \\rfloor", "3"],
		["e^{e^{e^{e^{e}}}}", "e^{e^{e^{e^{2}}}}"],
		["\\sin(10^{1000})", "\\cos(10^{1000})"],
		["2^{2^{2^{2^{x}}}}", "2^{2^{2^{2^{y}}}}"],
		["0.0000000000000000000000001", "0.0000000000000000000000002"],
		["\\frac{1}{9^{9^{9}}}", "0"],
		["\\sqrt[1000000007]{2}", "\\sqrt[1000000009]{2}"],
	])("%s is itself and not %s", (gold, other) => {
		expect(equivalent(gold, gold).equal).toBe(true);
		expect(equivalent(gold, other).equal).toBe(false);
	});

	test("many terms end within the steps that are given, whatever they are", () => {
		const terms = Array.from({ length: 400 }, (_, i) => `\\sin(x+${i})\\sqrt{x+${i}}`).join("+");
		expect(equivalent(terms, `${terms}+1`, { steps: 2000 })).toEqual({
			equal: false,
			reason: "too much to compute, and another text",
		});
		expect(equivalent(terms, terms, { steps: 2000 }).equal).toBe(true);
	});

	test("long lists", () => {
		const list = Array.from({ length: 1500 }, (_, i) => String(i));
		expect(equivalent(list.join(", "), list.join(",")).equal).toBe(true);
		expect(equivalent(list.join(", "), [...list].reverse().join(", "))).toBeDefined();
		expect(equivalent(list.join(", "), list.slice(1).join(", ")).equal).toBe(false);
	});
});

const pieces = [
	..."0123456789xyzei+-*/^_(){}[]|,.;:!%$&=<> \n\\".split(""),
	"\\frac",
	"\\sqrt",
	"\\boxed{",
	"\\left(",
	"\\right)",
	"\\pi",
	"\\infty",
	"\\pm",
	"\\cup",
	"\\text{",
	"\\begin{pmatrix}",
	"\\end{pmatrix}",
	"\\\\",
	"\\sin",
	"\\log_",
	"\\binom",
	"\\sum_{k=1}^",
	"\\le",
	"\\in",
	"^\\circ",
	"\\%",
	"answer is ",
	"and",
	" cm",
	"²",
	"−",
	"½",
];

describe("anything at all", () => {
	const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(""));

	test("has a verdict, and always the same", () => {
		fc.assert(
			fc.property(soup, soup, (gold, answer) => {
				const first = equivalent(gold, answer);
				expect(equivalent(gold, answer)).toEqual(first);
				expect(typeof first.reason).toBe("string");
			}),
			{ numRuns: 3000, seed: 1 },
		);
	});

	test("that is no empty answer is itself", () => {
		fc.assert(
			fc.property(soup, (text) => {
				const { equal, reason } = equivalent(text, text);
				expect(equal || reason === "the answer is empty").toBe(true);
			}),
			{ numRuns: 2000, seed: 2 },
		);
	});

	test("of bytes", () => {
		fc.assert(
			fc.property(
				fc.string({ unit: "binary", maxLength: 200 }),
				fc.string({ unit: "binary", maxLength: 200 }),
				(a, b) => {
					equivalent(a, b);
					if (a.trim() !== "" && equivalent(a, a).equal) verify(a, b);
				},
			),
			{ numRuns: 1000, seed: 3 },
		);
	});
});
