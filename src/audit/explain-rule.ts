import { expected } from "../errors.ts";
import { commonRules } from "./frameworks/common-rules.ts";
import type { Rule } from "./frameworks/framework.ts";
import { frameworks } from "./frameworks/index.ts";

/** All rules, the common ones first. */
export function allRules(): readonly Rule[] {
	const all = [...commonRules, ...frameworks.flatMap(({ rules }) => rules)];
	return [...new Map(all.map((rule) => [rule.id, rule])).values()];
}

/** What a rule says, why, and the source of the fact. @throws ThaliaError `audit-rule-unknown` */
export function explainRule(id: string): string {
	const rule = allRules().find((one) => one.id === id);
	if (rule === undefined) {
		const fix = `Rules: ${allRules()
			.map((one) => one.id)
			.join(", ")}`;
		throw expected("audit-rule-unknown", "a rule", "--explain", id, fix);
	}
	return [
		`${rule.id} (${rule.severity})`,
		`${rule.message}.`,
		"",
		rule.why,
		"",
		`Source: ${rule.source}`,
	].join("\n");
}
