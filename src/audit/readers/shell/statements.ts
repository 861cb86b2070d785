import type { Heredoc, Token, Word } from "./words.ts";

export type Statement =
	| Simple
	| {
			readonly kind: "for";
			readonly name: string;
			readonly words: readonly Word[];
			readonly body: readonly Statement[];
	  }
	/** `if`, `case`, a test and `&&`: one of the arms, or none; `condition` holds the words of the first test. */
	| {
			readonly kind: "branch";
			readonly arms: readonly (readonly Statement[])[];
			readonly complete: boolean;
			readonly condition: readonly Word[];
			/** Whether the first arm is for where the test fails. */
			readonly negated?: true;
	  }
	/** `while` and `until`; `condition` holds the words of the test. */
	| { readonly kind: "loop"; readonly condition: readonly Word[]; readonly body: readonly Statement[] }
	| { readonly kind: "group"; readonly body: readonly Statement[] }
	| { readonly kind: "function"; readonly name: string; readonly body: readonly Statement[] };

export interface Simple {
	readonly kind: "simple";
	readonly arrays: readonly Extract<Token, { kind: "array" }>[];
	readonly words: readonly Word[];
	readonly heredocs: readonly Heredoc[];
	/** The file that its output goes to. */
	readonly target: Word | null;
	readonly at: number;
}

/** Deepest nesting that is read: more is no launch script. */
const deepest = 60;

/** Statements of a script's tokens. Never fails: what is not closed ends with the text. */
export class Parser {
	readonly #tokens: readonly Token[];
	#at = 0;
	#depth = 0;

	constructor(tokens: readonly Token[]) {
		this.#tokens = tokens;
	}

