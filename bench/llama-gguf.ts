import { join } from "node:path";
import { Checkpoint } from "../src/formats/checkpoint.ts";
import { huggingFaceName } from "../src/formats/gguf/tensor-names.ts";
import { type DecoderConfig, readDecoderConfig } from "../src/formats/hf-config.ts";
import { type GgufField, type GgufTensorToWrite, writeGguf } from "../src/testing/gguf.ts";

/** GGUF's numbers of the element types, by safetensors' names. */
const elementTypes: Record<string, number> = { F32: 0, F16: 1, BF16: 30 };

/**
 * Writes the Llama model of a folder as `model.gguf` beside its safetensors, for llama.cpp: the same values, matrices in
 * the folder's type and norms in f32, without a vocabulary of texts. @returns the file's path
 */
export function writeLlamaGguf(dir: string): string {
	const config = readDecoderConfig(dir);
	const checkpoint = Checkpoint.open(dir);
	try {
		const tensors = tensorNames(config).map((name): GgufTensorToWrite => {
			const from = huggingFaceName(name)!;
			const { dtype, shape } = checkpoint.entries.get(from)!;
			const bytes = checkpoint.read(from);
			if (shape.length === 1) return { name, type: 0, shape, bytes: asF32(bytes, dtype) };
			const heads = name.includes("attn_q.")
				? config.numHeads
				: name.includes("attn_k.")
					? config.numKvHeads
					: undefined;
			return {
				name,
				type: elementTypes[dtype],
				shape,
				bytes: heads === undefined ? bytes : neighbouring(bytes, heads, shape[0]),
			};
		});
		const path = join(dir, "model.gguf");
		writeGguf(path, metadata(config), tensors);
		return path;
	} finally {
		checkpoint.close();
	}
}

function metadata(c: DecoderConfig): Record<string, GgufField> {
	return {
		"general.architecture": { text: "llama" },
		"llama.vocab_size": { u32: c.vocabSize },
		"llama.context_length": { u32: c.maxPositions },
		"llama.embedding_length": { u32: c.hiddenSize },
		"llama.block_count": { u32: c.numLayers },
		"llama.feed_forward_length": { u32: c.intermediateSize },
		"llama.attention.head_count": { u32: c.numHeads },
		"llama.attention.head_count_kv": { u32: c.numKvHeads },
		"llama.attention.key_length": { u32: c.headDim },
		"llama.attention.value_length": { u32: c.headDim },
		"llama.rope.dimension_count": { u32: c.headDim },
		"llama.rope.freq_base": { f32: c.ropeTheta },
		"llama.attention.layer_norm_rms_epsilon": { f32: c.rmsNormEps },
		"tokenizer.ggml.model": { text: "none" },
	};
}

function tensorNames({ numLayers, tieWordEmbeddings }: DecoderConfig): string[] {
	const parts = ["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up"];
	const layer = (i: number) => [...parts, "ffn_down"].map((part) => `blk.${i}.${part}.weight`);
	return [
		"token_embd.weight",
		...Array.from({ length: numLayers }, (_, i) => layer(i)).flat(),
		"output_norm.weight",
		...(tieWordEmbeddings ? [] : ["output.weight"]),
	];
}

/** llama.cpp turns neighbouring dimensions of a head, Hugging Face those half a head apart: [2, d / 2] to [d / 2, 2]. */
function neighbouring(bytes: Uint8Array, heads: number, rows: number): Uint8Array {
	const size = rows / heads;
	const rowBytes = bytes.length / rows;
	const out = new Uint8Array(bytes.length);
	for (let row = 0; row < rows; row++) {
		const within = row % size;
		const to = row - within + (within % (size / 2)) * 2 + Math.floor(within / (size / 2));
		out.set(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), to * rowBytes);
	}
	return out;
}

function asF32(bytes: Uint8Array, dtype: string): Uint8Array {
	if (dtype === "F32") return bytes;
	// A bf16 is the upper half of its f32.
	const halves = new Uint16Array(bytes.slice().buffer);
	return new Uint8Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}
