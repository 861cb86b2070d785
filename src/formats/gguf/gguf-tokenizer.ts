import { ThaliaError } from "../../errors.ts";
import type { GgufFile } from "./gguf-file.ts";

/** A vocabulary's kinds of tokens, by GGUF's numbering. */
const kinds = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5 } as const;

const byteLevel = (regex: boolean) => ({
	type: "ByteLevel",
	add_prefix_space: false,
	trim_offsets: true,
	use_regex: regex,
});

/** Llama 3's way of splitting text, with its own idea of how many digits are a piece. */
const splitLike = (digits: string) => ({
	type: "Sequence",
	pretokenizers: [
		{
			type: "Split",
			pattern: {
				Regex: `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
			},
			behavior: "Isolated",
			invert: false,
		},
		byteLevel(false),
	],
});

const digitsThenBytes = {
	type: "Sequence",
	pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel(true)],
};

interface Splitting {
	readonly preTokenizer: object;
	readonly normalizer?: object;
	/** A piece that is a token is that token, whatever the merges make of it. */
	readonly ignoreMerges?: boolean;
}

const llama3: Splitting = { preTokenizer: splitLike("\\p{N}{1,3}"), ignoreMerges: true };
const gpt2: Splitting = { preTokenizer: byteLevel(true) };
// The file does not record that Qwen's tokenizer normalises its text, but it does.
const qwen2: Splitting = { preTokenizer: splitLike("\\p{N}"), normalizer: { type: "NFC" } };

/** How text is split before it is merged, by the name that llama.cpp gives it. */
const splittings: Record<string, Splitting> = {
	default: gpt2,
	"gpt-2": gpt2,
	smollm: { preTokenizer: digitsThenBytes },
	"llama-bpe": llama3,
	llama3: llama3,
	"llama-v3": llama3,
	qwen2: qwen2,
	"deepseek-r1-qwen": qwen2,
};

/** Files of a model folder, by name, that hold the tokenizer of a GGUF file. */
export interface TokenizerFiles {
	readonly "tokenizer.json": object;
	readonly "tokenizer_config.json": object;
	readonly "chat_template.jinja"?: string;
}

/**
 * The byte-level BPE tokenizer in a GGUF file's metadata, in Hugging Face's form.
 * @throws ThaliaError `gguf-unsupported`, `gguf-header`
 */
export function ggufTokenizer({ path, metadata: m }: GgufFile): TokenizerFiles {
	if (m.text("tokenizer.ggml.model") !== "gpt2") {
		throw m.unsupported(
			"tokenizer.ggml.model",
			"a byte-level BPE tokenizer (gpt2)",
			"use the model's safetensors with their tokenizer.json",
		);
	}
	const pre = m.has("tokenizer.ggml.pre") ? m.text("tokenizer.ggml.pre") : "default";
	if (!Object.hasOwn(splittings, pre)) {
		throw m.unsupported("tokenizer.ggml.pre", `one of ${Object.keys(splittings).join(", ")}`);
	}
	const { preTokenizer, normalizer = null, ignoreMerges = false } = splittings[pre];
	const tokens = m.texts("tokenizer.ggml.tokens");
	const types = m.has("tokenizer.ggml.token_type") ? m.numbers("tokenizer.ggml.token_type") : [];
	const kindOf = (id: number) => types.at(id) ?? kinds.normal;
	const named = (key: string): string | undefined => {
		const id = m.token(`tokenizer.ggml.${key}_token_id`);
		if (id === null) return undefined;
		if (id < tokens.length) return tokens[id];
		throw new ThaliaError(
			"gguf-header",
			`${path}: Expected a token id below ${tokens.length} for ${key} but received ${id}`,
		);
	};
	const bos = named("bos");
	const definition = {
		version: "1.0",
		truncation: null,
		padding: null,
		added_tokens: tokens.flatMap((content, id) =>
			isAdded(kindOf(id)) ? [addedToken(id, content, kindOf(id))] : [],
		),
		normalizer,
		pre_tokenizer: preTokenizer,
		post_processor:
			bos !== undefined && m.flag("tokenizer.ggml.add_bos_token", false)
				? beginsWith(bos, tokens.indexOf(bos))
				: null,
		decoder: byteLevel(true),
		model: {
			type: "BPE",
			dropout: null,
			unk_token: null,
			continuing_subword_prefix: null,
			end_of_word_suffix: null,
			fuse_unk: false,
			byte_fallback: false,
			ignore_merges: ignoreMerges,
			vocab: Object.fromEntries(
				tokens.flatMap((content, id) => (kindOf(id) === kinds.normal ? [[content, id]] : [])),
			),
			merges: m.texts("tokenizer.ggml.merges").map((merge) => merge.split(" ")),
		},
	};
	const special = {
		bos_token: bos,
		eos_token: named("eos"),
		pad_token: named("padding"),
		unk_token: named("unknown"),
	};
	const template = m.has("tokenizer.chat_template") ? m.text("tokenizer.chat_template") : undefined;
	return {
		"tokenizer.json": definition,
		"tokenizer_config.json": {
			tokenizer_class: "PreTrainedTokenizerFast",
			clean_up_tokenization_spaces: false,
			...special,
		},
		...(template === undefined ? {} : { "chat_template.jinja": template }),
	};
}

function isAdded(kind: number): boolean {
	return kind === kinds.control || kind === kinds.userDefined || kind === kinds.unknown;
}

function addedToken(id: number, content: string, kind: number): object {
	const special = kind !== kinds.userDefined;
	return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special };
}

/** Puts a token in front of every text, where special tokens are asked for. */
function beginsWith(token: string, id: number): object {
	const first = { SpecialToken: { id: token, type_id: 0 } };
	const text = { Sequence: { id: "A", type_id: 0 } };
	return {
		type: "TemplateProcessing",
		single: [first, text],
		pair: [first, text, { Sequence: { id: "B", type_id: 1 } }],
		special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
	};
}
