import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, ThaliaError } from "../errors.ts";

export type Architecture = "llama" | "qwen2" | "qwen3";

/** Llama 3's slowing of long rotary waves. */
export interface RopeScaling {
	readonly factor: number;
	readonly lowFreqFactor: number;
	readonly highFreqFactor: number;
	readonly originalMaxPositions: number;
}

/** What a decoder of the Llama family is made of, whichever way its config.json spells it. */
export interface DecoderConfig {
	readonly architecture: Architecture;
	readonly vocabSize: number;
	readonly hiddenSize: number;
	readonly intermediateSize: number;
	readonly numLayers: number;
	readonly numHeads: number;
	readonly numKvHeads: number;
	readonly headDim: number;
	readonly rmsNormEps: number;
	readonly ropeTheta: number;
	readonly ropeScaling: RopeScaling | null;
	readonly tieWordEmbeddings: boolean;
	readonly qkvBias: boolean;
	readonly outputBias: boolean;
	readonly mlpBias: boolean;
	readonly qkNorm: boolean;
	/** Longest sequence in tokens. */
	readonly maxPositions: number;
	readonly bosTokenId: number | null;
	readonly eosTokenIds: readonly number[];
	readonly padTokenId: number | null;
	readonly dtype: "f32" | "bf16" | "f16";
}

type Json = Record<string, unknown>;

const classes: Record<Architecture, string> = {
	llama: "LlamaForCausalLM",
	qwen2: "Qwen2ForCausalLM",
	qwen3: "Qwen3ForCausalLM",
};

const dtypes = { float32: "f32", bfloat16: "bf16", float16: "f16" } as const;

/** config.json of a model folder, with the end-of-sequence tokens of generation_config.json where it has them. */
export function readDecoderConfig(dir: string): DecoderConfig {
	const path = join(dir, "config.json");
	if (!existsSync(path)) {
		throw new ThaliaError("config-missing", `Expected config.json in ${dir} but it is not there`, {
			fix: "give the folder of a model in Hugging Face layout",
		});
	}
	const config = parseDecoderConfig(readJson(path), path);
	const generation = join(dir, "generation_config.json");
	if (!existsSync(generation)) return config;
	const eos = new Fields(readJson(generation), generation).tokens("eos_token_id");
	return eos.length === 0 ? config : { ...config, eosTokenIds: eos };
}

/**
 * The spellings of transformers 4 (rope_theta, rope_scaling, torch_dtype) and 5 (rope_parameters, dtype).
 * @throws ThaliaError `config-field`, `config-unsupported`
 */
export function parseDecoderConfig(json: unknown, source: string): DecoderConfig {
	if (json === null || typeof json !== "object" || Array.isArray(json)) {
		throw new ThaliaError("config-field", `${source}: expected a JSON object`);
	}
	const f = new Fields(json as Json, source);
	const architecture = f.json.model_type;
	if (architecture !== "llama" && architecture !== "qwen2" && architecture !== "qwen3") {
		throw f.unsupported("model_type", Object.keys(classes).join(", "), architecture);
	}
	const activation = f.json.hidden_act ?? "silu";
	if (activation !== "silu") throw f.unsupported("hidden_act", "silu", activation);
	const numLayers = f.size("num_hidden_layers");
	checkFullAttention(f, numLayers);

	const hiddenSize = f.size("hidden_size");
	const numHeads = f.size("num_attention_heads");
	const numKvHeads = f.size("num_key_value_heads", numHeads);
	const headDim = f.size("head_dim", hiddenSize / numHeads);
	if (numHeads % numKvHeads !== 0)
		throw f.wrong("num_key_value_heads", `a divisor of ${numHeads} heads`, numKvHeads);
	if (headDim % 2 !== 0) throw f.wrong("head_dim", "an even number", headDim);

	const bias = f.flag("attention_bias", false);
	const maxPositions = f.size("max_position_embeddings", 2048);
	const dtypeName = f.json.dtype ?? f.json.torch_dtype ?? "float32";
	if (typeof dtypeName !== "string" || !Object.hasOwn(dtypes, dtypeName)) {
		throw f.unsupported("dtype", Object.keys(dtypes).join(", "), dtypeName);
	}
	return {
		architecture,
		vocabSize: f.size("vocab_size"),
		hiddenSize,
		intermediateSize: f.size("intermediate_size"),
		numLayers,
		numHeads,
		numKvHeads,
		headDim,
		rmsNormEps: f.positive("rms_norm_eps", 1e-6),
		...parseRope(f, maxPositions),
		tieWordEmbeddings: f.flag("tie_word_embeddings", false),
		// Qwen2 has biases on query, key and value alone, and no field that says so.
		qkvBias: architecture === "qwen2" ? true : bias,
		outputBias: architecture === "qwen2" ? false : bias,
		mlpBias: architecture === "llama" ? f.flag("mlp_bias", false) : false,
		qkNorm: architecture === "qwen3",
		maxPositions,
		bosTokenId: f.tokens("bos_token_id")[0] ?? null,
		eosTokenIds: f.tokens("eos_token_id"),
		padTokenId: f.tokens("pad_token_id")[0] ?? null,
		dtype: dtypes[dtypeName as keyof typeof dtypes],
	};
}

