import type { Decoder } from "./decoder.ts";
import { native } from "./native.ts";
import { type Span, spanTable } from "./packed-attention.ts";
import { handleOf, keep, Tensor, tidy } from "./tensor.ts";

/** The rows of a batch that are still sampled, those of one prompt together. */
export interface LiveRows {
	/** Place of each row's own keys and values, [rows] i32. */
	readonly slots: Tensor;
	/** Where each prompt's rows begin, and their number at the end, [prompts + 1] i32. */
	readonly offsets: Tensor;
}

/**
 * Keys and values of every layer for a batch of completions, allocated once: each prompt's once for all its
 * completions, and each completion's own.
 */
export class KvCache {
	readonly #decoder: Decoder;
	/** [layers][prompt rows, 2 kvHeads d]: keys, then values. */
	readonly #prompts: readonly Tensor[];
	/** Keys and values of each layer's completions. */
	readonly #own: readonly (readonly [keys: Tensor, values: Tensor])[];
	/** [prompts, 2] i32. */
	readonly #spans: Tensor;

	/** @param columns tokens that a completion may have */
	constructor(decoder: Decoder, prompts: readonly Span[], slots: number, columns: number) {
		const { numLayers, numKvHeads, headDim } = decoder.config;
		const rows = prompts.reduce((sum, { length }) => sum + length, 0);
		const layers = Array.from({ length: numLayers });
		this.#decoder = decoder;
		this.#prompts = layers.map(() => keep(Tensor.empty([rows, 2 * numKvHeads * headDim], decoder.dtype)));
		this.#own = layers.map(() => {
			const [keys, values] = native.decodeCache(slots, numKvHeads, columns, headDim, decoder.dtype);
			return keep([new Tensor(keys), new Tensor(values)] as const);
		});
		this.#spans = keep(spanTable(prompts));
	}

	/** Bytes that one column of one completion takes in all layers. */
	static bytesPerColumn({ config, dtype }: Decoder): number {
		return config.numLayers * 2 * config.numKvHeads * config.headDim * (dtype === "f32" ? 4 : 2);
	}

	/** Keeps the keys and values of prompts, qkv [rows, (heads + 2 kvHeads) d], which lie from row `start` on. */
	storePrompts(layer: number, qkv: Tensor, start: number): void {
		const { numHeads, headDim } = this.#decoder.config;
		tidy(() => {
			const own = qkv.narrow(1, numHeads * headDim, qkv.shape[1] - numHeads * headDim);
			this.#prompts[layer].narrow(0, start, own.shape[0]).copy_(own);
		});
	}

	/**
	 * Keeps the keys and values of one new token a row, qkv [rows, (heads + 2 kvHeads) d], as `column` of its completion,
	 * and lets it attend to its prompt and to the completion up to itself: the heads' outputs [rows, heads * d].
	 */
	attend(layer: number, qkv: Tensor, { slots, offsets }: LiveRows, column: number): Tensor {
		const { numHeads } = this.#decoder.config;
		const [keys, values] = this.#own[layer];
		const tensors = [this.#prompts[layer], this.#spans, offsets, slots, keys, values];
		const [prompts, spans, ...rest] = tensors.map((t) => handleOf(t, "decodeAttention"));
		const [at, places, k, v] = rest;
		return new Tensor(
			native.decodeAttention(
				handleOf(qkv, "decodeAttention"),
				numHeads,
				prompts,
				spans,
				at,
				places,
				k,
				v,
				column,
			),
		);
	}

	dispose(): void {
		for (const tensor of [...this.#prompts, ...this.#own.flat(), this.#spans]) tensor.dispose();
	}
}
