import { expected } from "../../errors.ts";
import type { DecoderConfig } from "../../formats/hf-config.ts";
import {
	type Attend,
	type BlockActivations,
	type BlockOptions,
	type BlockWeights,
	blockForward,
	blockWeights,
	type PackedBlock,
} from "./block.ts";
import type { Adapters } from "./lora/adapters.ts";
import { embedding, linear, type Rotation, rmsNorm } from "./ops.ts";
import type { Network } from "./packed-attention.ts";
import { type RopeTable, ropeTable } from "./rope.ts";
import { type Tensor, tidy } from "./tensor.ts";
import { disposeWeights, type WeightDtype, type Weights } from "./weights.ts";

export interface ForwardOptions {
	/** Sees every layer's activations, which are gone after it. */
	readonly observe?: (layer: number, activations: BlockActivations) => void;
	/** The layers' matrices as `packDecoder` lays them out. */
	readonly packed?: readonly PackedBlock[];
}

/**
 * A decoder-only transformer of the Llama family (Llama 3, Qwen2, Qwen3): the network between token ids and the hidden
 * states that the vocabulary head reads.
 */
export class Decoder {
	readonly config: DecoderConfig;
	readonly weights: Weights;
	readonly adapters: Adapters | undefined;
	readonly dtype: WeightDtype;
	readonly blocks: readonly BlockWeights[];
	#rope: RopeTable | undefined;
	#positions = 0;

	/** @param adapters what is added to `weights`, which then belong to another decoder and do not change */
	constructor(config: DecoderConfig, weights: Weights, adapters?: Adapters) {
		this.config = config;
		this.weights = weights;
		this.adapters = adapters;
		this.dtype = weights.get("embed")!.dtype as WeightDtype;
		this.blocks = Array.from({ length: config.numLayers }, (_, layer) =>
			blockWeights(weights, layer, adapters?.ofLayer(layer)),
		);
	}

	/** What learning moves: the adapters alone where there are some. */
	get trainable(): Weights {
		return this.adapters?.weights ?? this.weights;
	}

	/** The same decoder with other trainable weights. */
	withTrainable(weights: Weights): Decoder {
		if (this.adapters === undefined) return new Decoder(this.config, weights);
		return new Decoder(this.config, this.weights, this.adapters.withWeights(weights));
	}

	/** Head matrix [vocabulary, hidden]: the embedding where the two are tied. */
	get headWeight(): Tensor {
		return this.weights.get("head") ?? this.weights.get("embed")!;
	}

	/** The angles of rows at `positions` ([N] i64, each below `count`). */
	rotation(positions: Tensor, count: number): Rotation {
		if (count > this.config.maxPositions) {
			throw expected("too-many-positions", `at most ${this.config.maxPositions} tokens`, "a sequence", count);
		}
		if (count > this.#positions) {
			this.#rope?.cos.dispose();
			this.#rope?.sin.dispose();
			this.#positions = Math.min(this.config.maxPositions, Math.max(count, 2 * this.#positions, 128));
			this.#rope = ropeTable(this.config, this.#positions);
		}
		return { positions, ...this.#rope! };
	}

	/** Embeddings [N, hidden] of token ids [N]. */
	embed(tokens: Tensor): Tensor {
		return embedding(this.weights.get("embed")!, tokens);
	}

	/** Hidden states after the final norm, [N, hidden], of packed rows. */
	forward(network: Network, { observe, packed }: ForwardOptions = {}): Tensor {
		return tidy(() => {
			const rotation = this.rotation(network.positions, network.length);
			let x = this.embed(network.tokens);
			for (let layer = 0; layer < this.blocks.length; layer++) {
				x = tidy(() => {
					const attend = (qkv: Tensor) => network.attend(this.config, qkv);
					const { output, activations } = this.layer(layer, x, rotation, attend, {
						packed: packed?.[layer],
					});
					observe?.(layer, activations);
					return output;
				});
			}
			return this.finalNorm(x);
		});
	}

	layer(
		index: number,
		x: Tensor,
		rotation: Rotation,
		attend: Attend,
		options?: BlockOptions,
	): { output: Tensor; activations: BlockActivations } {
		return blockForward(this.config, this.blocks[index], x, rotation, attend, options);
	}

	finalNorm(x: Tensor): Tensor {
		return rmsNorm(x, this.weights.get("finalNorm")!, this.config.rmsNormEps);
	}

	/** Logits [..., vocabulary] of hidden states [..., hidden]. */
	logits(hidden: Tensor): Tensor {
		return linear(hidden, this.headWeight);
	}

	/** Gives back the trainable weights. */
	dispose(): void {
		disposeWeights(this.trainable);
		this.#rope?.cos.dispose();
		this.#rope?.sin.dispose();
	}
}
