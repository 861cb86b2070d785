import type { Decoder } from "./decoder.ts";
import { keep, Tensor, tidy } from "./tensor.ts";

/**
 * Keys and values of every layer for a batch of rows, allocated once. Rows are aligned at the right: all write the
 * same column at the same step, and shorter prompts leave zeros on the left.
 */
export class KvCache {
	/** [layers, 2 (keys, values), rows, kvHeads, columns, headDim] */
	readonly #data: Tensor;
	readonly #layers: readonly { keys: Tensor; values: Tensor }[];

	constructor(decoder: Decoder, rows: number, columns: number, promptColumns: number) {
		const { numLayers, numKvHeads, headDim } = decoder.config;
		this.#data = keep(Tensor.empty([numLayers, 2, rows, numKvHeads, columns, headDim], decoder.dtype));
		// Attention multiplies masked columns by zero: they must hold numbers.
		tidy(() => {
			this.#data.narrow(4, 0, promptColumns).fill_(0);
		});
		this.#layers = Array.from({ length: numLayers }, (_, layer) => {
			const own = this.#data.select(0, layer);
			const views = { keys: keep(own.select(0, 0)), values: keep(own.select(0, 1)) };
			own.dispose();
			return views;
		});
	}

	/** Copies one prompt's k, v [length, kvHeads, d] into `count` rows from `row`, ending before column `end`. */
	storePrompt(layer: number, k: Tensor, v: Tensor, row: number, count: number, end: number): void {
		const [length, kvHeads, d] = k.shape;
		const { keys, values } = this.#layers[layer];
		for (const [target, source] of [
			[keys, k],
			[values, v],
		]) {
			const shared = source.transpose(0, 1).unsqueeze(0).expand(count, kvHeads, length, d);
			target
				.narrow(0, row, count)
				.narrow(2, end - length, length)
				.copy_(shared);
		}
	}

	/**
	 * Writes k, v [rows, 1, kvHeads, d] at `column` of the first rows, and returns all they may attend to:
	 * [rows, kvHeads, column + 1, d] each.
	 */
	append(layer: number, k: Tensor, v: Tensor, column: number): { keys: Tensor; values: Tensor } {
		const rows = k.shape[0];
		const keys = this.#layers[layer].keys.narrow(0, 0, rows);
		const values = this.#layers[layer].values.narrow(0, 0, rows);
		keys.narrow(2, column, 1).copy_(k.transpose(1, 2));
		values.narrow(2, column, 1).copy_(v.transpose(1, 2));
		return { keys: keys.narrow(2, 0, column + 1), values: values.narrow(2, 0, column + 1) };
	}

	/** Copies rows `from[i]` over rows `to[i]`, columns below `end`. */
	moveRows(from: readonly number[], to: readonly number[], end: number): void {
		tidy(() => {
			for (let i = 0; i < from.length; i++) {
				const used = (row: number) => this.#data.select(2, row).narrow(3, 0, end);
				used(to[i]).copy_(used(from[i]));
			}
		});
	}

	dispose(): void {
		for (const { keys, values } of this.#layers) {
			keys.dispose();
			values.dispose();
		}
		this.#data.dispose();
	}
}
