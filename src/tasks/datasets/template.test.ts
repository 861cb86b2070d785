import { expect, test } from "vitest";
import { parseTemplate, show, showChoices } from "./template.ts";
import { transforms } from "./transforms.ts";

const fill = (text: string) => parseTemplate(text).fill((name) => `<${name}>`);

test.each([
	["{question}\nin \\boxed{}.", "<question>\nin \\boxed{}."],
	['{{"n":{nums},"t":{target}}}', '{"n":<nums>,"t":<target>}'],
	["{a}{a}{b-c.d}", "<a><a><b-c.d>"],
	["{{a}} and {{{a}}}", "{a} and {<a>}"],
	["plain", "plain"],
])("fills %j", (text, filled) => {
	expect(fill(text)).toBe(filled);
});

test.each(["{question", "question}", "{ question}", "{1}", "\\frac{1}{2}"])("refuses %j", (text) => {
	expect(() => parseTemplate(text, "the prompt")).toThrow(
		"Expected {name}, {} or doubled braces in the prompt",
	);
});

test("names and values", () => {
	expect(parseTemplate("{a} {b} {a} {{c}}").names).toEqual(["a", "b"]);
	expect(show([1, 2, "x"])).toBe('[1, 2, "x"]');
	expect(show(3)).toBe("3");
	expect(showChoices(["x", "y"])).toBe("A. x\nB. y");
});

test.each([
	["after-hashes", "6 + 6 = 12\n#### 1,212", "1212"],
	["after-hashes", "72", "72"],
	["after-hashes", 72, "72"],
	["after-hashes", null, undefined],
	["last-boxed", "\\boxed{1} then \\boxed{\\frac{1}{2}} end", "\\frac{1}{2}"],
	["last-boxed", "\\fbox{ a\\} }", "a\\}"],
	["last-boxed", "\\boxed{1", undefined],
	["last-boxed", "none", undefined],
	["letter", 1, "B"],
	["letter", "3", "D"],
	["letter", "c", "C"],
	["letter", -1, undefined],
	["letter", "no", undefined],
	["number", "Level 5", 5],
	["number", "Level ?", undefined],
	["number", 2.5, 2.5],
	["json", "[1, 2]", [1, 2]],
	["json", "[1,", undefined],
	["json", [3], [3]],
] as const)("%s of %j is %j", (name, value, result) => {
	expect(transforms[name](value)).toEqual(result);
});