	statements(): Statement[] {
		const all: Statement[] = [];
		// A closing word without its opening one must not end the script.
		while (this.#at < this.#tokens.length) {
			all.push(...this.#until([]));
			this.#at++;
		}
		return all;
	}

	#until(ends: readonly string[]): Statement[] {
		const found: Statement[] = [];
		if (++this.#depth > deepest) this.#at = this.#tokens.length;
		while (this.#at < this.#tokens.length) {
			const token = this.#tokens[this.#at];
			const word = keyword(token);
			if (word !== null && ends.includes(word)) break;
			if (token.kind === "operator" && ends.includes(token.text)) break;
			if (token.kind === "operator" && token.text !== "(" && !/[<>]/.test(token.text)) this.#at++;
			else if (ends.length === 0 && word !== null && closers.has(word)) this.#at++;
			else {
				const statement = this.#statement(word);
				if (statement !== null) found.push(statement);
			}
		}
		this.#depth--;
		return found;
	}

	#statement(word: string | null): Statement | null {
		const token = this.#tokens[this.#at];
		if (token.kind === "operator" && token.text === "(") return this.#bracketed(")");
		switch (word) {
			case "{":
				return this.#bracketed("}");
			case "if":
				return this.#if();
			case "case":
				return this.#case();
			case "for":
			case "select":
				return this.#for();
			case "while":
			case "until": {
				const from = ++this.#at;
				this.#until(["do"]);
				const condition = this.#words(from);
				this.#at++;
				const body = this.#until(["done"]);
				this.#at++;
				return { kind: "loop", condition, body };
			}
			case "function":
				return this.#function(1);
			case "!":
			case "time":
			case "then":
			case "do":
				this.#at++;
				return null;
		}
		const [bracket, closing] = [this.#tokens.at(this.#at + 1), this.#tokens.at(this.#at + 2)];
		if (word !== null && isOperator(bracket, "(") && isOperator(closing, ")")) return this.#function(0);
		const simple = this.#simple();
		return /^(\[\[?|test)$/.test(wordText(simple.words.at(0)) ?? "") ? this.#tested(simple) : simple;
	}

	/** `[ ... ] && this || that`. */
	#tested(test: Simple): Statement {
		const condition = [...test.words];
		const isOpen = () => wordText(condition.at(0)) === "[[" && wordText(condition.at(-1)) !== "]]";
		for (; isOpen() && this.#at < this.#tokens.length; this.#at++) {
			const token = this.#tokens[this.#at];
			if (isOperator(token, "\n", ";")) break;
			if (token.kind === "word") condition.push(token.word);
		}
		const negated = isOperator(this.#tokens.at(this.#at), "||");
		if (!negated && !isOperator(this.#tokens.at(this.#at), "&&")) return test;
		const arms = [this.#chained()];
		const complete = !negated && isOperator(this.#tokens.at(this.#at), "||");
		if (complete) arms.push(this.#chained());
		return { kind: "branch", arms, complete, condition, ...(negated ? { negated } : {}) };
	}

	/** What stands behind an operator, and behind every `&&` after it. */
	#chained(): Statement[] {
		const found: Statement[] = [];
		do {
			this.#at++;
			while (isOperator(this.#tokens.at(this.#at), "\n")) this.#at++;
			const statement =
				this.#at < this.#tokens.length ? this.#statement(keyword(this.#tokens[this.#at])) : null;
			if (statement !== null) found.push(statement);
		} while (isOperator(this.#tokens.at(this.#at), "&&"));
		return found;
	}

	#bracketed(end: string): Statement {
		this.#at++;
		const body = this.#until([end]);
		this.#at++;
		return { kind: "group", body };
	}

	#function(skip: number): Statement {
		const name = keyword(this.#tokens.at((this.#at += skip))) ?? "";
		this.#at++;
		while (isOperator(this.#tokens.at(this.#at), "(", ")", "\n")) this.#at++;
		const body = this.#at < this.#tokens.length ? this.#statement(keyword(this.#tokens[this.#at])) : null;
		return { kind: "function", name, body: body === null ? [] : [body] };
	}

	#if(): Statement {
		const arms: Statement[][] = [];
		this.#at++;
		const from = this.#at;
		this.#until(["then", "fi"]);
		const condition = this.#words(from);
		let complete = false;
		while (this.#at < this.#tokens.length) {
			const word = keyword(this.#tokens[this.#at++]);
			if (word === "fi") break;
			if (word === "elif") this.#until(["then", "fi"]);
			else {
				complete ||= word === "else";
				arms.push(this.#until(["elif", "else", "fi"]));
			}
		}
		return { kind: "branch", arms, complete, condition };
	}

	/** The words between a token and where the parser stands. */
	#words(from: number): Word[] {
		return this.#tokens.slice(from, this.#at).flatMap((token) => (token.kind === "word" ? [token.word] : []));
	}

	#case(): Statement {
		const arms: Statement[][] = [];
		let complete = false;
		this.#at++;
		while (this.#at < this.#tokens.length && keyword(this.#tokens[this.#at]) !== "in") this.#at++;
		this.#at++;
		while (this.#at < this.#tokens.length && keyword(this.#tokens[this.#at]) !== "esac") {
			// The pattern, up to its bracket.
			while (this.#at < this.#tokens.length && !isOperator(this.#tokens[this.#at], ")")) {
				if (keyword(this.#tokens[this.#at]) === "*") complete = true;
				if (keyword(this.#tokens[this.#at]) === "esac") break;
				this.#at++;
			}
			if (keyword(this.#tokens.at(this.#at)) === "esac") break;
			this.#at++;
			arms.push(this.#until([";;", "esac"]));
			if (isOperator(this.#tokens.at(this.#at), ";;")) this.#at++;
			while (isOperator(this.#tokens.at(this.#at), "\n")) this.#at++;
		}
		this.#at++;
		return { kind: "branch", arms, complete, condition: [] };
	}

	#for(): Statement {
		this.#at++;
		const name = keyword(this.#tokens.at(this.#at)) ?? "";
		const words: Word[] = [];
		while (this.#at < this.#tokens.length && keyword(this.#tokens[this.#at]) !== "do") {
			const token = this.#tokens[this.#at++];
			if (token.kind === "word") words.push(token.word);
		}
		this.#at++;
		const body = this.#until(["done"]);
		this.#at++;
		return { kind: "for", name, words: words.slice(2), body };
	}

	#simple(): Simple {
		const words: Word[] = [];
		const arrays: Extract<Token, { kind: "array" }>[] = [];
		const heredocs: Heredoc[] = [];
		let target: Word | null = null;
		const first = this.#tokens[this.#at];
		const at = first.kind === "word" ? first.word.at : first.kind === "heredoc" ? first.heredoc.at : first.at;
		for (; this.#at < this.#tokens.length; this.#at++) {
			const token = this.#tokens[this.#at];
			if (token.kind === "word") words.push(token.word);
			else if (token.kind === "array") arrays.push(token);
			else if (token.kind === "heredoc") heredocs.push(token.heredoc);
			else if (/[<>]/.test(token.text)) {
				const next = this.#tokens.at(this.#at + 1);
				if (next?.kind !== "word") continue;
				if (token.text === ">" || token.text === ">>") target = next.word;
				this.#at++;
			} else break;
		}
		return { kind: "simple", arrays, words, heredocs, target, at };
	}
}

const closers = new Set(["fi", "done", "esac", "}", "then", "else", "elif", "do"]);

/** A word that is one piece of bare text: keywords are such. */
function keyword(token: Token | undefined): string | null {
	return token?.kind === "word" ? wordText(token.word) : null;
}

function wordText(word: Word | undefined): string | null {
	const part = word?.parts.length === 1 ? word.parts[0] : undefined;
	return part?.kind === "text" && !part.quoted ? part.text : null;
}

function isOperator(token: Token | undefined, ...texts: readonly string[]): boolean {
	return token?.kind === "operator" && texts.includes(token.text);
}
