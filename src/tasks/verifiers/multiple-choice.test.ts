import { describe, expect, test } from "vitest";
import { realData } from "../../testing/data.ts";
import { openDataset } from "../datasets/open-dataset.ts";
import { makeVerifier } from "./index.ts";
import type { Verdict } from "./verifier.ts";

const verifier = makeVerifier("multiple-choice");
const choices = ["500 nm", "550 nm", "600 nm", "a cat on a mat"];
const verify = (completion: string, gold = "B", of: readonly string[] | null = choices) =>
	verifier.verify({ gold, completion, ...(of === null ? {} : { choices: of }) }) as Verdict;

test.each([
	"The answer is (B).",
	"The answer is B",
	"the answer is b.",
	"Answer: B",
	"Answer: (b)",
	"**Answer:** B",
	"**Answer: B**",
	"Answer B",
	"The correct answer is **B**.",
	"The correct option is B because light slows down.",
	"The best answer would be option B.",
	"The answer is therefore (B), 550 nm.",
	"The correct choice is:\n\n**B**",
	"\\boxed{B}",
	"So $\\boxed{\\text{B}}$.",
	"\\boxed{(B)}",
	"\\boxed{\\textbf{(B)} 550 nm}",
	"\\boxed{550 nm}",
	"The answer is \\boxed{B}.",
	"B",
	"b",
	"(B)",
	"B.",
	"B)",
	"**B**",
	"B) 550 nm",
	"(B) 550 nm",
	"B. 550 nm",
	"**B.** 550 nm",
	"B: 550 nm",
	"Reasoning first.\nB",
	"Reasoning first.\n\n**B) 550 nm**",
	"A. 500 nm\nB. 550 nm\nC. 600 nm\nD. a cat on a mat\n\nB",
	"A is wrong, since it is too short. C is too long. (B) is correct.",
	"Option A is wrong. Therefore I choose B.",
	"The answer is A. Wait, that is wrong: the answer is B.",
	"The answer is not A. The answer is B.",
	"550 nm",
	"The answer is 550 nm.",
	"The answer is: 550 nm. It is in the middle.",
	"It must be the one of 550 nm",
	"I would go with option (B)",
	"Final Answer: The final answer is $\\boxed{B}$. I hope it is correct.",
])("accepts %j", (completion) => {
	expect(verify(completion)).toMatchObject({ correct: true, extracted: "B" });
});

test.each([
	["", null, "no choice was found"],
	["I do not know.", null, "no choice was found"],
	["The answer is (A).", "A", "it states A"],
	["The answer is A or B.", "A, B", "ambiguous: it names A and B"],
	["The answer is (B) or (C)", "B, C", "ambiguous: it names B and C"],
	["Answer: B, C", "B, C", "ambiguous: it names B and C"],
	["\\boxed{A, B}", "A, B", "ambiguous: boxed A and B"],
	["A. 500 nm\nB. 550 nm\nC. 600 nm", "A, B, C", "ambiguous: it names A and B and C"],
	["The answer is E.", "E", "E is beyond the last choice, D"],
	["Both 500 nm and 550 nm", "A, B", "ambiguous: the text of a choice in the last line"],
	["The answer is B. No, the answer is C.", "C", "it states C"],
	["Boron is the answer", null, "no choice was found"],
	["The answer is Boron.", null, "no choice was found"],
	["The answer is B-12.", null, "no choice was found"],
	["The answer is B = 5.", null, "no choice was found"],
	["The answer is not B.", null, "no choice was found"],
	["B is not correct.", null, "no choice was found"],
	["1550 nm", null, "no choice was found"],
	["\\boxed{", null, "no choice was found"],
])("refuses %j", (completion, extracted, reason) => {
	expect(verify(completion)).toEqual({ correct: false, extracted, reason });
});

test("an article is no letter", () => {
	for (const text of [
		"A cat sat there.",
		"The answer is a dog",
		"The answer is A dog",
		"I think so",
		"A\tdog?",
	])
		expect(verify(text, "A"), text).toMatchObject({ correct: false, extracted: null });
	expect(verify("The answer is A cat on a mat.", "D")).toMatchObject({ correct: true });
	expect(verify("The answer is A because it is short.", "A")).toMatchObject({ correct: true });
	expect(verify("Answer: A", "A")).toMatchObject({ correct: true });
	expect(verify("the answer is a", "A")).toMatchObject({ correct: true });
});

