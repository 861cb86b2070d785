import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as library from "@huggingface/tokenizers";
import { ThaliaError } from "../errors.ts";
import { type ChatTemplate, readChatTemplate, specialTokens } from "./chat-template.ts";
import type { DecoderConfig } from "./hf-config.ts";

/** What is used of the library; its own declarations do not resolve under Node's module rules. */
interface LibraryTokenizer {
	get_vocab(withAddedTokens: boolean): Map<string, number>;
	token_to_id(token: string): number | undefined;
	encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
	decode(
		ids: number[],
		options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean },
	): string;
}
const { Tokenizer: LibraryTokenizer } = library as unknown as {
	Tokenizer: new (definition: object, config: object) => LibraryTokenizer;
};

export interface Tokenizer {
	/** One more than the highest token id. */
	readonly vocabSize: number;
	readonly eosTokenId: number | null;
	/** How the model writes conversations; null where its folder does not say. */
	readonly chatTemplate: ChatTemplate | null;
	encode(text: string, options?: { addSpecialTokens?: boolean }): number[];
	/** Bytes that are no whole character become U+FFFD. */
	decode(ids: ArrayLike<number>, options?: { skipSpecialTokens?: boolean }): string;
}

/**
 * The tokenizer of a model folder (tokenizer.json, tokenizer_config.json, chat_template.jinja).
 * @throws ThaliaError `tokenizer-missing`, `tokenizer-invalid`, `chat-template-invalid`
 */
export function loadTokenizer(dir: string): Tokenizer {
	const definition = readJson(join(dir, "tokenizer.json"));
	const configPath = join(dir, "tokenizer_config.json");
	const config = existsSync(configPath) ? readJson(configPath) : {};
	let inner: LibraryTokenizer;
	try {
		inner = new LibraryTokenizer(definition, config);
	} catch (cause) {
		throw new ThaliaError(
			"tokenizer-invalid",
			`${dir}: tokenizer.json does not load: ${(cause as Error).message}`,
			{ cause },
		);
	}
	const ids = [...inner.get_vocab(true).values()];
	const eos = specialTokens(config)["eos_token"];
	return {
		vocabSize: ids.reduce((max, id) => Math.max(max, id), -1) + 1,
		eosTokenId: eos === undefined ? null : (inner.token_to_id(eos) ?? null),
		chatTemplate: readChatTemplate(dir, config),
		encode: (text, { addSpecialTokens = false } = {}) =>
			text === "" && !addSpecialTokens
				? []
				: inner.encode(text, { add_special_tokens: addSpecialTokens }).ids,
		decode: (tokens, { skipSpecialTokens = false } = {}) =>
			tokens.length === 0
				? ""
				: inner.decode(Array.from(tokens), {
						skip_special_tokens: skipSpecialTokens,
						clean_up_tokenization_spaces: false,
					}),
	};
}

/** Refuses a tokenizer whose ids the model has no rows for. (A model may have more rows than the tokenizer ids.) */
export function assertTokenizerFits(tokenizer: Tokenizer, config: DecoderConfig, dir: string): void {
	if (tokenizer.vocabSize > config.vocabSize) {
		throw new ThaliaError(
			"vocabulary-mismatch",
			`${dir}: expected token ids below the model's vocab_size ${config.vocabSize} but the tokenizer has ${tokenizer.vocabSize}`,
			{ fix: "use the tokenizer that the model was trained with" },
		);
	}
}

function readJson(path: string): Record<string, unknown> {
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (cause) {
		throw new ThaliaError(
			"tokenizer-missing",
			`Expected a tokenizer at ${path}: ${(cause as Error).message}`,
			{ fix: "copy the tokenizer.json that the model was trained with into its folder", cause },
		);
	}
	try {
		return JSON.parse(text) as Record<string, unknown>;
	} catch (cause) {
		throw new ThaliaError("tokenizer-invalid", `${path}: expected JSON: ${(cause as Error).message}`, {
			cause,
		});
	}
}
