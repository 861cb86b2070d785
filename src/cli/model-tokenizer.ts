import { readDecoderConfig } from "../formats/hf-config.ts";
import { assertTokenizerFits, loadTokenizer, type Tokenizer } from "../formats/tokenizer.ts";

/** The tokenizer of a model folder, which must have no ids that the model lacks. */
export function modelTokenizer(model: string): Tokenizer {
	const tokenizer = loadTokenizer(model);
	assertTokenizerFits(tokenizer, readDecoderConfig(model), model);
	return tokenizer;
}
