import { expected } from "../errors.ts";
import type { Interval } from "../eval/statistics.ts";
import { seededRandom } from "../tasks/random.ts";
import { studentQuantile } from "./student-t.ts";

/** What an interval is over. One seed: over problems alone, and it says nothing of other seeds. */
export interface CrossedInterval extends Interval {
	readonly seeds: number;
	readonly problems: number;
}

export interface CrossedOptions {
	/** Default 0. */
	readonly seed?: number;
	/** Default 2,000. */
	readonly resamples?: number;
	/** What the mean cannot lie outside of. */
	readonly bounds?: readonly [low: number, high: number];
	/** Whether deviations between seeds are widened as their small number asks for; default: yes. */
	readonly widened?: boolean;
}

const level = 0.95;

/**
 * The mean over seeds of each seed's mean over the same problems, with a 95% percentile interval that resamples seeds
 * and problems independently (the pigeonhole bootstrap: Owen 2007, "The pigeonhole bootstrap", Annals of Applied
 * Statistics 1:2): a seed moves all its problems, and a problem all seeds, so that neither may be taken for many.
 *
 * A handful of seeds, resampled, spread too little: by sqrt((n - 1) / n), and as if their spread were known. The part
 * of each resample's deviation that is between seeds is widened by what a t interval over n seeds is wider
 * (Hesterberg 2015, "What teachers should know about the bootstrap", section 3.3): by 1.6 at five seeds.
 *
 * @param rows a seed each, the same problems in the same order; null is left out
 * @returns null where there is no value
 * @throws ThaliaError `statistics-invalid`
 */
export function crossedInterval(
	rows: readonly (readonly (number | null)[])[],
	options: CrossedOptions = {},
): CrossedInterval | null {
	const { seed = 0, resamples = 2_000, bounds = [-Infinity, Infinity], widened = true } = options;
	const problems = rows.at(0)?.length ?? 0;
	for (const row of rows) {
		if (row.length !== problems)
			throw expected("statistics-invalid", `${problems} problems`, "each seed of a bootstrap", row.length);
		const bad = row.find((value) => value !== null && !Number.isFinite(value));
		if (bad !== undefined) throw expected("statistics-invalid", "finite numbers or null", "a bootstrap", bad);
	}
	const seeds = rows.filter((row) => row.some((value) => value !== null)).map(rowOf);
	if (seeds.length === 0) return null;
	const n = seeds.length;
	const draws = drawsOf(n, problems, resamples, seed);
	const once = new Float64Array(problems).fill(1);
	const means = seeds.map((row) => weightedMean(row, once));
	const estimate = means.reduce((sum, mean) => sum + mean, 0) / n;
	const wider = widened && n > 1 ? widening(n) - 1 : 0;
	const drawn = Float64Array.from(draws, ({ ofSeeds, ofProblems }) => {
		let [sum, weight, between] = [0, 0, 0];
		for (let i = 0; i < n; i++) {
			if (ofSeeds[i] === 0) continue;
			between += (ofSeeds[i] / n) * (means[i] - estimate);
			const mean = weightedMean(seeds[i], ofProblems);
			if (Number.isNaN(mean)) continue;
			sum += ofSeeds[i] * mean;
			weight += ofSeeds[i];
		}
		return (weight === 0 ? estimate : sum / weight) + wider * between;
	});
	drawn.sort();
	const [least, most] = bounds;
	const inside = (value: number) => Math.min(Math.max(value, least), most);
	const tail = (1 - level) / 2;
	return {
		estimate,
		low: inside(quantile(drawn, tail)),
		high: inside(quantile(drawn, 1 - tail)),
		level,
		seeds: n,
		problems: once.filter((_, i) => rows.some((row) => row[i] !== null)).length,
	};
}

function widening(n: number): number {
	return Math.sqrt(n / (n - 1)) * (studentQuantile((1 + level) / 2, n - 1) / 1.959963984540054);
}

interface Row {
	/** 0 where there is none. */
	readonly values: Float64Array;
	/** 1 where there is a value, else 0; absent where all are there. */
	readonly present?: Float64Array;
}

function rowOf(row: readonly (number | null)[]): Row {
	const values = Float64Array.from(row, (value) => value ?? 0);
	if (!row.includes(null)) return { values };
	return { values, present: Float64Array.from(row, (value) => (value === null ? 0 : 1)) };
}

/** NaN where nothing that is drawn has a value. */
function weightedMean({ values, present }: Row, weights: Float64Array): number {
	let sum = 0;
	for (let i = 0; i < values.length; i++) sum += weights[i] * values[i];
	if (present === undefined) return sum / values.length;
	let weight = 0;
	for (let i = 0; i < values.length; i++) weight += weights[i] * present[i];
	return sum / weight;
}

/** How often each is drawn in one resample. */
interface Draw {
	readonly ofSeeds: Float64Array;
	readonly ofProblems: Float64Array;
}

/** Those of the last few shapes: a report asks for hundreds of intervals of the same. */
const kept = new Map<string, readonly Draw[]>();

function drawsOf(seeds: number, problems: number, resamples: number, seed: number): readonly Draw[] {
	const key = [seeds, problems, resamples, seed].join(" ");
	const known = kept.get(key);
	if (known !== undefined) return known;
	const random = seededRandom(seed);
	const draw = (count: number) => {
		const times = new Float64Array(count);
		for (let i = 0; i < count; i++) times[random.int(0, count - 1)]++;
		return times;
	};
	const draws = Array.from({ length: resamples }, () => ({
		ofSeeds: draw(seeds),
		ofProblems: draw(problems),
	}));
	if (kept.size >= 16) kept.clear();
	kept.set(key, draws);
	return draws;
}

/** Linear between the two nearest order statistics. */
function quantile(sorted: Float64Array, q: number): number {
	const at = q * (sorted.length - 1);
	const below = Math.floor(at);
	const above = Math.min(below + 1, sorted.length - 1);
	return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
