import { expected } from "../errors.ts";

/**
 * Holm's step-down adjustment (1979): p values of several tests, such that the chance of any false one among those
 * below a level is at most that level, however the tests depend on each other.
 *
 * @param ps each in [0, 1]
 * @returns in the same order
 * @throws ThaliaError `statistics-invalid`
 */
export function holm(ps: readonly number[]): number[] {
	const bad = ps.find((p) => !(p >= 0 && p <= 1));
	if (bad !== undefined) throw expected("statistics-invalid", "p values in [0, 1]", "Holm's adjustment", bad);
	const order = ps.map((_, i) => i).sort((i, j) => ps[i] - ps[j]);
	const adjusted = new Array<number>(ps.length);
	let largest = 0;
	for (const [rank, i] of order.entries()) {
		largest = Math.max(largest, Math.min(1, (ps.length - rank) * ps[i]));
		adjusted[i] = largest;
	}
	return adjusted;
}
