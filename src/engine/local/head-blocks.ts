import { linear } from "./ops.ts";
import { type Tensor, tidy } from "./tensor.ts";

/** Rows whose f32 logits take about this many bytes are one block. */
const blockBytes = 32 * 2 ** 20;

/** Calls `body` for consecutive blocks of the rows of hidden [N, hidden]; what a block makes is gone after it. */
export function forEachBlock(
	hidden: Tensor,
	weight: Tensor,
	body: (start: number, count: number) => void,
): void {
	const rows = hidden.shape[0];
	const size = Math.max(1, Math.floor(blockBytes / (weight.shape[0] * 4)));
	for (let start = 0; start < rows; start += size) {
		tidy(() => {
			body(start, Math.min(size, rows - start));
		});
	}
}

/** Logits [count, vocabulary] of some rows in f32, divided by the temperature. */
export function blockLogits(
	hidden: Tensor,
	weight: Tensor,
	start: number,
	count: number,
	temperature = 1,
): Tensor {
	const logits = linear(hidden.narrow(0, start, count), weight).to("f32");
	return temperature === 1 ? logits : logits.mul_(1 / temperature);
}
