import type { Token } from "./latex-lexer.ts";

/** No formula as the grammar has it. */
export class NotParsed extends Error {}

/** A place in a list of tokens. */
export class TokenCursor {
	readonly #tokens: readonly Token[];
	at = 0;

	constructor(tokens: readonly Token[]) {
		this.#tokens = tokens;
	}

	get ended(): boolean {
		return this.at >= this.#tokens.length;
	}

	get isLast(): boolean {
		return this.at === this.#tokens.length - 1;
	}

	/** The token here, or so many after it. */
	peek(ahead = 0): Token | undefined {
		return this.#tokens.at(this.at + ahead);
	}

	/** The one before this place, which must not be the first. */
	get before(): Token {
		return this.#tokens[this.at - 1];
	}

	/** Their texts, of which there may be fewer. */
	texts(count: number): string {
		return this.#tokens
			.slice(this.at, this.at + count)
			.map(({ text }) => text)
			.join(" ");
	}

	since(start: number): readonly Token[] {
		return this.#tokens.slice(start, this.at);
	}

	isSign(text: string, ahead = 0): boolean {
		const token = this.peek(ahead);
		return token !== undefined && isSign(token, text);
	}

	/** Goes on if the sign stands here. */
	accept(text: string): boolean {
		const accepted = this.isSign(text);
		if (accepted) this.at++;
		return accepted;
	}

	expect(text: string): void {
		if (!this.accept(text)) throw new NotParsed();
	}

	expectCommand(name: string): void {
		if (this.peek()?.text !== name) throw new NotParsed();
		this.at++;
	}

	/** The token here, going on. @throws NotParsed at the end */
	take(): Token {
		const token = this.peek();
		if (token === undefined) throw new NotParsed();
		this.at++;
		return token;
	}
}

export function isSign(token: Token, text: string): boolean {
	return token.type === "sign" && token.text === text;
}

export function isCommand(token: Token, name: RegExp): boolean {
	return token.type === "command" && name.test(token.text);
}
