import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ThaliaError } from "../../errors.ts";
import { finishFolder, temporaryName } from "../../runs/atomic.ts";
import { type DecoderConfig, serializeDecoderConfig } from "../hf-config.ts";
import { type TensorToWrite, writeSafetensors } from "../safetensors.ts";
import { ggufDecoderConfig } from "./gguf-config.ts";
import { GgufFile, type GgufTensor } from "./gguf-file.ts";
import { ggufTokenizer } from "./gguf-tokenizer.ts";
import { dequantise } from "./quantisation.ts";
import { huggingFaceName, ropeFrequencies } from "./tensor-names.ts";

export interface ConvertOptions {
	/** Called with the share that is done, from 0 to 1. */
	readonly onProgress?: (share: number) => void;
}

/**
 * Writes the model of a GGUF file as a folder in Hugging Face layout, which is new or empty and appears whole or not at
 * all. Every value is kept to the bit: quantised tensors become float32, the others keep their type. One tensor is in
 * memory at a time.
 * @throws ThaliaError `gguf-...`, `folder-not-empty`, `safetensors-write`
 */
export function convertGguf(path: string, dir: string, options: ConvertOptions = {}): void {
	const target = resolve(dir);
	if (existsSync(target) && readdirSync(target).length > 0) {
		throw new ThaliaError("folder-not-empty", `Expected a new or empty folder but ${dir} has files in it`);
	}
	const file = GgufFile.open(path);
	try {
		const config = ggufDecoderConfig(file);
		const tensors = tensorsOf(file, config, options.onProgress);
		const texts = textFiles(file, config);
		mkdirSync(dirname(target), { recursive: true });
		const temporary = temporaryName(target);
		rmSync(temporary, { recursive: true, force: true });
		mkdirSync(temporary);
		try {
			for (const [name, text] of texts) writeFileSync(join(temporary, name), text);
			writeSafetensors(join(temporary, "model.safetensors"), tensors, { format: "pt" });
			rmSync(target, { recursive: true, force: true });
			finishFolder(temporary, target);
		} catch (error) {
			rmSync(temporary, { recursive: true, force: true });
			throw error;
		}
	} finally {
		file.close();
	}
}

function textFiles(file: GgufFile, config: DecoderConfig): [string, string][] {
	const { bosTokenId, eosTokenIds, padTokenId } = config;
	const generation = { bos_token_id: bosTokenId, eos_token_id: eosTokenIds, pad_token_id: padTokenId };
	const files = {
		"config.json": serializeDecoderConfig(config),
		"generation_config.json": generation,
		...ggufTokenizer(file),
	};
	return Object.entries(files).map(([name, content]) => [
		name,
		typeof content === "string" ? content : `${JSON.stringify(content, null, 1)}\n`,
	]);
}

function tensorsOf(
	file: GgufFile,
	config: DecoderConfig,
	onProgress: ((share: number) => void) | undefined,
): TensorToWrite[] {
	const listed = [...file.tensors.values()].filter(({ name }) => name !== ropeFrequencies);
	const total = listed.reduce((sum, { byteLength }) => sum + byteLength, 0);
	let done = 0;
	return listed.map((tensor) => {
		const name = huggingFaceName(tensor.name);
		if (name === undefined) {
			throw new ThaliaError(
				"gguf-unsupported",
				`${file.path}: Expected only tensors of a ${config.architecture} model but received ${tensor.name}`,
			);
		}
		const { dtype, values } = stored(tensor);
		const heads = config.architecture === "llama" ? rotatedHeads(name, config) : undefined;
		return {
			name,
			dtype,
			shape: tensor.shape,
			data: () => {
				const bytes = values(file.read(tensor.name));
				done += tensor.byteLength;
				onProgress?.(done / total);
				return heads === undefined ? bytes : unpermuted(bytes, heads, tensor.shape);
			},
		};
	});
}

function stored({ type }: GgufTensor): {
	readonly dtype: "F32" | "F16" | "BF16";
	readonly values: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
} {
	if (type === "F32" || type === "F16" || type === "BF16") return { dtype: type, values: (bytes) => bytes };
	return { dtype: "F32", values: (bytes) => new Uint8Array(dequantise(type, bytes).buffer) };
}

function rotatedHeads(name: string, { numHeads, numKvHeads }: DecoderConfig): number | undefined {
	if (/\.q_proj\./.test(name)) return numHeads;
	return /\.k_proj\./.test(name) ? numKvHeads : undefined;
}

/**
 * llama.cpp turns neighbouring dimensions of a Llama's queries and keys, Hugging Face those half a head apart: rows
 * [head, d / 2, 2] go back to [head, 2, d / 2].
 */
function unpermuted(bytes: Uint8Array, heads: number, shape: readonly number[]): Uint8Array {
	const half = shape[0] / heads / 2;
	const rowBytes = bytes.length / shape[0];
	const out = new Uint8Array(bytes.length);
	for (let row = 0; row < shape[0]; row++) {
		const head = Math.floor(row / (2 * half));
		const within = row - head * 2 * half;
		const to = head * 2 * half + (within % 2) * half + (within >> 1);
		out.set(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), to * rowBytes);
	}
	return out;
}
