import { expected } from "../errors.ts";

/**
 * The chance that |T| is at least |t|, T distributed as Student's t.
 * @param df degrees of freedom, above 0
 * @throws ThaliaError `statistics-invalid`
 */
export function twoSidedTail(t: number, df: number): number {
	if (!(df > 0)) throw expected("statistics-invalid", "a number above 0", "degrees of freedom", df);
	if (Number.isNaN(t)) throw expected("statistics-invalid", "a number", "t", t);
	const square = t * t;
	return square === Infinity ? 0 : regularisedBeta(df / (df + square), square / (df + square), df / 2, 0.5);
}

/**
 * The t that T is below with chance q.
 * @param q between 0 and 1
 */
export function studentQuantile(q: number, df: number): number {
	if (!(q > 0 && q < 1)) throw expected("statistics-invalid", "a number between 0 and 1", "a quantile", q);
	if (q < 0.5) return -studentQuantile(1 - q, df);
	const tail = 2 * (1 - q);
	let [low, high] = [0, 1];
	while (twoSidedTail(high, df) > tail) [low, high] = [high, 2 * high];
	for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
		if (twoSidedTail(middle, df) > tail) low = middle;
		else high = middle;
	}
	return high;
}

/**
 * I_x(a, b), by the continued fraction where it converges fast (Abramowitz and Stegun 26.5.8), else by its mirror.
 * @param rest 1 - x, which a difference would lose the digits of
 */
function regularisedBeta(x: number, rest: number, a: number, b: number): number {
	if (x <= 0) return 0;
	if (rest <= 0) return 1;
	if (x > (a + 1) / (a + b + 2)) return 1 - regularisedBeta(rest, x, b, a);
	const logFront = a * Math.log(x) + b * Math.log(rest) + logGamma(a + b) - logGamma(a) - logGamma(b);
	return (Math.exp(logFront) / a) * betaFraction(x, a, b);
}

/** Lentz's method: of numerators that alternate between odd and even. */
function betaFraction(x: number, a: number, b: number): number {
	const tiny = 1e-300;
	const apart = (value: number) => (Math.abs(value) < tiny ? tiny : value);
	let c = 1;
	let d = 1 / apart(1 - ((a + b) * x) / (a + 1));
	let result = d;
	for (let m = 1; m <= 10_000; m++) {
		const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
		const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
		let factor = 1;
		for (const numerator of [even, odd]) {
			d = 1 / apart(1 + numerator * d);
			c = apart(1 + numerator / c);
			factor = c * d;
			result *= factor;
		}
		if (Math.abs(factor - 1) < 1e-15) break;
	}
	return result;
}

/** Lanczos, g = 7 and nine terms: 15 digits of what is above 0. */
function logGamma(z: number): number {
	if (z < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * z)) - logGamma(1 - z);
	const [first, ...terms] = lanczos;
	const sum = terms.reduce<number>((total, term, i) => total + term / (z + i), first);
	const t = z + 6.5;
	return 0.5 * Math.log(2 * Math.PI) + (z - 0.5) * Math.log(t) - t + Math.log(sum);
}

const lanczos = [
	0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
	12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;
