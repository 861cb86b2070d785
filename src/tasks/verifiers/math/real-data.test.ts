import { describe, expect, test } from "vitest";
import { dataRows, realData } from "../../../testing/data.ts";
import { makeVerifier } from "../index.ts";
import type { Verdict } from "../verifier.ts";
import { equivalent } from "./equivalence.ts";
import { parse } from "./latex-parser.ts";
import { unwrap } from "./unwrap.ts";

interface Row {
	readonly id: string;
	readonly answer: string;
	readonly solution: string;
}

const verify = (kind: string, gold: string, completion: string) =>
	makeVerifier(kind).verify({ gold, completion }) as Verdict;

describe.skipIf(realData === undefined)("data sets as their authors published them", () => {
	test.each([
		["math", "math-train.jsonl", 7498],
		["math", "math-test.jsonl", 5000],
		["math", "math500.jsonl", 500],
		["gsm8k", "gsm8k-train.jsonl", 7473],
		["gsm8k", "gsm8k-test.jsonl", 1319],
		["math", "gsm8k-test.jsonl", 1319],
	])("%s accepts every solution of %s", (kind, file, count) => {
		const rows = dataRows<Row>(file);
		expect(rows).toHaveLength(count);
		expect(rows.filter(({ answer, solution }) => !verify(kind, answer, solution).correct)).toEqual([]);
	});

	test.each([
		"math-train.jsonl",
		"math-test.jsonl",
		"gsm8k-test.jsonl",
		"contest/aime2024.jsonl",
		"contest/aime2025.jsonl",
		"contest/amc2023.jsonl",
	])("every answer of %s is itself, in a box, in a formula and with its digits changed no longer", (file) => {
		for (const { answer } of dataRows<Row>(file)) {
			expect(equivalent(answer, `\\boxed{${answer}}`), answer).toMatchObject({ equal: true });
			expect(equivalent(`$${answer}$`, answer), answer).toMatchObject({ equal: true });
			const changed = answer.replace(/\d/, (digit) => String((Number(digit) + 1) % 10));
			if (changed !== answer && Number(answer) !== Number(changed))
				expect(equivalent(answer, changed), `${answer} and ${changed}`).toMatchObject({ equal: false });
		}
	});

	test("every answer of MATH is read as mathematics or words, none is left as mere text", () => {
		const answers = [...dataRows<Row>("math-train.jsonl"), ...dataRows<Row>("math-test.jsonl")];
		expect(answers.filter(({ answer }) => parse(unwrap(answer), { thousands: true }) === undefined)).toEqual(
			[],
		);
	});

	// Pairs that differ in what never counts (units, percent, `x =`) are left out; the two accepted ones are equal.
	test("another problem's answer is refused", () => {
		const rows = [...dataRows<Row>("math-train.jsonl"), ...dataRows<Row>("math-test.jsonl")];
		const plain = (text: string) =>
			text
				.replace(
					/\\text\s*\{[^}]*\}(\^\d)?|\\mbox\s*\{[^}]*\}(\^\d)?|\\%|\\\$|\^\\circ|\^\{\\circ\}|\\[dt]?frac|[\s{}$]/g,
					"",
				)
				.replace(/^[a-zA-Z]=/, "");
		let pairs = 0;
		const accepted: string[] = [];
		for (const shift of [1, 101, 3001])
			for (const [i, { solution, answer }] of rows.entries()) {
				const other = rows[(i + shift) % rows.length].answer;
				if (plain(answer) === plain(other)) continue;
				pairs++;
				const { correct, extracted } = verify("math", other, solution);
				if (correct) accepted.push(`${other} = ${extracted}`);
			}
		expect(pairs).toBeGreaterThan(36_000);
		expect(accepted.sort()).toEqual(["3 = 3:1", "\\frac{1}{5} = 0.20"]);
	}, 120_000);
});
