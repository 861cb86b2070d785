import type { PackedBlock } from "./block.ts";
import type { Decoder } from "./decoder.ts";
import { HeadProduct } from "./head-blocks.ts";
import { packWeight } from "./ops.ts";
import { keep, type Tensor } from "./tensor.ts";

/** A decoder whose matrices are laid out for products with few rows: for as long as its weights stay as they are. */
export interface PackedDecoder {
	readonly decoder: Decoder;
	readonly blocks: readonly PackedBlock[];
	/** Logits [N, vocabulary] f32 of hidden states [N, hidden]. */
	readonly logits: (hidden: Tensor) => Tensor;
	dispose(): void;
}

/** Takes as much memory again as the matrices have. */
export function packDecoder(decoder: Decoder): PackedDecoder {
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
	const head = new HeadProduct(decoder.headWeight);
	return {
		decoder,
		blocks,
		logits: (hidden) => head.logits(hidden),
		dispose: () => {
			for (const tensor of packed) tensor.dispose();
			head.dispose();
		},
	};
}
