import { expect, test } from "vitest";
import { allCases } from "../testing/audit/all-cases.ts";
import { auditText } from "./audit.ts";

test.each(allCases.map((one) => [one.name, one] as const))("%s", async (_, { path, text, version, runs }) => {
	const audited = await auditText(path, text, version === undefined ? {} : { version });
	expect(audited.errors).toEqual([]);
	expect(audited.runs.map(({ framework, objective }) => `${framework}: ${objective}`)).toHaveLength(
		runs.length,
	);
	for (const [i, { also, rules, ignored, ...expected }] of runs.entries()) {
		const run = audited.runs[i];
		expect({ ...run }).toMatchObject(expected);
		if (also !== undefined) expect([...run.alsoPossible]).toEqual(expect.arrayContaining([...also]));
		const found = run.findings.map(({ rule }) => rule);
		expect(found).toEqual(expect.arrayContaining([...(rules ?? [])]));
		expect(run.ignored.map(({ key }) => key)).toEqual(expect.arrayContaining([...(ignored ?? [])]));
		expect(run.fix.possible || run.fix.nearest !== "" || run.objective === "unknown").toBe(true);
	}
});
