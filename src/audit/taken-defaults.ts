import type { Candidate } from "./candidate.ts";
import { Ask, Undecided, Unreadable } from "./frameworks/ask.ts";
import type { Framework } from "./frameworks/framework.ts";

/**
 * What a script's caller could have set otherwise by its options, of that which the framework asks for: settings by their
 * keys, variables that choose settings by their names.
 */
export function takenDefaults(framework: Framework, candidate: Candidate, version: string): string[] {
	const settable = new Set(candidate.settings.filter((one) => one.settable === true).map(({ key }) => key));
	const names = (candidate.assumed ?? []).map((name) => `$${name}`);
	if (settable.size === 0) return names;
	const ask = new Ask(candidate, version, new Map());
	try {
		framework.read(ask);
	} catch (error) {
		if (!(error instanceof Undecided) && !(error instanceof Unreadable)) throw error;
	}
	return [...[...settable].filter((key) => ask.asked.has(key)), ...names];
}
