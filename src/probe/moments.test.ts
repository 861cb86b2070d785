import { expect, test } from "vitest";
import { seededRandom } from "../tasks/random.ts";
import { momentsOf } from "./moments.ts";

// Gradients of known mean and covariance stand for measured ones: the estimates have to find both again.

const dimensions = 40;
const random = seededRandom(5);
const normal = () => Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i], 0);

const truth = Float64Array.from({ length: dimensions }, (_, i) => Math.sin(i + 1));
/** Half of the truth, and something at a right angle to it. */
const other = (() => {
	const any = Float64Array.from({ length: dimensions }, (_, i) => Math.cos(3 * i));
	const along = dot(any, truth) / dot(truth, truth);
	return any.map((x, i) => truth[i] / 2 + 0.3 * (x - along * truth[i]));
})();

/** Mean of so many completions' gradients, each with independent noise of this deviation in every dimension. */
function drawn(mean: Float64Array, deviation: number, completions: number): Float64Array {
	return mean.map((x) => x + (deviation / Math.sqrt(completions)) * normal());
}

function measured(mean: Float64Array, deviation: number, folds = 4, completions = 16) {
	const parts = Array.from({ length: folds }, () => drawn(mean, deviation, completions));
	const [a, b] = [drawn(truth, 0.5, 64), drawn(truth, 0.5, 64)];
	const together = a.map((x, i) => (x + b[i]) / 2);
	return momentsOf({
		folds: parts.map((p) => parts.map((q) => dot(p, q))),
		withTrue: parts.map((p) => dot(p, together)),
		trueSquared: dot(together, together),
		trueSignal: dot(a, b),
		completions,
	});
}

function mean(values: readonly (number | null)[]): number {
	const known = values.flatMap((value) => value ?? []);
	expect(known.length).toBeGreaterThan(0.9 * values.length);
	return known.reduce((sum, x) => sum + x, 0) / known.length;
}

test("the true gradient itself has a share and a cosine of 1, and the other one what it was made with", () => {
	const exact = Array.from({ length: 300 }, () => measured(truth, 1));
	const half = Array.from({ length: 300 }, () => measured(other, 1));
	expect(mean(exact.map(({ projection }) => projection))).toBeCloseTo(1, 1);
	expect(mean(exact.map(({ expectedCosine }) => expectedCosine))).toBeCloseTo(1, 1);
	expect(mean(half.map(({ projection }) => projection))).toBeCloseTo(0.5, 1);
	const cosine = dot(other, truth) / Math.sqrt(dot(other, other) * dot(truth, truth));
	expect(mean(half.map(({ expectedCosine }) => expectedCosine))).toBeCloseTo(cosine, 1);
	// Noise in a gradient takes it away from any direction.
	const noisy = Array.from({ length: 300 }, () => measured(truth, 8));
	expect(mean(noisy.map((m) => m.cosine))).toBeLessThan(0.8);
});

test("variance is that of one completion over the true gradient's square, whatever the folds", () => {
	for (const [folds, completions] of [
		[2, 16],
		[4, 16],
		[4, 64],
	]) {
		const all = Array.from({ length: 300 }, () => measured(truth, 1, folds, completions));
		const want = dimensions / dot(truth, truth);
		expect(mean(all.map(({ variance }) => variance)) / want).toBeCloseTo(1, 1);
		const snr = dot(truth, truth) / (dimensions / (folds * completions));
		expect(mean(all.map(({ signalToNoise }) => signalToNoise)) / snr).toBeGreaterThan(0.9);
	}
});

test("pure noise has no share, no signal, and often no cosine of its expectation", () => {
	const noise = Array.from({ length: 400 }, () => measured(new Float64Array(dimensions), 1));
	expect(Math.abs(mean(noise.map(({ projection }) => projection)))).toBeLessThan(0.02);
	expect(Math.abs(mean(noise.map(({ signalToNoise }) => signalToNoise)))).toBeLessThan(0.1);
	expect(noise.some(({ expectedCosine }) => expectedCosine === null)).toBe(true);
});

test("where there is no gradient nothing is made up", () => {
	const zero = momentsOf({
		folds: [
			[0, 0],
			[0, 0],
		],
		withTrue: [0, 0],
		trueSquared: 0,
		trueSignal: 0,
		completions: 8,
	});
	expect(zero).toEqual({
		...{ norm: 0, cosine: null, expectedCosine: null },
		...{ projection: null, variance: null, signalToNoise: null },
	});
});