test("more or fewer than four choices, and equal ones", () => {
	const ten = Array.from({ length: 10 }, (_, i) => `text ${i}`);
	expect(verify("The answer is (J)", "J", ten)).toMatchObject({ correct: true });
	expect(verify("The answer is (I).", "8", ten)).toMatchObject({ correct: true });
	expect(verify("The answer is (K)", "J", ten)).toMatchObject({ reason: "K is beyond the last choice, J" });
	expect(verify("The answer is (C)", "A", ["yes", "no"])).toMatchObject({
		reason: "C is beyond the last choice, B",
	});
	expect(verify("same", "A", ["same", "same", "x"])).toMatchObject({ correct: false, extracted: "A, B" });
	expect(verify("The answer is (F)", "F", null)).toMatchObject({ correct: true });
	expect(verify("a longer text of it", "B", ["longer text", "a longer text of it"])).toMatchObject({
		correct: true,
	});
});

test("gold answers: letter, index from 0, or the text of a choice", () => {
	for (const gold of ["B", "b", "(B)", "1", "550 nm"])
		expect(verify("(B)", gold)).toMatchObject({ correct: true });
	for (const gold of ["", "E", "4", "570 nm", "-1"])
		expect(() => verify("(B)", gold), gold).toThrow(expect.objectContaining({ code: "gold-invalid" }));
});

test.each([
	["B", true],
	["(b)", true],
	["\\text{B}", true],
	["B. 550 nm", true],
	["C", false],
	["A or B", false],
	["Because", false],
])("compares %j", (answer, correct) => {
	expect(verifier.compare("B", answer)).toMatchObject({ correct });
});

test.each([
	["blanks", " ".repeat(1_000_000)],
	["answers", "the answer is ".repeat(80_000)],
	["answer and blanks", `answer:${" ".repeat(1_000_000)}`],
	["boxes", "\\boxed{".repeat(150_000)],
	["letters", "A or ".repeat(200_000)],
	["lines", "A) x\n".repeat(200_000)],
	["marks", "*".repeat(1_000_000)],
	["parentheses", "(".repeat(1_000_000)],
	["one line", "x".repeat(1_000_000)],
	["choices", "550 nm ".repeat(150_000)],
])("a megabyte of %s in bounded time", (_, text) => {
	const start = performance.now();
	verify(text);
	expect(performance.now() - start).toBeLessThan(2000);
});

describe.runIf(realData !== undefined)("the real data", () => {
	const phrasings = [
		(letter: string) => `The answer is (${letter}).`,
		(letter: string) => `Let me think step by step. A is a vector here, and B a field.\nAnswer: ${letter}`,
		(letter: string) => `So \\boxed{${letter}}`,
		(letter: string) => letter,
		(letter: string) => `**${letter}**`,
		(letter: string, text: string) => `${letter}) ${text}`,
		(letter: string, text: string) => `The correct answer is ${letter}. ${text}`,
		(letter: string, text: string) =>
			`I rule out the others. Therefore, the correct option is **(${letter}) ${text}**.`,
	];
	const names = [
		...["college-physics", "college-chemistry", "college-biology"],
		...["high-school-physics", "high-school-chemistry", "high-school-biology"],
	];

	test("every gold letter is accepted in every phrasing, every other refused", async () => {
		const counts = { accepted: 0, refused: 0, byText: 0, total: 0 };
		for (const name of names) {
			const { test: problems } = await openDataset({ dataset: `mmlu-${name}` }, { dataDir: realData });
			for (const { answer, choices: texts = [] } of problems) {
				counts.total++;
				for (const [i, text] of texts.entries()) {
					const letter = String.fromCharCode(65 + i);
					for (const phrase of phrasings) {
						const { correct } = verify(phrase(letter, text), answer, texts);
						expect(correct, `${phrase(letter, text)} | ${texts.join(" | ")}`).toBe(letter === answer);
						counts[letter === answer ? "accepted" : "refused"]++;
					}
					if (letter === answer && verify(text, answer, texts).correct) counts.byText++;
				}
			}
		}
		console.log(
			`mmlu-science: ${counts.total} questions, ${counts.accepted} right phrasings accepted, ` +
				`${counts.refused} wrong ones refused, ${counts.byText} accepted by the text of the choice alone`,
		);
		expect(counts.total).toBe(1010);
	});
});
