import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { families, heldOutFamilies, trainingFamilies } from "./families/index.ts";
import { isCorrect, makeProblem } from "./family.ts";
import { seededRandom } from "./random.ts";
import { familyTask, splitOf } from "./task.ts";

describe.each([...families.values()])("$name", (family) => {
	const problems = fc
		.tuple(fc.integer({ min: 1, max: family.levels }), fc.integer())
		.map(([level, seed]) => makeProblem(family, level, seededRandom(seed)));

	test("accepts its own solution", () => {
		fc.assert(fc.property(problems, (problem) => isCorrect(problem, problem.solution)));
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

	test("prompts and solutions are short ASCII, and levels get no shorter", () => {
		fc.assert(
			fc.property(problems, ({ prompt, solution }) => {
				expect(prompt).toMatch(/^[\x20-\x7e]+\n$/);
				expect(solution).toMatch(/^[\x20-\x7e]+$/);
				expect(prompt.length).toBeLessThanOrEqual(32);
				expect(solution.length).toBeLessThanOrEqual(48);
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

test("train and test share no problem, and both have every level", () => {
	const task = familyTask([...families.keys()].map((family) => ({ family })));
	const train = task.problems("train", 3000, 1);
	const held = task.problems("test", 3000, 1);
	const trained = new Set(train.map((p) => p.prompt));
	expect(held.some((p) => trained.has(p.prompt))).toBe(false);
	expect(new Set(held.map((p) => `${p.family}${p.level}`)).size).toBeGreaterThan(35);
	expect(task.problems("test", 50, 9)).toEqual(task.problems("test", 50, 9));
	expect(task.problems("test", 50, 9)).not.toEqual(task.problems("test", 50, 10));
	const share =
		Array.from({ length: 4000 }, (_, i) =>
			splitOf(makeProblem(families.get("add")!, 4, seededRandom(i))),
		).filter((s) => s === "test").length / 4000;
	expect(share).toBeGreaterThan(0.1);
	expect(share).toBeLessThan(0.15);
});

test("weights and levels choose what comes", () => {
	const problems = familyTask([{ family: "add", levels: [2], weight: 3 }, { family: "rev" }]).problems(
		"train",
		4000,
		3,
	);
	const add = problems.filter((p) => p.family === "add");
	expect(add.every((p) => p.level === 2)).toBe(true);
	expect(add.length / 4000).toBeCloseTo(0.75, 1);
});

test("training and held-out families are all there are", () => {
	expect([...trainingFamilies, ...heldOutFamilies].sort()).toEqual([...families.keys()].sort());
});

test.each([
	[[], "at least one"],
	[[{ family: "addd" }], "one of add"],
	[[{ family: "add", levels: [5] }], "levels from 1 to 4"],
	[[{ family: "add", levels: [] }], "levels from 1 to 4"],
	[[{ family: "add", weight: 0 }], "weight"],
])("refuses %j", (shares, message) => {
	expect(() => familyTask(shares)).toThrow(
		expect.objectContaining({ code: "task-invalid", message: expect.stringContaining(message) }),
	);
});
