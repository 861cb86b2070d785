import { expandValue, expandWord, type Pieces, plainText, type Variables } from "./expand.ts";
import { matches } from "./glob.ts";
import type { Token, Word } from "./words.ts";

/** What a test comes to. */
export interface Verdict {
	/** null where it is not known. */
	readonly holds: boolean | null;
	/** Whether it rests on defaults that a caller or the environment may change. */
	readonly byDefault: boolean;
}

const unclear: Verdict = { holds: null, byDefault: false };

/** What the tokens between `if` and `then` come to. Commands are not run: what they return is not known. */
export function verdictOf(tokens: readonly Token[], variables: Variables): Verdict {
	// Of several commands the last one's counts.
	const end = tokens.findLastIndex((token) => !isOperator(token, ";", "\n"));
	const start = tokens.slice(0, end).findLastIndex((token) => isOperator(token, ";", "\n"));
	return new Conditions(tokens.slice(start + 1, end + 1), variables).all();
}

class Conditions {
	readonly #tokens: readonly Token[];
	readonly #variables: Variables;
	#at = 0;

	constructor(tokens: readonly Token[], variables: Variables) {
		this.#tokens = tokens;
		this.#variables = variables;
	}

	/** `a && b || c`: from the left, with equal weight. */
	all(closing?: string): Verdict {
		let held = this.#one();
		while (this.#at < this.#tokens.length) {
			const token = this.#tokens[this.#at];
			if (closing !== undefined && wordOf(token) === closing) break;
			this.#at++;
			if (isOperator(token, "&&")) held = both(held, this.#one());
			else if (isOperator(token, "||")) held = either(held, this.#one());
			else return unclear;
		}
		return held;
	}

	#one(): Verdict {
		const token = this.#tokens.at(this.#at);
		switch (wordOf(token)) {
			case "!":
				this.#at++;
				return not(this.#one());
			case "[":
				return this.#bracketed("]");
			case "[[":
				return this.#bracketed("]]");
			default:
				return isOperator(token, "(") ? this.#arithmetic() : this.#command();
		}
	}

	#bracketed(end: string): Verdict {
		const from = ++this.#at;
		const isDouble = end === "]]";
		while (this.#at < this.#tokens.length && wordOf(this.#tokens[this.#at]) !== end) {
			if (isDouble && isOperator(this.#tokens[this.#at], "&&", "||")) {
				const held = this.#test(this.#tokens.slice(from, this.#at), true);
				const isBoth = isOperator(this.#tokens[this.#at], "&&");
				const rest = this.#bracketed(end);
				return isBoth ? both(held, rest) : either(held, rest);
			}
			this.#at++;
		}
		return this.#test(this.#tokens.slice(from, this.#at++), isDouble);
	}

	/** `(( $# ))`, `(( $# > 0 ))`. */
	#arithmetic(): Verdict {
		const from = this.#at;
		while (this.#at < this.#tokens.length && isOperator(this.#tokens[this.#at], "(")) this.#at++;
		while (this.#at < this.#tokens.length && !isOperator(this.#tokens[this.#at], ")")) this.#at++;
		while (this.#at < this.#tokens.length && isOperator(this.#tokens[this.#at], ")")) this.#at++;
		const inner = this.#tokens.slice(from, this.#at).filter((token) => !isOperator(token, "(", ")"));
		const numbers = inner.filter((token) => token.kind === "word").map(({ word }) => this.#number(word));
		const [a, b] = numbers.map((one) => (one === null || one.text === "" ? Number.NaN : Number(one.text)));
		const byDefault = numbers.some((one) => one?.byDefault === true);
		if (inner.length === 1 && Number.isFinite(a)) return { holds: a !== 0, byDefault };
		const sign = inner.length === 3 && inner[1].kind === "operator" ? inner[1].text : "";
		if (!Number.isFinite(a) || !Number.isFinite(b) || !/^[<>]$/.test(sign)) return unclear;
		return { holds: sign === ">" ? a > b : a < b, byDefault };
	}

	/** Within arithmetic a name stands for its variable. */
	#number(word: Word): { text: string; byDefault: boolean } | null {
		const name = wordOf({ kind: "word", word });
		const held = name !== null && /^[A-Za-z_]\w*$/.test(name) ? this.#variables.get(name) : undefined;
		if (held === undefined || "array" in held) return this.#text(word);
		const text = plainText(held.value);
		return text === null ? null : { text, byDefault: restsOnDefault(held.value) };
	}

	/** `true`, or a variable that is such a word; what other commands return is not known. */
	#command(): Verdict {
		const words: Word[] = [];
		for (; this.#at < this.#tokens.length; this.#at++) {
			const token = this.#tokens[this.#at];
			if (isOperator(token, "&&", "||")) break;
			if (token.kind === "word") words.push(token.word);
		}
		const [first] = words;
		if (words.length === 0) return unclear;
		if (wordOf({ kind: "word", word: first }) === "test")
			return this.#test(
				words.slice(1).map((word) => ({ kind: "word", word })),
				false,
			);
		const said = words.length === 1 ? this.#text(first) : null;
		if (said === null) return unclear;
		if (said.text === "true" || said.text === ":") return { holds: true, byDefault: said.byDefault };
		return said.text === "false" ? { holds: false, byDefault: said.byDefault } : unclear;
	}

	#test(tokens: readonly Token[], isDouble: boolean): Verdict {
		const words = tokens.flatMap((token) => (token.kind === "word" ? [token.word] : []));
		if (words.length !== tokens.length) return unclear;
		if (words.length > 0 && wordOf({ kind: "word", word: words[0] }) === "!")
			return not(this.#test(tokens.slice(1), isDouble));
		// Without quotes an empty word is none.
		const expanded = words.flatMap((word) =>
			isDouble ? [expandValue(word.parts, this.#variables)] : expandWord(word, this.#variables),
		);
		const texts = expanded.map((pieces) => plainText(pieces));
		if (texts.includes(null)) return unclear;
		const byDefault = expanded.some(restsOnDefault);
		const pattern = isDouble && words.length === 3 && isBare(words[2]);
		const holds = compared(texts as string[], pattern);
		return holds === null ? unclear : { holds, byDefault };
	}

	#text(word: Word): { text: string; byDefault: boolean } | null {
		const pieces = expandValue(word.parts, this.#variables);
		const text = plainText(pieces);
		return text === null ? null : { text, byDefault: restsOnDefault(pieces) };
	}
}

function compared(texts: readonly string[], isPattern: boolean): boolean | null {
	const [a, b, c] = texts;
	if (texts.length === 0) return false;
	if (texts.length === 1) return a !== "";
	if (texts.length === 2) return a === "-z" ? b === "" : a === "-n" ? b !== "" : null;
	if (texts.length !== 3) return null;
	switch (b) {
		case "=":
		case "==":
			return isPattern ? matches(a, c) : a === c;
		case "!=": {
			const equal = isPattern ? matches(a, c) : a === c;
			return equal === null ? null : !equal;
		}
	}
	const [left, right] = [a, c].map((one) => (/^-?\d+$/.test(one) ? Number(one) : Number.NaN));
	if (Number.isNaN(left) || Number.isNaN(right)) return null;
	const results: Partial<Record<string, boolean>> = {
		...{ "-eq": left === right, "-ne": left !== right, "-gt": left > right },
		...{ "-ge": left >= right, "-lt": left < right, "-le": left <= right },
	};
	return results[b] ?? null;
}

/** Whether a value came to be where the caller or the environment could have given another. */
export function restsOnDefault(pieces: Pieces): boolean {
	return pieces.some(
		(piece) => "text" in piece && (piece.isDefault !== undefined || piece.byOption === true),
	);
}

function both(a: Verdict, b: Verdict): Verdict {
	const byDefault = a.byDefault || b.byDefault;
	if (a.holds === false || b.holds === false) return { holds: false, byDefault };
	return { holds: a.holds === null || b.holds === null ? null : true, byDefault };
}

function either(a: Verdict, b: Verdict): Verdict {
	return not(both(not(a), not(b)));
}

function not({ holds, byDefault }: Verdict): Verdict {
	return { holds: holds === null ? null : !holds, byDefault };
}

function isBare({ parts }: Word): boolean {
	return parts.every((part) => part.kind !== "text" || !part.quoted);
}

function isOperator(token: Token | undefined, ...texts: readonly string[]): boolean {
	return token?.kind === "operator" && texts.includes(token.text);
}

function wordOf(token: Token | undefined): string | null {
	if (token?.kind !== "word" || token.word.parts.length !== 1) return null;
	const [part] = token.word.parts;
	return part.kind === "text" ? part.text : null;
}
