import { noGrad } from "./autograd.ts";
import { linear, packWeight } from "./ops.ts";
import { Tensor, tidy } from "./tensor.ts";

/** [rows, out, in] of a product. */
type Size = readonly [m: number, n: number, k: number];

/** Rate of a product with a weight that is laid out for it, the best of a few: a multiply-add counts as two. GFLOP/s. */
export function matmulRate(dtype: "f32" | "bf16", [m, n, k]: Size = [1024, 1024, 1024], tries = 5): number {
	return noGrad(() =>
		tidy(() => {
			const random = (shape: readonly number[], seed: number) =>
				Tensor.empty(shape).normal_(0, 1, seed).to(dtype);
			const [x, weight] = [random([m, k], 1), random([n, k], 2)];
			const packed = packWeight(weight);
			let best = Infinity;
			for (let i = 0; i <= tries; i++) {
				const started = performance.now();
				tidy(() => linear(x, weight, { packed }));
				if (i > 0) best = Math.min(best, performance.now() - started);
			}
			return (2 * m * n * k) / best / 1e6;
		}),
	);
}
