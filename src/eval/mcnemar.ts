import { expected } from "../errors.ts";

/** Problems that two models passed or failed, and whether what tells them apart is chance. */
export interface McNemar {
	/** Problems that only the first passed, and only the second. */
	readonly onlyBefore: number;
	readonly onlyAfter: number;
	/** Two-sided: of a difference as large as this one or larger, were both equally good. In (0, 1]. */
	readonly p: number;
}

/**
 * McNemar's exact test of paired passes (McNemar 1947; exact form: Edwards 1948): of the problems that one model passed
 * and the other failed, each is either's with probability 1/2.
 *
 * @param before whether each problem was passed
 * @param after the same problems in the same order
 * @throws ThaliaError `statistics-invalid`
 */
export function mcnemar(before: readonly boolean[], after: readonly boolean[]): McNemar {
	if (before.length !== after.length) {
		const what = `as many verdicts after as before (${before.length})`;
		throw expected("statistics-invalid", what, "McNemar's test", after.length);
	}
	const onlyBefore = before.filter((passed, i) => passed && !after[i]).length;
	const onlyAfter = after.filter((passed, i) => passed && !before[i]).length;
	return { onlyBefore, onlyAfter, p: twoSided(Math.min(onlyBefore, onlyAfter), onlyBefore + onlyAfter) };
}

/** min(1, 2 P(X <= least)), X binomial (n, 1/2); in logarithms, so that no n is too large. */
function twoSided(least: number, n: number): number {
	let logTerm = -n * Math.LN2;
	let logSum = logTerm;
	for (let k = 1; k <= least; k++) {
		logTerm += Math.log((n - k + 1) / k);
		logSum = Math.max(logSum, logTerm) + Math.log1p(Math.exp(-Math.abs(logSum - logTerm)));
	}
	return Math.min(1, 2 * Math.exp(logSum));
}
