import { expected } from "../../errors.ts";
import { type SafetensorsFile, type TensorToWrite } from "../../formats/safetensors.ts";
import { noGrad } from "./autograd.ts";
import { keep, Tensor } from "./tensor.ts";
import { torchDtypes, type WeightDtype, type Weights } from "./weights.ts";

/** Copies that live until they are disposed. */
export function copyWeights(weights: Weights, dtype?: WeightDtype): Weights {
	return noGrad(
		() =>
			new Map(
				[...weights].map(([name, tensor]) => {
					const copy = dtype === undefined || dtype === tensor.dtype ? tensor.clone() : tensor.to(dtype);
					return [name, keep(copy)];
				}),
			),
	);
}

/** Parameters as they are in memory, under `prefix` and their own names (`exportWeights` writes a checkpoint's). */
export function rawTensors(weights: Weights, prefix = ""): TensorToWrite[] {
	return [...weights].map(([name, tensor]) => ({
		name: prefix + name,
		dtype: tensor.dtype === "f32" ? "F32" : "BF16",
		shape: tensor.shape,
		data: () => tensor.toBytes(),
	}));
}

/**
 * Copies what `rawTensors` wrote into `weights`.
 * @throws ThaliaError `tensor-missing`, `tensor-shape`, `tensor-dtype`
 */
export function readRaw(file: SafetensorsFile, weights: Weights, prefix = ""): void {
	for (const [name, tensor] of weights) {
		const bytes = file.read(prefix + name);
		const { shape, dtype } = file.entries.get(prefix + name)!;
		const subject = `tensor ${prefix + name} in ${file.path}`;
		if (shape.join() !== tensor.shape.join()) {
			throw expected("tensor-shape", `shape [${tensor.shape.join(", ")}]`, subject, `[${shape.join(", ")}]`);
		}
		const stored = torchDtypes[dtype];
		if (stored === undefined) throw expected("tensor-dtype", "F32, BF16 or F16", subject, dtype);
		const source = Tensor.fromBytes(bytes, shape, stored);
		noGrad(() => tensor.copy_(source));
		source.dispose();
	}
}

/** Memory of the parameters. */
export function bytesOf(weights: Weights): number {
	return [...weights.values()].reduce(
		(sum, tensor) => sum + tensor.size * (tensor.dtype === "f32" ? 4 : 2),
		0,
	);
}
