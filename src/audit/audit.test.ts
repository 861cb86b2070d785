import { expect, test } from "vitest";
import type { Case } from "../testing/audit/case.ts";
import { habitCases } from "../testing/audit/habits.ts";
import { huggingFaceCases } from "../testing/audit/hugging-face.ts";
import { jobCases } from "../testing/audit/jobs.ts";
import { moreFrameworkCases } from "../testing/audit/more-frameworks.ts";
import { otherCases } from "../testing/audit/others.ts";
import { publishedCases } from "../testing/audit/published.ts";
import { pythonTurnCases } from "../testing/audit/python-turns.ts";
import { shellCases } from "../testing/audit/shell.ts";
import { verlCases } from "../testing/audit/verl.ts";
import { auditText } from "./audit.ts";

const cases: readonly Case[] = [
	...[verlCases, shellCases, habitCases, jobCases, huggingFaceCases, pythonTurnCases, otherCases],
	...[moreFrameworkCases, publishedCases],
].flat();

test.each(cases.map((one) => [one.name, one] as const))("%s", async (_, { path, text, version, runs }) => {
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
