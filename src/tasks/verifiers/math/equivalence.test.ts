import { describe, expect, test } from "vitest";
import { equivalent } from "./equivalence.ts";
import { cases } from "./equivalence-cases.ts";
import { notationCases } from "./notation-cases.ts";

describe.each([...cases, ...notationCases])("$topic", ({ equal, different }) => {
	test.each(equal)("%j is %j", (gold, answer) => {
		expect(equivalent(gold, answer)).toMatchObject({ equal: true });
	});

	test.each(different)("%j is not %j", (gold, answer) => {
		expect(equivalent(gold, answer)).toMatchObject({ equal: false });
	});
});
