import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** End-of-sequence and padding ids of the byte-level tokenizer; the 256 bytes are below. */
export const byteTokenizer = { vocabSize: 258, eosTokenId: 256, padTokenId: 257 } as const;

/** GPT-2's printable stand-ins for the 256 bytes, in the order of its vocabulary. */
function byteSymbols(): string[] {
	const printable = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)];
	const rest = range(0, 0xff).filter((byte) => !printable.includes(byte));
	return [...printable, ...rest.map((_, i) => 256 + i)].map((code) => String.fromCharCode(code));
}

/** Writes tokenizer.json and tokenizer_config.json of a byte-level BPE tokenizer without merges: a token a byte. */
export function writeByteTokenizer(dir: string): void {
	const special = (id: number, content: string) => ({
		id,
		content,
		single_word: false,
		lstrip: false,
		rstrip: false,
		normalized: false,
		special: true,
	});
	const definition = {
		version: "1.0",
		truncation: null,
		padding: null,
		added_tokens: [
			special(byteTokenizer.eosTokenId, "<|endoftext|>"),
			special(byteTokenizer.padTokenId, "<|pad|>"),
		],
		normalizer: null,
		pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
		post_processor: null,
		decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
		model: {
			type: "BPE",
			dropout: null,
			unk_token: null,
			continuing_subword_prefix: null,
			end_of_word_suffix: null,
			fuse_unk: false,
			byte_fallback: false,
			ignore_merges: false,
			vocab: Object.fromEntries(byteSymbols().map((symbol, id) => [symbol, id])),
			merges: [],
		},
	};
	const config = {
		tokenizer_class: "PreTrainedTokenizerFast",
		clean_up_tokenization_spaces: false,
		eos_token: "<|endoftext|>",
		pad_token: "<|pad|>",
	};
	writeFileSync(join(dir, "tokenizer.json"), `${JSON.stringify(definition, null, 1)}\n`);
	writeFileSync(join(dir, "tokenizer_config.json"), `${JSON.stringify(config, null, 1)}\n`);
}

function range(from: number, to: number): number[] {
	return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
