import { describe, expect, test } from "vitest";
import { majorityCorrect, type Vote } from "./majority.ts";

const votes = (answers: readonly (string | null)[], right: readonly string[]): Vote[] =>
	answers.map((answer) => ({ answer, correct: answer !== null && right.includes(answer) }));

describe("maj@k", () => {
	test.each([
		["the most frequent answer is right", ["7", "7", "8"], 1],
		["the most frequent answer is wrong", ["8", "8", "7"], 0],
		["two are equally frequent", ["7", "8"], 0.5],
		["three are", ["7", "8", "9", "9", "8", "7"], 1 / 3],
		["completions without an answer do not vote", [null, null, null, "7"], 1],
		["none has an answer", [null, null], 0],
	])("%s", async (_, answers, want) => {
		expect(await majorityCorrect(votes(answers, ["7"]))).toBeCloseTo(want, 12);
	});

	test("answers that are written differently vote together where it is known that they are the same", async () => {
		const answers = ["1/2", "0.5", "3", "3", "\\frac12"];
		const all = votes(answers, ["1/2", "0.5", "\\frac12"]);
		expect(await majorityCorrect(all)).toBe(0);
		const half = new Set(["1/2", "0.5", "\\frac12"]);
		expect(await majorityCorrect(all, (a, b) => half.has(a) && half.has(b))).toBe(1);
		const failing = () => {
			throw new Error("not comparable");
		};
		expect(await majorityCorrect(all, failing)).toBe(0);
	});
});
