import type { Aggregation } from "./config.ts";

/**
 * The factor each sequence's tokens enter the loss with, so that loss = sum_b scale_b sum_t x_bt. It comes from the
 * whole batch; sequences can then be evaluated in any portions. B sequences of T_b tokens:
 * - token-mean: 1 / sum_b T_b (DAPO, arXiv 2503.14476)
 * - sequence-sum: 1 / B; the one whose gradient is that of the expected return
 * - sequence-mean: 1 / (B T_b) (GRPO, arXiv 2402.03300)
 * - fixed-length L: 1 / (B L) (Dr. GRPO, arXiv 2503.20783)
 * @param offsets [B + 1]; returns [B]
 */
export function aggregationScales(aggregation: Aggregation, offsets: Int32Array): Float64Array {
	const sequences = offsets.length - 1;
	return Float64Array.from({ length: sequences }, (_, b) => {
		if (aggregation === "token-mean") return 1 / Math.max(1, offsets[sequences]);
		if (aggregation === "sequence-sum") return 1 / sequences;
		if (aggregation === "sequence-mean") return 1 / (sequences * Math.max(1, offsets[b + 1] - offsets[b]));
		return 1 / (sequences * aggregation.length);
	});
}
