import fc from "fast-check";
import { expect, test } from "vitest";
import { ESTIMATORS, forwardK, k3, k3Derivative, klDerivatives, klValues } from "./estimators.ts";

const logRatio = fc.double({ min: -20, max: 20, noNaN: true });

test("k2, k3 and the forward estimator are never negative, and 0 where the policies agree", () => {
	fc.assert(
		fc.property(logRatio, (u) => {
			expect(k3(u)).toBeGreaterThanOrEqual(0);
			expect(forwardK(u)).toBeGreaterThanOrEqual(-1e-12);
		}),
	);
	expect([k3(0), k3Derivative(0), forwardK(0)].map(Math.abs)).toEqual([0, 0, 0]);
});

test("k3 keeps its digits near 0, where exp(-u) - 1 + u cancels", () => {
	const u = 1e-6;
	expect(Math.abs(k3(u) / (u ** 2 / 2 - u ** 3 / 6) - 1)).toBeLessThan(1e-9);
});

test("derivatives are those of the values", () => {
	const plain = ESTIMATORS.filter((estimator) => !estimator.endsWith("+"));
	const u = fc.double({ min: -4, max: 4, noNaN: true });
	fc.assert(
		fc.property(u, fc.constantFrom(...plain), (x, estimator) => {
			const reference = Float64Array.of(-3);
			const at = (l: number) => klValues(estimator, Float64Array.of(l), reference)[0];
			const numerical = (at(x - 3 + 1e-5) - at(x - 3 - 1e-5)) / 2e-5;
			// abs has a corner at 0.
			fc.pre(estimator !== "abs" || Math.abs(x) > 1e-4);
			expect(
				Math.abs(klDerivatives(estimator, Float64Array.of(x - 3), reference)[0] - numerical),
			).toBeLessThan(1e-6);
		}),
	);
});

test("straight-through has the value of its estimator and the derivative of k2", () => {
	fc.assert(
		fc.property(logRatio, fc.constantFrom("k1" as const, "k3" as const), (u, estimator) => {
			const [logp, reference] = [Float64Array.of(u), Float64Array.of(0)];
			expect(klValues(`${estimator}+`, logp, reference)).toEqual(klValues(estimator, logp, reference));
			expect(klDerivatives(`${estimator}+`, logp, reference)).toEqual(klDerivatives("k2", logp, reference));
		}),
	);
});

test("means under the policy: k1 and k3 are the reverse KL, forwardK the forward KL", () => {
	const p = [0.5, 0.3, 0.2];
	const q = [0.2, 0.2, 0.6];
	const mean = (f: (u: number) => number) => p.reduce((sum, x, i) => sum + x * f(Math.log(x / q[i])), 0);
	const kl = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * Math.log(x / b[i]), 0);
	expect(mean((u) => u)).toBeCloseTo(kl(p, q), 14);
	expect(mean(k3)).toBeCloseTo(kl(p, q), 14);
	expect(mean(forwardK)).toBeCloseTo(kl(q, p), 14);
});

test("log-probs of different lengths are refused", () => {
	const one = Float32Array.of(-1);
	expect(() => klValues("k1", one, Float64Array.of(-1, -2))).toThrow(
		/Expected 1 values for reference log-probs/,
	);
	expect(() => klDerivatives("k3", one, new Float64Array(0))).toThrow(/reference log-probs/);
});
