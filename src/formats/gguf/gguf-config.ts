import { ThaliaError } from "../../errors.ts";
import type { Architecture, DecoderConfig, RopeScaling } from "../hf-config.ts";
import type { GgufFile, Metadata } from "./gguf-file.ts";
import { ropeFrequencies } from "./tensor-names.ts";

/**
 * What config.json would say of the model in a GGUF file.
 * @throws ThaliaError `gguf-unsupported`, `gguf-header`
 */
export function ggufDecoderConfig(file: GgufFile): DecoderConfig {
	const { metadata: m, tensors } = file;
	const architecture = architectureOf(m);
	const key = (name: string) => `${architecture}.${name}`;
	refuseVariants(m, key);

	const hiddenSize = m.natural(key("embedding_length"));
	const numHeads = m.natural(key("attention.head_count"));
	const headDim = m.natural(key("attention.key_length"), hiddenSize / numHeads);
	if (m.natural(key("rope.dimension_count"), headDim) !== headDim)
		throw m.unsupported(key("rope.dimension_count"), `the whole head of ${headDim}`);
	const embedding = tensors.get("token_embd.weight");
	if (embedding === undefined) throw m.unsupported("token_embd.weight", "an embedding");

	const plain = {
		ropeTheta: shortest(m.number(key("rope.freq_base"), 10_000)),
		headDim,
	};
	return {
		...plain,
		architecture,
		vocabSize: embedding.shape[0],
		hiddenSize,
		intermediateSize: m.natural(key("feed_forward_length")),
		numLayers: m.natural(key("block_count")),
		numHeads,
		numKvHeads: m.natural(key("attention.head_count_kv"), numHeads),
		rmsNormEps: shortest(m.number(key("attention.layer_norm_rms_epsilon"))),
		ropeScaling: ropeScaling(file, plain),
		tieWordEmbeddings: !tensors.has("output.weight"),
		qkvBias: tensors.has("blk.0.attn_q.bias"),
		outputBias: tensors.has("blk.0.attn_output.bias"),
		mlpBias: tensors.has("blk.0.ffn_up.bias"),
		qkNorm: architecture === "qwen3",
		maxPositions: m.natural(key("context_length")),
		bosTokenId: m.token("tokenizer.ggml.bos_token_id"),
		eosTokenIds: endTokens(m),
		padTokenId: m.token("tokenizer.ggml.padding_token_id"),
		// Of what it was made with, nothing is said: computing starts from float32.
		dtype: "f32",
	};
}

function architectureOf(m: Metadata): Architecture {
	const value = m.text("general.architecture");
	if (value === "llama" || value === "qwen2" || value === "qwen3") return value;
	throw m.unsupported(
		"general.architecture",
		"llama, qwen2 or qwen3",
		"Thalia runs dense Llama 3, Qwen2, Qwen2.5 and Qwen3 models",
	);
}

function refuseVariants(m: Metadata, key: (name: string) => string): void {
	if (m.has(key("expert_count")) && m.number(key("expert_count")) > 0)
		throw m.unsupported(key("expert_count"), "a dense model");
	if (m.has(key("attention.sliding_window")) && m.number(key("attention.sliding_window")) > 0)
		throw m.unsupported(key("attention.sliding_window"), "full attention in every layer");
	const scaling = key("rope.scaling.type");
	if (m.has(scaling) && m.raw(scaling) !== "none" && m.raw(scaling) !== "llama3")
		throw m.unsupported(scaling, "plain rotary embeddings or Llama 3's");
	if (m.has("split.count") && m.number("split.count") > 1) {
		throw m.unsupported(
			"split.count",
			"a model in one file",
			"join the parts first: llama-gguf-split --merge FIRST-PART OUT",
		);
	}
}

/** Whatever ends a turn or a text. */
function endTokens(m: Metadata): number[] {
	const keys = ["eos_token_id", "eot_token_id", "eom_token_id"];
	const ids = keys.map((key) => m.token(`tokenizer.ggml.${key}`)).filter((id) => id !== null);
	return [...new Set(ids)];
}

/**
 * Llama 3's scaling is in the file as what each frequency is divided by. It is put back into the parameters that it was
 * made from, of which all models since Llama 3.1 share all but the factor.
 */
function ropeScaling(
	file: GgufFile,
	rope: { readonly ropeTheta: number; readonly headDim: number },
): RopeScaling | null {
	if (!file.tensors.has(ropeFrequencies)) return null;
	const divisors = new Float32Array(file.read(ropeFrequencies).buffer);
	if (divisors.every((divisor) => divisor === 1)) return null;
	const scaling = {
		factor: shortest(Math.max(...divisors)),
		lowFreqFactor: 1,
		highFreqFactor: 4,
		originalMaxPositions: 8192,
	};
	const expected = llama3Divisors(scaling, rope);
	const same =
		divisors.length === expected.length &&
		divisors.every((divisor, i) => Math.abs(divisor - expected[i]) <= 1e-4 * expected[i]);
	if (same) return scaling;
	throw new ThaliaError(
		"gguf-unsupported",
		`${file.path}: Expected Llama 3's scaling of rotary frequencies (8192 positions, factors 1 and 4) but ${ropeFrequencies} has another`,
		{ fix: "use the model's safetensors" },
	);
}

/** What Llama 3's scaling divides each frequency by (`inverseFrequencies` of the engine says the same). */
export function llama3Divisors(
	{ factor, lowFreqFactor, highFreqFactor, originalMaxPositions }: RopeScaling,
	{ ropeTheta, headDim }: { readonly ropeTheta: number; readonly headDim: number },
): number[] {
	return Array.from({ length: headDim / 2 }, (_, i) => {
		const wavelength = 2 * Math.PI * ropeTheta ** ((2 * i) / headDim);
		const turns = originalMaxPositions / wavelength;
		if (turns > highFreqFactor) return 1;
		if (turns < lowFreqFactor) return factor;
		const smooth = (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
		return 1 / ((1 - smooth) / factor + smooth);
	});
}

/** The shortest decimal number that is this float32: 1e-5 rather than 9.999999747378752e-6. */
function shortest(value: number): number {
	for (let digits = 1; digits <= 9; digits++) {
		const short = Number(value.toPrecision(digits));
		if (Math.fround(short) === Math.fround(value)) return short;
	}
	return value;
}
