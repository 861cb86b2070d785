import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { families } from "./families/index.ts";
import { isCorrect, makeProblem } from "./family.ts";
import { seededRandom } from "./random.ts";
import { familyTask } from "./task.ts";

describe.each([...families.values()])("$name", (family) => {
	const problems = fc
		.tuple(fc.integer({ min: 1, max: family.levels }), fc.integer())
		.map(([level, seed]) => makeProblem(family, level, seededRandom(seed)));

	test("accepts its own solution", () => {
		fc.assert(fc.property(problems, (problem) => isCorrect(problem, problem.solution)));
	});

	test("takes the last answer of several", () => {
		fc.assert(
			fc.property(problems, (problem) => {
				expect(isCorrect(problem, `#? ${problem.solution}`)).toBe(true);
				expect(isCorrect(problem, `${problem.solution} #?`)).toBe(false);
			}),
		);
	});

	test("refuses near misses", () => {
		fc.assert(
			fc.property(problems, (problem) => {
				const steps = problem.solution.slice(0, problem.solution.lastIndexOf("#"));
				const { answer } = problem;
				const misses = [
					steps,
					answer,
					"",
					`${steps}#`,
					`${steps}${answer}`,
					`${steps}# ${answer}`,
					`${steps}#${answer} `,
					`${steps}#${answer}0`,
					`${steps}#0${answer}`,
					`${steps}#${answer}\n`,
					`${steps}#${answer}#`,
					`${steps}#${answer} #${answer}1`,
					...(Number.isInteger(Number(answer))
						? [`${steps}#${Number(answer) + 1}`, `${steps}#-${answer}`]
						: []),
				];
				for (const miss of misses) expect(isCorrect(problem, miss), miss).toBe(false);
			}),
		);
	});

	test("prompts and solutions are short ASCII", () => {
		fc.assert(
			fc.property(problems, ({ prompt, solution }) => {
				expect(prompt).toMatch(/^[\x20-\x7e]+\n$/);
				expect(solution).toMatch(/^[\x20-\x7e]+$/);
				expect(prompt.length).toBeLessThanOrEqual(32);
				expect(solution.length).toBeLessThanOrEqual(40);
			}),
		);
	});

	test("the same seed gives the same problem", () => {
		for (let seed = 0; seed < 20; seed++) {
			expect(makeProblem(family, 1, seededRandom(seed))).toEqual(makeProblem(family, 1, seededRandom(seed)));
		}
	});
});

/** Answers computed another way, from the prompt's text alone. */
const oracles: Record<string, (question: string) => string> = {
	add: (q) => String(q.split("+").reduce((sum, n) => sum + Number(n), 0)),
	sub: (q) => String(Number(q.split("-")[0]) - Number(q.split("-")[1])),
	mul: (q) => String(BigInt(q.split("*")[0]) * BigInt(q.split("*")[1])),
	mod: (q) => String(BigInt(q.split("%")[0]) % BigInt(q.split("%")[1])),
	dsum: (q) => String(Array.from(q, Number).reduce((a, b) => a + b)),
	next: (q) => String(2 * Number(q.split(" ")[2]) - Number(q.split(" ")[1])),
	cmp: (q) =>
		"=<>".at(
			Math.sign(Number(q.split(" ")[0]) - Number(q.split(" ")[1])) === 0
				? 0
				: Number(q.split(" ")[0]) < Number(q.split(" ")[1])
					? 1
					: 2,
		)!,
	sort: (q) => Array.from("0123456789", (d) => d.repeat(q.split(d).length - 1)).join(""),
	max: (q) => String(Math.max(...q.split(" ").map(Number))),
	count: (q) => String(q.slice(2).split(q[0]).length - 1),
	bal: (q) => {
		let rest = q;
		while (rest.includes("()")) rest = rest.replace("()", "");
		return rest === "" ? "yes" : "no";
	},
	rev: (q) => q.replace(/./g, (_, i: number) => q[q.length - 1 - i]),
};

test("every family's answers agree with an independent computation", () => {
	expect(Object.keys(oracles).sort()).toEqual([...families.keys()].sort());
	for (const problem of familyTask([...families.keys()].map((family) => ({ family }))).problems(
		"train",
		4000,
		1,
	)) {
		const question = problem.prompt.slice(problem.family.length + 1, -1);
		expect(problem.answer, problem.prompt).toBe(oracles[problem.family](question));
	}
});

/** What the steps alone come to: every family's chain of thought must lead to its answer. */
const conclusions: Record<string, (steps: string[]) => string> = {
	add: joinDigits,
	sub: (steps) => String(Number(joinDigits(steps))),
	mul: joinDigits,
	mod: (steps) => steps[1].split("=")[1],
	dsum: (steps) => steps.at(-1)!,
	next: (steps) => steps[1].split("=")[1],
	cmp: (steps) => steps.at(-1)![1],
	sort: (steps) => steps.join(""),
	max: (steps) => steps.at(-1)!,
	count: ([marks]) => String(marks.replaceAll("-", "").length),
	bal: (steps) => (steps[0].endsWith("0") ? "yes" : "no"),
	rev: (steps) => steps.join(""),
};

/** The last digit of every result from the lowest place up, and the whole of the highest. */
function joinDigits(steps: string[]): string {
	const results = steps.map((step) => step.split("=")[1]);
	return [...results.slice(0, -1).map((result) => result.at(-1)), results.at(-1)].reverse().join("");
}

/** Left to right with * first, as in 7*9+5 and 11-8-1. */
function evaluate(sum: string): number {
	const terms = sum.match(/[+-]?[^+-]+/g) ?? [];
	const value = (term: string) => term.split("*").reduce((product, n) => product * Number(n), 1);
	return terms.reduce((total, term) => total + value(term), 0);
}

test("every step is true, and the steps lead to the answer", () => {
	const task = familyTask([...families.keys()].map((family) => ({ family })));
	for (const { family, prompt, solution, answer } of task.problems("train", 4000, 2)) {
		const steps = solution.split(" ").slice(0, -1);
		expect(conclusions[family](steps), `${prompt}${solution}`).toBe(answer);
		for (const step of steps.filter((s) => family !== "cmp" && s.includes("="))) {
			const [sum, result] = step.split("=");
			expect(evaluate(sum), `${prompt}${solution}`).toBe(Number(result));
		}
	}
});
