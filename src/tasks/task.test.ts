import { expect, test } from "vitest";
import { families, heldOutFamilies, trainingFamilies } from "./families/index.ts";
import { makeProblem } from "./family.ts";
import { seededRandom } from "./random.ts";
import { familyTask, splitOf } from "./task.ts";

test("train and test share no problem, and no test problem comes twice", () => {
	const task = familyTask([...families.keys()].map((family) => ({ family })));
	const train = task.problems("train", 3000, 1);
	const held = task.problems("test", 3000, 1);
	const trained = new Set(train.map((p) => p.prompt));
	expect(held.some((p) => trained.has(p.prompt))).toBe(false);
	expect(new Set(held.map((p) => p.id)).size).toBe(3000);
	expect(task.problems("test", 50, 9)).toEqual(task.problems("test", 50, 9));
	expect(task.problems("test", 50, 9)).not.toEqual(task.problems("test", 50, 10));
	const share =
		Array.from({ length: 4000 }, (_, i) =>
			splitOf(makeProblem(families.get("add")!, 4, seededRandom(i))),
		).filter((s) => s === "test").length / 4000;
	expect(share).toBeGreaterThan(0.1);
	expect(share).toBeLessThan(0.15);
});

const everyLevel = [...families.values()].flatMap(({ name, levels }) =>
	Array.from({ length: levels }, (_, i) => [name, i + 1] as const),
);

test.each(everyLevel)("%s level %i has problems of both splits", (family, level) => {
	const task = familyTask([{ family, levels: [level] }]);
	for (const split of ["train", "test"] as const) {
		const problems = task.problems(split, 5, 1);
		expect(problems.map((p) => [p.family, p.level, splitOf(p)])).toEqual(
			problems.map(() => [family, level, split]),
		);
	}
});

test("says so when there are no more test problems", () => {
	const task = familyTask([{ family: "add", levels: [1] }]);
	expect(() => task.problems("test", 100, 1)).toThrow(
		"Expected 100 distinct test problems for add but received 7",
	);
	expect(task.problems("train", 1000, 1)).toHaveLength(1000);
});

test.each([-1, 1.5, Number.NaN])("refuses %s problems, and such a seed unless whole", (bad) => {
	const task = familyTask([{ family: "add" }]);
	expect(() => task.problems("train", bad, 1)).toThrow("Expected a whole number for the count");
	if (bad !== -1) expect(() => task.problems("train", 1, bad)).toThrow("Expected a whole number for a seed");
});

test("neighbouring seeds draw unrelated problems", () => {
	const first = Array.from({ length: 2000 }, (_, seed) => seededRandom(seed).unit());
	const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
	const products = first.slice(1).map((v, i) => (v - 0.5) * (first[i] - 0.5));
	// Standard error of the correlation: 1 / sqrt(2000) = 0.022.
	expect(Math.abs(mean(products) * 12)).toBeLessThan(0.08);
	expect(mean(first)).toBeCloseTo(0.5, 1);
	expect(seededRandom(1).int(0, 1e9)).not.toBe(seededRandom(1 + 2 ** 32).int(0, 1e9));
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
		expect.objectContaining({ code: "task-invalid", message: expect.stringContaining(message) as string }),
	);
});
