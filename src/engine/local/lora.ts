import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expected, ThaliaError } from "../../errors.ts";
import type { DecoderConfig } from "../../formats/hf-config.ts";
import { SafetensorsFile } from "../../formats/safetensors.ts";
import { noGrad } from "./autograd.ts";
import type { Dtype } from "./native.ts";
import { parameterSpecs } from "./parameters.ts";
import { Tensor, tidy } from "./tensor.ts";
import { type Weights } from "./weights.ts";

/** adapter_config.json, the fields that change the result. */
interface AdapterConfig {
	readonly r: number;
	readonly lora_alpha: number;
	readonly use_rslora?: boolean;
	readonly [option: string]: unknown;
}

/** Options that would need another formula: better refused than ignored. */
const unsupported = [
	"use_dora",
	"fan_in_fan_out",
	"alora_invocation_tokens",
	"rank_pattern",
	"alpha_pattern",
];

const dtypes: Partial<Record<string, Dtype>> = { F32: "f32", BF16: "bf16", F16: "f16" };

/**
 * Adds a PEFT adapter into the weights: W += scaling B A, scaling = alpha / r, or alpha / sqrt(r) with rsLoRA
 * (Hu et al. 2021; Kalajdzievski 2023).
 * @throws ThaliaError `adapter-missing`, `adapter-unsupported`, `adapter-mismatch`, before any weight changes
 */
export function mergeAdapter(weights: Weights, config: DecoderConfig, dir: string): void {
	const adapter = readAdapterConfig(dir);
	const scaling = adapter.lora_alpha / (adapter.use_rslora === true ? Math.sqrt(adapter.r) : adapter.r);
	const file = SafetensorsFile.open(join(dir, "adapter_model.safetensors"));
	try {
		const places = matrixPlaces(config);
		const additions = [...file.entries.keys()]
			.filter((name) => name.endsWith(".lora_A.weight"))
			.map((name) => findAddition(file, name, places, dir));
		if (2 * additions.length !== file.entries.size) {
			const odd = [...file.entries.keys()].find((name) => !/\.lora_[AB]\.weight$/.test(name));
			throw expected("adapter-unsupported", "lora_A and lora_B tensors alone", dir, odd);
		}
		for (const { a, b, place } of additions) {
			noGrad(() => {
				tidy(() => {
					const read = (name: string) => {
						const { shape, dtype } = file.entries.get(name)!;
						return Tensor.fromBytes(file.read(name), shape, dtypes[dtype]!).to("f32");
					};
					const rows = weights.get(place.parameter)!.narrow(0, place.start, place.rows);
					rows.copy_(rows.to("f32").add(read(b).matmul(read(a)).mul(scaling)));
				});
			});
		}
	} finally {
		file.close();
	}
}

interface Place {
	readonly parameter: string;
	readonly start: number;
	readonly rows: number;
	readonly columns: number;
}

function matrixPlaces(config: DecoderConfig): Map<string, Place> {
	const places = new Map<string, Place>();
	for (const spec of parameterSpecs(config)) {
		let start = 0;
		for (const part of spec.parts) {
			if (spec.shape.length === 2) {
				places.set(part.name, { parameter: spec.name, start, rows: part.rows, columns: spec.shape[1] });
			}
			start += part.rows;
		}
	}
	return places;
}

function findAddition(file: SafetensorsFile, a: string, places: Map<string, Place>, dir: string) {
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
	return { a, b, place };
}

function readAdapterConfig(dir: string): AdapterConfig {
	const path = join(dir, "adapter_config.json");
	if (!existsSync(path)) {
		throw new ThaliaError("adapter-missing", `Expected adapter_config.json in ${dir} but it is not there`, {
			fix: "give the folder that PEFT's save_pretrained wrote",
		});
	}
	const config = JSON.parse(readFileSync(path, "utf8")) as AdapterConfig;
	if (config.peft_type !== "LORA")
		throw expected("adapter-unsupported", "LORA", `${path}: peft_type`, config.peft_type);
	for (const option of unsupported) {
		const value = config[option];
		const set = value !== null && typeof value === "object" ? Object.keys(value).length > 0 : Boolean(value);
		if (set) throw expected("adapter-unsupported", "the option unset", `${path}: ${option}`, value);
	}
	if (!(config.r >= 1) || !Number.isFinite(config.lora_alpha)) {
		throw expected("adapter-unsupported", "a rank of 1 or more and a finite lora_alpha", path, [
			config.r,
			config.lora_alpha,
		]);
	}
	return config;
}
