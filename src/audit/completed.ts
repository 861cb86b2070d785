import type { Candidate } from "./candidate.ts";
import { Ask, Undecided, Unreadable } from "./frameworks/ask.ts";
import type { Framework } from "./frameworks/framework.ts";
import { type Changes, withChanges } from "./remedy.ts";
import type { AuditObjective } from "./report.ts";
import { isUnknown } from "./value.ts";

/** A coefficient where a framework's own default is none. */
const usualCoefficient = 0.001;
const mostRounds = 3;

/**
 * A framework's changes with what else keeps them from k1 in the reward: a coefficient that is not above 0, a discount.
 * null where they do not lead there: then they are not offered as such.
 */
export function completed(
	framework: Framework,
	candidate: Candidate,
	version: string,
	changes: Changes,
	followedBy: (changed: Candidate) => AuditObjective,
): Changes | null {
	let all = changes;
	for (let round = 0; round < mostRounds; round++) {
		const changed = withChanges(candidate, all);
		if (followedBy(changed) === "sequence-reverse-kl") return all;
		const missing = missingIn(framework, changed, version, all);
		if (missing.length === 0) return null;
		all = [...all, ...missing];
	}
	return null;
}

function missingIn(framework: Framework, candidate: Candidate, version: string, made: Changes): Changes {
	const ask = new Ask(candidate, version, new Map());
	try {
		framework.read(ask);
	} catch (error) {
		if (!(error instanceof Undecided) && !(error instanceof Unreadable)) throw error;
	}
	const isFree = (key: string): boolean => !made.some(([name]) => ask.at(name)?.key === key);
	const held = (key: string, fallback: number): number => {
		const value = ask.at(key)?.value ?? (candidate.open === null || ask.has(key) ? fallback : Number.NaN);
		return isUnknown(value) ? Number.NaN : Number(value);
	};
	const coefficients = [...ask.numbers].filter(
		([key, fallback]) => isFree(key) && !(held(key, fallback) > 0),
	);
	const discounts = [...ask.discounts].filter((key) => isFree(key) && held(key, 1) !== 1);
	return [
		...coefficients.map(
			([key, fallback]) => [key, String(fallback > 0 ? fallback : usualCoefficient)] as const,
		),
		...discounts.map((key) => [key, "1.0"] as const),
	];
}
