import { tellsOfKl } from "../tells.ts";
import { restsOnDefault, type Verdict, verdictOf } from "./conditions.ts";
import { eitherOptions } from "./either.ts";
import { expandValue, plainText, type Variable, type Variables } from "./expand.ts";
import { matches } from "./glob.ts";
import { same, testsEmpty, unknown, wordsOf } from "./script-parts.ts";
import type { Arm } from "./statements.ts";

/** Whether an arm is taken, where those before it are not. */
export function takenBy(test: Arm["test"], variables: Variables): Verdict {
	if (test.kind === "else") return { holds: true, byDefault: false };
	if (test.kind === "test") {
		const verdict = verdictOf(test.tokens, variables);
		return test.isNot === true && verdict.holds !== null ? { ...verdict, holds: !verdict.holds } : verdict;
	}
	const subject = test.subject === null ? null : expandValue(test.subject.parts, variables);
	const text = subject === null ? null : plainText(subject);
	const patterns = test.patterns.map((word) => plainText(expandValue(word.parts, variables)));
	if (patterns.includes("*")) return { holds: true, byDefault: false };
	if (text === null) return { holds: null, byDefault: false };
	const each = patterns.map((pattern) => (pattern === null ? null : matches(text, pattern)));
	const holds = each.includes(true) ? true : each.includes(null) ? null : false;
	return { holds, byDefault: restsOnDefault(subject!) };
}

/** Variables to which arms that only a default leaves out would have given something of a KL. */
export function assumedBy(ends: readonly Variables[], others: readonly Variables[]): string[] {
	const found = new Set<string>();
	for (const other of others)
		for (const [name, held] of other) {
			if (ends.every((end) => same(end.get(name), held))) continue;
			if (mayMatter(name, held) || ends.some((end) => mayMatter(name, end.get(name)))) found.add(name);
		}
	return [...found];
}

/** What variables are after arms of which one was taken. */
export function mergedOf(
	before: Variables,
	ends: readonly Variables[],
	arms: readonly Arm[],
): Map<string, Variable> {
	const merged = new Map(before);
	const test = arms.at(0)?.test;
	const condition = test?.kind === "test" ? wordsOf(test.tokens) : [];
	for (const name of new Set(ends.flatMap((end) => [...end.keys()]))) {
		const [first, ...others] = ends.map((end) => end.get(name));
		if (others.every((other) => same(first, other))) {
			if (first !== undefined) merged.set(name, first);
			continue;
		}
		// `if [ -z "$X" ]; then X=...; fi` gives X where nobody else has.
		const isDefault = before.get(name) === undefined && testsEmpty(condition, name) && first !== undefined;
		const options = eitherOptions(ends.map((end) => end.get(name)));
		merged.set(
			name,
			isDefault ? first : (options ?? unknown(`$${name} differs by a condition`, condition.at(0)?.at ?? 0)),
		);
	}
	return merged;
}

/** Whether a value says something that decides on a KL. */
function mayMatter(name: string, held: Variable | undefined): boolean {
	const pieces = held === undefined ? [] : "array" in held ? held.array.flat() : held.value;
	return [name, ...pieces.map((piece) => ("text" in piece ? piece.text : ""))].some((text) =>
		tellsOfKl(text),
	);
}
