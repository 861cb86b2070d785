import { linear } from "./ops.ts";
import { Tensor, tidy } from "./tensor.ts";

/** Rate of a square product, the best of a few: multiply-adds count as two operations. GFLOP/s. */
export function matmulRate(dtype: "f32" | "bf16", size = 1024, tries = 5): number {
	return tidy(() => {
		const [a, b] = [1, 2].map((seed) => Tensor.empty([size, size], "f32").normal_(0, 1, seed).to(dtype));
		let best = Infinity;
		for (let i = 0; i <= tries; i++) {
			const started = performance.now();
			tidy(() => {
				linear(a, b);
			});
			if (i > 0) best = Math.min(best, performance.now() - started);
		}
		return (2 * size ** 3) / best / 1e6;
	});
}
