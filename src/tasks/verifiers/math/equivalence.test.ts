import { describe, expect, test } from "vitest";
import { equivalent } from "./equivalence.ts";
import { cases } from "./equivalence-cases.ts";

describe.each(cases)("$topic", ({ equal, different }) => {
	test.each(equal)("%j is %j", (gold, answer) => {
		expect(equivalent(gold, answer)).toMatchObject({ equal: true });
	});

	test.each(different)("%j is not %j", (gold, answer) => {
		expect(equivalent(gold, answer)).toMatchObject({ equal: false });
	});
});
