import { join } from "node:path";
import { expected } from "../../../errors.ts";
import type { DecoderConfig } from "../../../formats/hf-config.ts";
import { SafetensorsFile } from "../../../formats/safetensors.ts";
import type { Dtype } from "../native.ts";
import { parameterSpecs } from "../parameters.ts";
import { Tensor } from "../tensor.ts";
import { peftWeightsFile } from "./peft-config.ts";

/** Rows of a parameter that an adapter's pair adds to. */
export interface Place {
	/** The projection's weight in a checkpoint's names. */
	readonly name: string;
	readonly parameter: string;
	readonly start: number;
	readonly rows: number;
	readonly columns: number;
}

/** A projection's A [r, columns] and B [rows, r] in an open file. */
export interface AdapterPair {
	readonly place: Place;
	readonly rank: number;
	a(): Tensor;
	b(): Tensor;
}

const dtypes: Partial<Record<string, Dtype>> = { F32: "f32", BF16: "bf16", F16: "f16" };

/** The pairs of a PEFT folder, all of them checked before `use` is called. @throws ThaliaError `adapter-mismatch`, `adapter-unsupported` */
export function withAdapterPairs<T>(
	dir: string,
	config: DecoderConfig,
	use: (pairs: readonly AdapterPair[]) => T,
): T {
	const file = SafetensorsFile.open(join(dir, peftWeightsFile));
	try {
		const places = matrixPlaces(config);
		const names = [...file.entries.keys()];
		const pairs = names
			.filter((name) => name.endsWith(".lora_A.weight"))
			.map((name) => pairOf(file, name, places, dir));
		if (2 * pairs.length !== names.length) {
			const odd = names.find((name) => !/\.lora_[AB]\.weight$/.test(name)) ?? "an A or a B alone";
			throw expected("adapter-unsupported", "lora_A and lora_B tensors alone", dir, odd);
		}
		return use(pairs);
	} finally {
		file.close();
	}
}

export function peftName(parameter: string, kind: "A" | "B"): string {
	return `base_model.model.${parameter.replace(/\.weight$/, "")}.lora_${kind}.weight`;
}

function matrixPlaces(config: DecoderConfig): Map<string, Place> {
	const places = new Map<string, Place>();
	for (const { name: parameter, shape, parts } of parameterSpecs(config)) {
		let start = 0;
		for (const { name, rows } of parts) {
			if (shape.length === 2) places.set(name, { name, parameter, start, rows, columns: shape[1] });
			start += rows;
		}
	}
	return places;
}

function pairOf(file: SafetensorsFile, a: string, places: Map<string, Place>, dir: string): AdapterPair {
	const b = a.replace(".lora_A.", ".lora_B.");
	const target = a.replace(/^base_model\.model\./, "").replace(".lora_A.weight", ".weight");
	const place = places.get(target);
	if (place === undefined)
		throw expected("adapter-mismatch", "a matrix of the model", `${dir}: adapter target`, target);
	const [shapeA, shapeB] = [file.entries.get(a)?.shape, file.entries.get(b)?.shape];
	const fits =
		shapeA?.length === 2 &&
		shapeB?.length === 2 &&
		shapeA[1] === place.columns &&
		shapeB[0] === place.rows &&
		shapeA[0] === shapeB[1];
	if (!fits) {
		throw expected(
			"adapter-mismatch",
			`[r, ${place.columns}] and [${place.rows}, r]`,
			`${dir}: adapter of ${target}`,
			[shapeA, shapeB],
		);
	}
	for (const name of [a, b]) {
		const { dtype } = file.entries.get(name)!;
		if (dtypes[dtype] === undefined)
			throw expected("adapter-unsupported", "F32, BF16 or F16", `${dir}: ${name}`, dtype);
	}
	const read = (name: string) => {
		const { shape, dtype } = file.entries.get(name)!;
		return Tensor.fromBytes(file.read(name), shape, dtypes[dtype]!);
	};
	return { place, rank: shapeA[0], a: () => read(a), b: () => read(b) };
}
