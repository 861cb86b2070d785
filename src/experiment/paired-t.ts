import { expected } from "../errors.ts";
import { studentQuantile, twoSidedTail } from "./student-t.ts";

/** Of differences of pairs, in their unit. */
export interface PairedT {
	readonly mean: number;
	/** 95% interval of the mean. */
	readonly low: number;
	readonly high: number;
	/** Two-sided, of no difference; null where all differences are the same, and there is no spread to tell chance by. */
	readonly p: number | null;
	readonly n: number;
}

/**
 * Student's paired t test (1908): whether the mean of differences, one a seed, is anything but chance. Seeds are what
 * is drawn; where the differences are of means over problems, the problems are taken as they are.
 *
 * @param differences finite, one a pair
 * @returns null of fewer than two pairs: there is nothing to tell chance by
 * @throws ThaliaError `statistics-invalid`
 */
export function pairedT(differences: readonly number[]): PairedT | null {
	const bad = differences.find((value) => !Number.isFinite(value));
	if (bad !== undefined) throw expected("statistics-invalid", "finite numbers", "a paired t test", bad);
	const n = differences.length;
	if (n < 2) return null;
	const mean = differences.reduce((sum, value) => sum + value, 0) / n;
	const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
	const error = Math.sqrt(squares / (n - 1) / n);
	const room = studentQuantile(0.975, n - 1) * error;
	// Of equal numbers a sum's rounding is all the spread there is.
	const same = error <= 1e-12 * Math.abs(mean);
	return { mean, low: mean - room, high: mean + room, p: same ? null : twoSidedTail(mean / error, n - 1), n };
}
