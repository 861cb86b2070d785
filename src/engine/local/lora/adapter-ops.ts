import { linear, linearInputGradient, linearWeightGradient_ } from "../ops.ts";
import { Tensor, tidy } from "../tensor.ts";
import type { Adapter } from "./adapters.ts";

/** While learning: where the numbers of this pass's dropout come from. The same seed drops the same inputs. */
export type DropoutSeed = number | undefined;

/** scaling B (A dropped(x)) + residual: x [N, columns] -> [N, rows]. */
export function adapterForward(
	adapter: Adapter,
	x: Tensor,
	residual: Tensor | undefined,
	seed: DropoutSeed,
): Tensor {
	return tidy(() => linear(inner(adapter, dropped(adapter, x, seed)), adapter.b, { residual }));
}

/** d(loss)/dx of the whole product, given its share `dx` by the matrix itself. */
export function adapterInputGradient(adapter: Adapter, dy: Tensor, dx: Tensor, seed: DropoutSeed): Tensor {
	return tidy(() => {
		const dInner = linearInputGradient(dy, adapter.b).mul_(adapter.scaling);
		const transposed = adapter.a.transpose(0, 1).contiguous();
		const mask = maskOf(adapter, dx, seed);
		if (mask === undefined) return linear(dInner, transposed, { residual: dx });
		return linear(dInner, transposed).mul_(mask).add_(dx);
	});
}

/** Adds d(loss)/dA and d(loss)/dB to f32 sums of their shapes. */
export function adapterWeightGradients_(
	adapter: Adapter,
	x: Tensor,
	dy: Tensor,
	sums: { readonly a: Tensor; readonly b: Tensor },
	seed: DropoutSeed,
): void {
	tidy(() => {
		const input = dropped(adapter, x, seed);
		linearWeightGradient_(sums.b, dy, inner(adapter, input));
		clearOutsideOfBlocks(adapter, sums.b);
		const dInner = linearInputGradient(dy, adapter.b).mul_(adapter.scaling);
		linearWeightGradient_(sums.a, dInner, input);
	});
}

/** scaling A x: [N, depth]. */
function inner(adapter: Adapter, x: Tensor): Tensor {
	return linear(x, adapter.a).mul_(adapter.scaling);
}

/** One projection's rows do not see the other projections' ranks. */
function clearOutsideOfBlocks({ parts, rank, depth, rows }: Adapter, sum: Tensor): void {
	if (parts.length === 1 && parts[0].rows === rows) return;
	let row = 0;
	for (const { start, rows: own, rankStart } of parts) {
		if (start > row) sum.narrow(0, row, start - row).fill_(0);
		const block = sum.narrow(0, start, own);
		if (rankStart > 0) block.narrow(1, 0, rankStart).fill_(0);
		const end = rankStart + rank;
		if (end < depth) block.narrow(1, end, depth - end).fill_(0);
		row = start + own;
	}
	if (row < rows) sum.narrow(0, row, rows - row).fill_(0);
}

function dropped(adapter: Adapter, x: Tensor, seed: DropoutSeed): Tensor {
	const mask = maskOf(adapter, x, seed);
	return mask === undefined ? x : x.mul(mask);
}

/** 1 / (1 - dropout) where an input stays, else 0. */
function maskOf({ dropout }: Adapter, x: Tensor, seed: DropoutSeed): Tensor | undefined {
	if (seed === undefined || dropout === 0) return undefined;
	return Tensor.empty(x.shape, x.dtype)
		.bernoulli_(1 - dropout, seed)
		.mul_(1 / (1 - dropout));
}
