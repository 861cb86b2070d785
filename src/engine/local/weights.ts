import { expected, ThaliaError } from "../../errors.ts";
import type { Checkpoint } from "../../formats/checkpoint.ts";
import type { DecoderConfig } from "../../formats/hf-config.ts";
import { noGrad } from "./autograd.ts";
import type { Dtype } from "./native.ts";
import { type ParameterSpec, type Part, parameterSpecs } from "./parameters.ts";
import { keep, Tensor, tidy } from "./tensor.ts";

/** Compute precision of a model's weights. */
export type WeightDtype = "f32" | "bf16";

/** The parameters of one decoder, by their names in `parameterSpecs`, in that order. */
export type Weights = ReadonlyMap<string, Tensor>;

export const torchDtypes: Partial<Record<string, Dtype>> = { F32: "f32", BF16: "bf16", F16: "f16" };

/** What is read at once: an embedding as a whole, beside itself, would be a quarter more than a small model's weights. */
const bufferBytes = 8 * 2 ** 20;

/**
 * Reads a checkpoint's tensors into parameters of `dtype`, with little memory beside theirs.
 * @throws ThaliaError `tensor-missing`, `tensor-shape`, `tensor-dtype`
 */
export function loadWeights(checkpoint: Checkpoint, config: DecoderConfig, dtype: WeightDtype): Weights {
	const specs = parameterSpecs(config);
	for (const spec of specs) {
		for (const part of spec.parts) checkPart(checkpoint, spec, part);
	}
	const buffer = new Uint8Array(bufferBytes);
	return noGrad(
		() =>
			new Map(
				specs.map((spec) => {
					const tensor = keep(Tensor.empty(spec.shape, dtype));
					let row = 0;
					for (const part of spec.parts) {
						readRows(checkpoint, part, tensor, row, buffer);
						row += part.rows;
					}
					return [spec.name, tensor];
				}),
			),
	);
}

/** Copies a part into its rows of the parameter, from `row` on, a buffer of it after the other. */
function readRows(
	checkpoint: Checkpoint,
	{ name, rows }: Part,
	into: Tensor,
	row: number,
	buffer: Uint8Array,
): void {
	const { shape, dtype, byteLength } = checkpoint.entries.get(name)!;
	const rowBytes = byteLength / rows;
	const atOnce = Math.max(1, Math.floor(buffer.length / rowBytes));
	for (let start = 0; start < rows; start += atOnce) {
		const count = Math.min(atOnce, rows - start);
		const bytes =
			count * rowBytes <= buffer.length ? buffer.subarray(0, count * rowBytes) : new Uint8Array(rowBytes);
		checkpoint.readInto(name, start * rowBytes, bytes);
		tidy(() => {
			const source = Tensor.fromBytes(bytes, [count, ...shape.slice(1)], torchDtypes[dtype]!);
			into.narrow(0, row + start, count).copy_(source);
		});
	}
}

const belongs =
	"check that config.json belongs to these weights (layers, sizes, biases, tie_word_embeddings)";

function checkPart(checkpoint: Checkpoint, spec: ParameterSpec, part: Part): void {
	const entry = checkpoint.entries.get(part.name);
	if (entry === undefined) {
		throw new ThaliaError(
			"tensor-missing",
			`Expected tensor ${part.name} in ${checkpoint.dir} but it is not there`,
			{ fix: belongs },
		);
	}
	const shape = [part.rows, ...spec.shape.slice(1)];
	if (entry.shape.join() !== shape.join()) {
		throw expected(
			"tensor-shape",
			`shape [${shape.join(", ")}]`,
			`tensor ${part.name} in ${checkpoint.dir}`,
			`[${entry.shape.join(", ")}]`,
			belongs,
		);
	}
	if (torchDtypes[entry.dtype] === undefined) {
		throw expected(
			"tensor-dtype",
			"F32, BF16 or F16",
			`tensor ${part.name} in ${checkpoint.dir}`,
			entry.dtype,
		);
	}
}

/** Fresh weights: N(0, 0.02) with residual projections scaled by 1 / sqrt(2 layers) (GPT-2), norms 1, biases 0. */
export function randomWeights(config: DecoderConfig, dtype: WeightDtype, seed: number): Weights {
	return noGrad(
		() =>
			new Map(
				parameterSpecs(config).map((spec, index) => {
					const residual = spec.name.endsWith(".output") || spec.name.endsWith(".down");
					const deviation = residual ? 0.02 / Math.sqrt(2 * config.numLayers) : 0.02;
					const tensor = keep(Tensor.empty(spec.shape, dtype));
					if (spec.init === "normal") tensor.normal_(0, deviation, seed * 100_003 + index);
					else tensor.fill_(spec.init === "one" ? 1 : 0);
					return [spec.name, tensor];
				}),
			),
	);
}

/** One tensor of the checkpoint layout, its bytes made when asked for. */
export interface ExportedTensor {
	readonly name: string;
	readonly dtype: "F32" | "BF16";
	readonly shape: readonly number[];
	data(): Uint8Array;
}

/** The parameters under the checkpoint's names, ready to be written as safetensors. */
export function exportWeights(config: DecoderConfig, weights: Weights, dtype: WeightDtype): ExportedTensor[] {
	return parameterSpecs(config).flatMap((spec) => {
		let row = 0;
		return spec.parts.map((part): ExportedTensor => {
			const start = row;
			row += part.rows;
			return {
				name: part.name,
				dtype: dtype === "f32" ? "F32" : "BF16",
				shape: [part.rows, ...spec.shape.slice(1)],
				data: () => {
					const rows = weights.get(spec.name)!.narrow(0, start, part.rows);
					const bytes = rows.toBytes(dtype);
					rows.dispose();
					return bytes;
				},
			};
		});
	});
}

export function disposeWeights(weights: Weights): void {
	for (const tensor of weights.values()) tensor.dispose();
}
