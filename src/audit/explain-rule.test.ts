import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { allCases } from "../testing/audit/all-cases.ts";
import { auditText } from "./audit.ts";
import { allRules, explainRule } from "./explain-rule.ts";

const readme = readFileSync(new URL("../../docs/audit/README.md", import.meta.url), "utf8");

test("the table of the documentation has every rule, as it is", () => {
	const rows = [...readme.matchAll(/^\| `([\w-]+\/[\w-]+)` \| (\w+) \| (.*?) \| (.*?) \|$/gm)].map(
		([, id, severity, message, source]) => ({
			...{ id, severity },
			...{ message: message.replaceAll("\\|", "|"), source: source.replaceAll("\\|", "|") },
		}),
	);
	const rules = allRules().map(({ id, severity, message, source }) => ({ id, severity, message, source }));
	const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
	expect(rows.sort(byId)).toEqual(rules.sort(byId));
});

test("every rule is explained", () => {
	for (const { id, severity, message, why, source } of allRules())
		expect(explainRule(id)).toBe(`${id} (${severity})\n${message}.\n\n${why}\n\nSource: ${source}`);
	expect(() => explainRule("verl/nothing")).toThrow(/verl\/nothing/);
});

test("every rule is found somewhere", async () => {
	const found = new Set<string>();
	for (const { path, text, version } of allCases) {
		const { runs } = await auditText(path, text, version === undefined ? {} : { version });
		for (const { findings } of runs) for (const { rule } of findings) found.add(rule);
	}
	expect(
		allRules()
			.filter(({ id }) => !found.has(id))
			.map(({ id }) => id),
	).toEqual([]);
}, 60_000);
