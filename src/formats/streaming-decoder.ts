import type { Tokenizer } from "./tokenizer.ts";

/** Stands for bytes that are no character, or not one yet. */
const unknown = "\ufffd";

/**
 * Tokens to text as they come. The pieces together are what decoding all tokens at once gives, and no piece ends within
 * a character: what may still become one is held back.
 */
export class StreamingDecoder {
	readonly #decode: (ids: readonly number[]) => string;
	/** Of the present window: tokens that are text already, for what decoding depends on, and those after them. */
	#window: number[] = [];
	#settled = 0;
	/** Characters of the window's text that have been given. */
	#given = 0;

	constructor(tokenizer: Tokenizer, options: { readonly skipSpecialTokens?: boolean } = {}) {
		this.#decode = (ids) => tokenizer.decode(ids, options);
	}

	/** The text that has become certain with this token; often that of the token, sometimes none. */
	push(id: number): string {
		this.#window.push(id);
		const text = this.#decode(this.#window);
		// Of bytes that are no characters all but the last are certain: only that can be the beginning of one.
		const whole = !text.endsWith(unknown);
		const piece = this.#give(whole ? text : text.slice(0, -unknown.length));
		if (whole) this.#move();
		return piece;
	}

	/** What was held back. */
	end(): string {
		const piece = this.#give(this.#decode(this.#window));
		this.#window = [];
		this.#settled = 0;
		this.#given = 0;
		return piece;
	}

	#give(text: string): string {
		const piece = text.slice(this.#given);
		this.#given = Math.max(this.#given, text.length);
		return piece;
	}

	/** The window goes on from the last step: some decoders treat the beginning of a text differently. */
	#move(): void {
		const step = this.#window.slice(this.#settled);
		this.#window = step;
		this.#settled = step.length;
		this.#given = this.#decode(step).length;
	}
}
