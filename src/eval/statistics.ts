import { expected } from "../errors.ts";
import { seededRandom } from "../tasks/random.ts";

/**
 * The chance that at least one of k completions is right, estimated without bias from c right ones among n:
 * 1 - C(n - c, k) / C(n, k), as a product that cannot overflow (Chen et al. 2021, "Evaluating Large Language Models
 * Trained on Code", equation 1).
 *
 * @param n completions of the problem, at least k
 * @param c how many of them are right, 0 to n
 * @param k 1 to n
 * @returns in [0, 1]
 * @throws ThaliaError `statistics-invalid`
 */
export function passAtK(n: number, c: number, k: number): number {
	wholeFrom(1, n, Number.MAX_SAFE_INTEGER, "n of pass@k");
	wholeFrom(0, c, n, "c of pass@k");
	wholeFrom(1, k, n, "k of pass@k");
	if (n - c < k) return 1;
	let allWrong = 1;
	// Of the two equal products, with k or with c factors, the shorter.
	const [factors, drawn] = k < c ? [k, c] : [c, k];
	for (let i = 0; i < factors; i++) allWrong *= 1 - drawn / (n - i);
	return 1 - allWrong;
}

/**
 * mean@k of one problem: the mean reward of its k completions.
 *
 * @param rewards the k rewards, finite; at least one
 * @throws ThaliaError `statistics-invalid`
 */
export function meanAtK(rewards: ArrayLike<number>): number {
	finite(rewards, "the rewards of mean@k");
	return mean(rewards);
}

export interface BootstrapOptions {
	/** A whole number; the same seed gives the same interval. Default 0. */
	readonly seed?: number;
	/** Default 10 000. */
	readonly resamples?: number;
	/** Confidence, between 0 and 1. Default 0.95. */
	readonly level?: number;
}

/** An estimate with a confidence interval, in the unit of the values. */
export interface Interval {
	readonly estimate: number;
	readonly low: number;
	readonly high: number;
	readonly level: number;
}

/**
 * The mean over problems, with a percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13) that resamples
 * whole problems: completions of one problem are alike, so a problem is one unit, given as one value (its pass@k or
 * mean@k). Where all problems have the same value the interval has no width, which says nothing of the certainty.
 *
 * @param values one finite value a problem; at least one
 * @throws ThaliaError `statistics-invalid`
 */
export function bootstrapInterval(values: ArrayLike<number>, options: BootstrapOptions = {}): Interval {
	const { seed = 0, resamples = 10_000, level = 0.95 } = options;
	finite(values, "the values of a bootstrap");
	wholeFrom(1, resamples, 10_000_000, "resamples of a bootstrap");
	if (!(level > 0 && level < 1))
		throw expected("statistics-invalid", "a number between 0 and 1", "level of a bootstrap", level);
	const random = seededRandom(seed);
	const last = values.length - 1;
	const means = new Float64Array(resamples);
	for (let r = 0; r < resamples; r++) {
		let sum = 0;
		for (let i = 0; i <= last; i++) sum += values[random.int(0, last)];
		means[r] = sum / values.length;
	}
	means.sort();
	const tail = (1 - level) / 2;
	return { estimate: mean(values), low: quantile(means, tail), high: quantile(means, 1 - tail), level };
}

/**
 * The mean of `after - before` over the same problems, both resampled together: what the problems have in common
 * cancels, which two separate intervals cannot do.
 *
 * @param before one finite value a problem
 * @param after the same problems in the same order
 * @throws ThaliaError `statistics-invalid`
 */
export function pairedDifference(
	before: ArrayLike<number>,
	after: ArrayLike<number>,
	options: BootstrapOptions = {},
): Interval {
	if (before.length !== after.length) {
		const what = `as many values after as before (${before.length})`;
		throw expected("statistics-invalid", what, "a paired difference", after.length);
	}
	finite(before, "the values before");
	finite(after, "the values after");
	const differences = Float64Array.from(after, (value, i) => value - before[i]);
	return bootstrapInterval(differences, options);
}

function mean(values: ArrayLike<number>): number {
	let sum = 0;
	for (let i = 0; i < values.length; i++) sum += values[i];
	return sum / values.length;
}

/** Linear between the two nearest order statistics (Hyndman and Fan 1996, type 7; NumPy's default). */
function quantile(sorted: Float64Array, q: number): number {
	const at = q * (sorted.length - 1);
	const below = Math.floor(at);
	const above = Math.min(below + 1, sorted.length - 1);
	return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

function wholeFrom(low: number, value: number, high: number, what: string): void {
	if (Number.isSafeInteger(value) && value >= low && value <= high) return;
	throw expected("statistics-invalid", `a whole number from ${low} to ${high}`, what, value);
}

function finite(values: ArrayLike<number>, what: string): void {
	if (values.length === 0) throw expected("statistics-invalid", "at least one", what, "none");
	for (let i = 0; i < values.length; i++) {
		if (!Number.isFinite(values[i]))
			throw expected("statistics-invalid", "finite numbers", `${what}, number ${i}`, values[i]);
	}
}
