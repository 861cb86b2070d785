import type { PackedBlock } from "./block.ts";
import type { Decoder } from "./decoder.ts";
import { HeadProduct } from "./head-blocks.ts";
import { packWeight } from "./ops.ts";
import { keep, type Tensor } from "./tensor.ts";

/** The matrices of a decoder's layers, laid out for products: for as long as its weights stay as they are. */
export interface PackedBlocks {
	readonly blocks: readonly PackedBlock[];
	dispose(): void;
}

/** Takes as much memory again as the matrices have. */
export function packBlocks(decoder: Decoder): PackedBlocks {
	const packed: Tensor[] = [];
	const pack = (weight: Tensor) => {
		const result = packWeight(weight);
		if (result !== undefined) packed.push(keep(result));
		return result;
	};
	const blocks = decoder.blocks.map((w) => ({
		qkv: pack(w.qkv),
		output: pack(w.output),
		gateUp: pack(w.gateUp),
		down: pack(w.down),
	}));
	return {
		blocks,
		dispose: () => {
			for (const tensor of packed) tensor.dispose();
		},
	};
}

/** The same with the head. */
export interface PackedDecoder extends PackedBlocks {
	readonly decoder: Decoder;
	/** Logits [N, vocabulary] f32 of hidden states [N, hidden]. */
	readonly logits: (hidden: Tensor) => Tensor;
}

export function packDecoder(decoder: Decoder): PackedDecoder {
	const packed = packBlocks(decoder);
	const head = new HeadProduct(decoder.headWeight);
	return {
		decoder,
		blocks: packed.blocks,
		logits: (hidden) => head.logits(hidden),
		dispose: () => {
			packed.dispose();
			head.dispose();
		},
	};
}
