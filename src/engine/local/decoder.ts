import { expected } from "../../errors.ts";
import type { DecoderConfig } from "../../formats/hf-config.ts";
import { type Attend, type BlockWeights, block, blockWeights } from "./block.ts";
import { attention, embedding, linear, rmsNorm } from "./ops.ts";
import type { Network } from "./packed-attention.ts";
import { type RopeTable, ropeTable } from "./rope.ts";
import { type Tensor, tidy } from "./tensor.ts";
import { disposeWeights, type WeightDtype, type Weights } from "./weights.ts";

/**
 * A decoder-only transformer of the Llama family (Llama 3, Qwen2, Qwen3): the network between token ids and the hidden
 * states that the vocabulary head reads.
 */
export class Decoder {
	readonly config: DecoderConfig;
	readonly weights: Weights;
	readonly dtype: WeightDtype;
	readonly blocks: readonly BlockWeights[];
	#rope: RopeTable | undefined;
	#positions = 0;

	constructor(config: DecoderConfig, weights: Weights) {
		this.config = config;
		this.weights = weights;
		this.dtype = weights.get("embed")!.dtype as WeightDtype;
		this.blocks = Array.from({ length: config.numLayers }, (_, layer) => blockWeights(weights, layer));
	}

	/** Head matrix [vocabulary, hidden]: the embedding where the two are tied. */
	get headWeight(): Tensor {
		return this.weights.get("head") ?? this.weights.get("embed")!;
	}

	/** cos and sin for positions 0 to count - 1, [count, headDim] each; grown as needed. */
	rope(count: number): RopeTable {
		if (count > this.config.maxPositions) {
			throw expected("too-many-positions", `at most ${this.config.maxPositions} tokens`, "a sequence", count);
		}
		if (count > this.#positions) {
			this.#rope?.cos.dispose();
			this.#rope?.sin.dispose();
			this.#positions = Math.min(this.config.maxPositions, Math.max(count, 2 * this.#positions, 128));
			this.#rope = ropeTable(this.config, this.#positions, this.dtype);
		}
		return this.#rope!;
	}

	embed(tokens: Tensor): Tensor {
		return embedding(this.weights.get("embed")!, tokens);
	}

	/**
	 * Hidden states after the final norm, [B, T, hidden], of token ids [B, T] (i64). Rows are padded at the end: causal
	 * attention keeps the padding from every real token, and its own outputs mean nothing.
	 * `observe` sees each layer's keys and values [B, T, kvHeads, d] (to fill a cache).
	 */
	forward(tokens: Tensor, observe?: (layer: number, k: Tensor, v: Tensor) => void): Tensor {
		const length = tokens.shape[1];
		return tidy(() => {
			const positions = this.positionsUpTo(length);
			let x = this.embed(tokens);
			for (let layer = 0; layer < this.blocks.length; layer++) {
				x = tidy(() =>
					this.layer(layer, x, positions, (q, k, v) => {
						observe?.(layer, k, v);
						return causalAttention(q, k, v);
					}),
				);
			}
			return this.finalNorm(x);
		});
	}

	/** Hidden states after the final norm, [1, N, hidden], of packed rows. */
	forwardPacked(network: Network): Tensor {
		return tidy(() => {
			const positions = this.positionsOf(network);
			let x = this.embed(network.tokens);
			for (let layer = 0; layer < this.blocks.length; layer++) {
				x = tidy(() => this.layer(layer, x, positions, network.attend));
			}
			return this.finalNorm(x);
		});
	}

	/** cos and sin of every row's position, [N, 1, d] each. */
	positionsOf({ positions, length }: Network): { cos: Tensor; sin: Tensor } {
		const { cos, sin } = this.rope(length);
		return {
			cos: cos.indexSelect(0, positions).unsqueeze(1),
			sin: sin.indexSelect(0, positions).unsqueeze(1),
		};
	}

	/** cos and sin of positions 0 to length - 1, broadcast over rows and heads. */
	positionsUpTo(length: number): { cos: Tensor; sin: Tensor } {
		const { cos, sin } = this.rope(length);
		return { cos: cos.narrow(0, 0, length).unsqueeze(1), sin: sin.narrow(0, 0, length).unsqueeze(1) };
	}

	layer(index: number, x: Tensor, positions: { cos: Tensor; sin: Tensor }, attend: Attend): Tensor {
		return block(this.config, this.blocks[index], x, positions, attend);
	}

	finalNorm(x: Tensor): Tensor {
		return rmsNorm(x, this.weights.get("finalNorm")!, this.config.rmsNormEps);
	}

	/** Logits [..., vocabulary] of hidden states [..., hidden]. */
	logits(hidden: Tensor): Tensor {
		return linear(hidden, this.headWeight);
	}

	dispose(): void {
		disposeWeights(this.weights);
		this.#rope?.cos.dispose();
		this.#rope?.sin.dispose();
	}
}

/** Every token attends to itself and those before it. q [B, T, heads, d], k and v [B, T, kvHeads, d]. */
export function causalAttention(q: Tensor, k: Tensor, v: Tensor): Tensor {
	const [B, T, heads, d] = q.shape;
	const grouped = k.shape[2] !== heads;
	const out = attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), { causal: true, grouped });
	return out.transpose(1, 2).reshape(B, T, heads * d);
}