function parseRope(f: Fields, maxPositions: number): Pick<DecoderConfig, "ropeTheta" | "ropeScaling"> {
	const nested = (f.json.rope_parameters ?? f.json.rope_scaling ?? {}) as Json;
	const rope = new Fields(nested, `${f.source}: rope_parameters`);
	const ropeTheta =
		nested.rope_theta === undefined ? f.positive("rope_theta", 10_000) : rope.positive("rope_theta");
	const type = nested.rope_type ?? nested.type ?? "default";
	if (type === "default") return { ropeTheta, ropeScaling: null };
	if (type !== "llama3") throw rope.unsupported("rope_type", "default or llama3", type);
	return {
		ropeTheta,
		ropeScaling: {
			factor: rope.positive("factor"),
			lowFreqFactor: rope.positive("low_freq_factor"),
			highFreqFactor: rope.positive("high_freq_factor"),
			originalMaxPositions: rope.size("original_max_position_embeddings", maxPositions),
		},
	};
}

function checkFullAttention(f: Fields, numLayers: number): void {
	const types = f.json.layer_types;
	const sliding = Array.isArray(types)
		? types.slice(0, numLayers).some((type) => type !== "full_attention")
		: f.json.use_sliding_window === true && f.json.sliding_window != null;
	if (sliding)
		throw f.unsupported("layer_types", "full attention in every layer", "sliding-window attention");
}

/** The config as transformers writes it, readable by versions 4 and 5. */
export function serializeDecoderConfig(c: DecoderConfig): Json {
	const dtype = { f32: "float32", bf16: "bfloat16", f16: "float16" }[c.dtype];
	const scaling =
		c.ropeScaling === null
			? { rope_type: "default" }
			: {
					rope_type: "llama3",
					factor: c.ropeScaling.factor,
					low_freq_factor: c.ropeScaling.lowFreqFactor,
					high_freq_factor: c.ropeScaling.highFreqFactor,
					original_max_position_embeddings: c.ropeScaling.originalMaxPositions,
				};
	return {
		architectures: [classes[c.architecture]],
		model_type: c.architecture,
		vocab_size: c.vocabSize,
		hidden_size: c.hiddenSize,
		intermediate_size: c.intermediateSize,
		num_hidden_layers: c.numLayers,
		num_attention_heads: c.numHeads,
		num_key_value_heads: c.numKvHeads,
		head_dim: c.headDim,
		hidden_act: "silu",
		rms_norm_eps: c.rmsNormEps,
		max_position_embeddings: c.maxPositions,
		attention_bias: c.architecture === "qwen2" ? c.qkvBias : c.outputBias,
		...(c.architecture === "llama" ? { mlp_bias: c.mlpBias } : {}),
		tie_word_embeddings: c.tieWordEmbeddings,
		bos_token_id: c.bosTokenId,
		eos_token_id: c.eosTokenIds.length === 1 ? c.eosTokenIds[0] : c.eosTokenIds,
		pad_token_id: c.padTokenId,
		rope_theta: c.ropeTheta,
		rope_scaling: c.ropeScaling === null ? null : scaling,
		rope_parameters: { ...scaling, rope_theta: c.ropeTheta },
		dtype,
		torch_dtype: dtype,
		use_cache: true,
	};
}

/** Typed access to a config's fields; every complaint names the file and the field. */
class Fields {
	readonly json: Json;
	readonly source: string;

	constructor(json: Json, source: string) {
		this.json = json;
		this.source = source;
	}

	wrong(name: string, what: string, received: unknown): ThaliaError {
		return new ThaliaError(
			"config-field",
			`${this.source}: expected ${what} for ${name} but received ${describe(received)}`,
		);
	}

	unsupported(name: string, supported: string, received: unknown): ThaliaError {
		return new ThaliaError(
			"config-unsupported",
			`${this.source}: expected ${name} to be ${supported} but received ${describe(received)}`,
			{ fix: "Thalia runs dense Llama 3, Qwen2, Qwen2.5 and Qwen3 models" },
		);
	}

	size(name: string, fallback?: number): number {
		const value = this.json[name] ?? fallback;
		if (!Number.isSafeInteger(value) || (value as number) < 1)
			throw this.wrong(name, "a whole number of 1 or more", value);
		return value as number;
	}

	positive(name: string, fallback?: number): number {
		const value = this.json[name] ?? fallback;
		if (typeof value !== "number" || !Number.isFinite(value) || value <= 0)
			throw this.wrong(name, "a number above 0", value);
		return value;
	}

	flag(name: string, fallback: boolean): boolean {
		const value = this.json[name] ?? fallback;
		if (typeof value !== "boolean") throw this.wrong(name, "true or false", value);
		return value;
	}

	/** A token id, a list of them, or none. */
	tokens(name: string): number[] {
		const value = this.json[name] ?? [];
		const list: unknown[] = Array.isArray(value) ? value : [value];
		if (!list.every((id): id is number => Number.isSafeInteger(id) && (id as number) >= 0)) {
			throw this.wrong(name, "a token id or a list of them", value);
		}
		return list;
	}
}

function readJson(path: string): Json {
	try {
		return JSON.parse(readFileSync(path, "utf8")) as Json;
	} catch (cause) {
		throw new ThaliaError("config-field", `${path}: expected JSON: ${(cause as Error).message}`, { cause });
	}
}
