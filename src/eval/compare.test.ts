import { expect, test } from "vitest";
import { compareEvaluations } from "./compare.ts";
import type { ProblemResult } from "./problem-result.ts";
import { pairedDifference } from "./statistics.ts";
import { summarise } from "./summarise.ts";

const result = (id: string, greedy: number | null, rewards: number[], majority?: number): ProblemResult => ({
	...{ id, family: "f", greedy, rewards, errors: 0 },
	...(majority === undefined ? {} : { majority }),
});
const of = (results: ProblemResult[], domain = "d") => summarise(domain, results, 2, [1, 2]);

const before = of([
	result("a", 1, [1, 1], 1),
	result("b", 0, [0, 1], 0.5),
	result("c", 0, [0, 0], 0),
	result("only before", 1, [1, 1], 1),
	result("no verdict", null, [1, 0], 1),
]);
const after = of([
	result("no verdict", 1, [1, 1], 1),
	result("c", 1, [1, 0], 0.5),
	result("b", 1, [1, 1], 1),
	result("a", 0, [0, 1], 0.5),
	result("only after", 0, [0, 0], 0),
]);

test("problems are paired by their id, and those that only one has are left out", () => {
	const [{ domain, problems, estimates, mcnemar }] = compareEvaluations([before], [after]);
	expect([domain, problems]).toEqual(["d", 4]);
	expect(estimates.map(({ name }) => name)).toEqual(["pass@1 greedy", "mean@2", "maj@2", "pass@2"]);
	const [greedy, mean, majority, pass] = estimates;
	expect(greedy.change).toEqual(pairedDifference([0, 0, 1], [1, 1, 0]));
	expect(mean.change).toEqual(pairedDifference([0.5, 0, 0.5, 1], [1, 0.5, 1, 0.5]));
	expect(majority.change).toEqual(pairedDifference([1, 0, 0.5, 1], [1, 0.5, 1, 0.5]));
	expect(pass.change).toBeNull();
	expect(greedy.before).toEqual(before.greedy);
	expect(greedy.after).toEqual(after.greedy);
	expect(mcnemar).toEqual({ onlyBefore: 1, onlyAfter: 2, p: 1 });
});

test("domains that only one has are left out", () => {
	expect(compareEvaluations([before], [of([], "other")])).toEqual([]);
});

test("families are apart where there are several", () => {
	const two = of([
		{ ...result("a", 1, [1, 0]), family: "x" },
		{ ...result("b", 0, [0, 0]), family: "y" },
	]);
	expect(Object.keys(two.families)).toEqual(["x", "y"]);
	expect(two.families["x"]).toMatchObject({ problems: 1, greedy: { estimate: 1 }, mean: { estimate: 0.5 } });
	expect(before.families).toEqual({});
});
