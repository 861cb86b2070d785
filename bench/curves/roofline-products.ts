import { blockRows } from "../../src/engine/local/block-sizes.ts";
import type { Decoder } from "../../src/engine/local/decoder.ts";
import { BlockLogits, forEachBlock } from "../../src/engine/local/head-blocks.ts";
import { linear } from "../../src/engine/local/ops.ts";
import { packDecoder } from "../../src/engine/local/packed-decoder.ts";
import { Tensor, tidy } from "../../src/engine/local/tensor.ts";
import type { RooflinePoint } from "./roofline.ts";

const layerProducts = ["qkv", "output", "gateUp", "down"] as const;
type Product = (typeof layerProducts)[number] | "head";

/**
 * The products of a forward pass over `rows` rows, in the order of a pass, so that each weight comes from where a pass
 * finds it: decoding has its weights laid out before, learning lays them out as it goes.
 */
export function productPoints(
	decoder: Decoder,
	group: "decoding" | "learning",
	rows: number,
	passes: number,
): RooflinePoint[] {
	return tidy(() => {
		const { config } = decoder;
		const input = (columns: number) => Tensor.empty([rows, columns]).normal_(0, 1, columns).to(decoder.dtype);
		const inputs = {
			qkv: input(config.hiddenSize),
			output: input(config.numHeads * config.headDim),
			gateUp: input(config.hiddenSize),
			down: input(config.intermediateSize),
		};
		const head = () => learningHead(inputs.qkv, decoder.headWeight);
		const packed = group === "decoding" ? packDecoder(decoder) : undefined;
		const times: Record<Product, number[]> = { qkv: [], output: [], gateUp: [], down: [], head: [] };
		try {
			for (let pass = 0; pass <= passes; pass++) {
				const spent: Record<Product, number> = { qkv: 0, output: 0, gateUp: 0, down: 0, head: 0 };
				const timed = (name: Product, product: () => void) => {
					const started = performance.now();
					tidy(product);
					spent[name] += (performance.now() - started) / 1000;
				};
				decoder.blocks.forEach((block, layer) => {
					for (const name of layerProducts) {
						timed(
							name,
							() => void linear(inputs[name], block[name], { packed: packed?.blocks[layer][name] }),
						);
					}
				});
				timed("head", packed === undefined ? head : () => void packed.logits(inputs.qkv));
				// The first one finds no memory yet.
				if (pass > 0) for (const name of [...layerProducts, "head"] as const) times[name].push(spent[name]);
			}
		} finally {
			packed?.dispose();
		}
		const size = decoder.dtype === "f32" ? 4 : 2;
		const point = (name: Product, weight: Tensor, calls: number, outputSize = size): RooflinePoint => {
			const [out, columns] = weight.shape;
			return {
				group,
				name,
				...productSize(rows, out, columns, size, outputSize),
				seconds: Math.min(...times[name]) / calls,
			};
		};
		const [block] = decoder.blocks;
		return [
			...layerProducts.map((name) => point(name, block[name], decoder.blocks.length)),
			// Logits are f32 whatever the weights are.
			point("head", decoder.headWeight, 1, 4),
		];
	});
}

/** As learning does it: the weight laid out once, the rows in blocks. */
function learningHead(hidden: Tensor, weight: Tensor): void {
	const [rows] = hidden.shape;
	const logits = new BlockLogits(hidden, weight);
	forEachBlock(rows, blockRows(rows, weight.shape[0]), (start, count) => {
		logits.of(start, count);
	});
}

/** x [rows, columns] W [out, columns]^T: its operations, and the bytes of x, W and the result, each once. */
export function productSize(
	rows: number,
	out: number,
	columns: number,
	size: number,
	outputSize = size,
): { operations: number; bytes: number } {
	return {
		operations: 2 * rows * out * columns,
		bytes: (rows * columns + out * columns) * size + rows * out * outputSize,
	};
}
