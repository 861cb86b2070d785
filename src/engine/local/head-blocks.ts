import { blockRows } from "./block-sizes.ts";
import { type Handle, native } from "./native.ts";
import { handleOf, Tensor, tidy } from "./tensor.ts";

/** Calls `body` for consecutive blocks of `size` of the rows; what a block makes is gone after it. */
export function forEachBlock(rows: number, size: number, body: (start: number, count: number) => void): void {
	for (let start = 0; start < rows; start += size) {
		tidy(() => {
			body(start, Math.min(size, rows - start));
		});
	}
}

/**
 * Logits of a head in f32: weight [vocabulary, hidden], which is packed once for all products where there is a kernel
 * for them. What it holds goes with `dispose`, or with the `tidy` that it is made in.
 */
export class HeadProduct {
	readonly #weight: Tensor;
	readonly #packed: Tensor | undefined;

	constructor(weight: Tensor) {
		this.#weight = weight;
		this.#packed = maybeTensor(native.packWeight(handleOf(weight, "packWeight")));
	}

	/** Whether a kernel multiplies: then the logits are not rounded to the weight's type on the way. */
	get packed(): boolean {
		return this.#packed !== undefined;
	}

	/** hidden [rows, hidden] -> [rows, vocabulary] f32, into `out` where it is given. */
	logits(hidden: Tensor, out = Tensor.empty([hidden.shape[0], this.#weight.shape[0]])): Tensor {
		native.linearF32_(
			handleOf(out, "linearF32_"),
			handleOf(hidden, "linearF32_"),
			handleOf(this.#weight, "linearF32_"),
			this.#packed?.handle,
		);
		return out;
	}

	dispose(): void {
		this.#packed?.dispose();
	}
}

/** The logits of hidden [N, hidden], block by block, in one place. */
export class BlockLogits {
	readonly #hidden: Tensor;
	readonly #product: HeadProduct;
	readonly #memory: Tensor;

	constructor(hidden: Tensor, weight: Tensor) {
		const vocabulary = weight.shape[0];
		this.#hidden = hidden;
		this.#product = new HeadProduct(weight);
		this.#memory = Tensor.empty([blockRows(hidden.shape[0], vocabulary), vocabulary]);
	}

	/** [count, vocabulary] f32, until the next call. */
	of(start: number, count: number): Tensor {
		return this.#product.logits(this.#hidden.narrow(0, start, count), this.#memory.narrow(0, 0, count));
	}
}

/** The products of a head's backward pass: weight [vocabulary, hidden], weightGradient f32 of its shape, or none. */
export class HeadGradient {
	readonly #weight: Tensor;
	readonly #packed: Tensor | undefined;
	readonly #weightGradient: Tensor | undefined;

	constructor(weight: Tensor, weightGradient: Tensor | undefined) {
		this.#weight = weight;
		this.#packed = maybeTensor(native.packWeightBackward(handleOf(weight, "packWeightBackward")));
		this.#weightGradient = weightGradient;
	}

	/** gradient = d(loss)/d(logits) [rows, vocabulary] of hidden [rows, hidden]: returns d(loss)/d(hidden), adds d(loss)/d(weight). */
	pullBack(gradient: Tensor, hidden: Tensor): Tensor {
		const dy = handleOf(gradient, "linearInputGradient");
		if (this.#weightGradient !== undefined) {
			const sum = handleOf(this.#weightGradient, "linearWeightGradient_");
			native.linearWeightGradient_(sum, dy, handleOf(hidden, "linearWeightGradient_"));
		}
		return new Tensor(native.linearInputGradient(dy, this.#weight.handle, this.#packed?.handle));
	}
}

function maybeTensor(handle: Handle | undefined): Tensor | undefined {
	return handle === undefined ? undefined : new Tensor(handle);
}
