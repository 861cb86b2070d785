import type { Heredoc, Token, Word } from "./words.ts";

export type Statement =
	| Simple
	| {
			readonly kind: "for";
			readonly name: string;
			readonly words: readonly Word[];
			readonly body: readonly Statement[];
	  }
	/** `if`, `case`, and `[ ... ] && ...`: one of the arms, or none. */
	| { readonly kind: "branch"; readonly arms: readonly Arm[] }
	/** `while` and `until`. */
	| {
			readonly kind: "loop";
			readonly test: readonly Token[];
			readonly commands: readonly Statement[];
			readonly isUntil: boolean;
			readonly body: readonly Statement[];
	  }
	/** `{ ... }` and `( ... )`: what a subshell sets ends with it. */
	| {
			readonly kind: "group";
			readonly body: readonly Statement[];
			readonly isSubshell: boolean;
			/** Whether it stands behind `&&` or `||` of a command whose end is not known. */
			readonly isGuarded: boolean;
	  }
	| { readonly kind: "function"; readonly name: string; readonly body: readonly Statement[] };

/** A part of a branch, with when it is taken: where all before it are not, and its own test or pattern holds. */
export interface Arm {
	readonly test:
		| {
				readonly kind: "test";
				readonly tokens: readonly Token[];
				/** Those of its commands that are no tests: they are run. */
				readonly commands: readonly Statement[];
				readonly isNot?: boolean;
		  }
		| { readonly kind: "pattern"; readonly subject: Word | null; readonly patterns: readonly Word[] }
		| { readonly kind: "else" };
	readonly body: readonly Statement[];
}

export interface Simple {
	readonly kind: "simple";
	readonly arrays: readonly Extract<Token, { kind: "array" }>[];
	readonly words: readonly Word[];
	readonly heredocs: readonly Heredoc[];
	/** The file that its output goes to. */
	readonly target: Word | null;
	readonly at: number;
	/** Whether it stands behind `&&` or `||` of a command whose end is not known. */
	readonly isGuarded: boolean;
}

/** Deepest nesting that is read: more is no launch script. */
const deepest = 60;

/** Statements of a script's tokens. Never fails: what is not closed ends with the text. */
export class Parser {
	readonly #tokens: readonly Token[];
	#at = 0;
	#depth = 0;
	/** Whether `&&` or `||` stands before the statement that is next. */
	#guards = false;

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
			if (token.kind === "operator" && token.text !== "(" && !/[<>]/.test(token.text)) {
				// A newline behind `&&` parts nothing.
				if (token.text !== "\n") this.#guards = token.text === "&&" || token.text === "||";
				else if (!isOperator(this.#tokens.at(this.#at - 1), "&&", "||", "\n")) this.#guards = false;
				this.#at++;
			} else if (ends.length === 0 && word !== null && closers.has(word)) this.#at++;
			else {
				const isGuarded = this.#guards;
				if (isOperator(token, "(") || (word !== null && compounds.has(word))) this.#guards = false;
				const statement = this.#statement(word);
				if (statement === null) continue;
				found.push(
					isGuarded && statement.kind !== "simple"
						? { kind: "group", body: [statement], isSubshell: false, isGuarded }
						: statement,
				);
			}
		}
		this.#depth--;
		return found;
	}

	#statement(word: string | null): Statement | null {
		const token = this.#tokens[this.#at];
		if (token.kind === "operator" && token.text === "(") {
			const next = this.#tokens.at(this.#at + 1);
			const isDouble = next?.kind === "operator" && next.text === "(" && next.at === token.at + 1;
			return isDouble ? this.#arithmetic() : this.#bracketed(")");
		}
		if (word !== null && tests.has(word)) return this.#tested();
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
				const commands = this.#until(["do"]);
				const test = this.#tokens.slice(from, this.#at);
				this.#at++;
				const body = this.#until(["done"]);
				this.#at++;
				return { kind: "loop", test, commands, isUntil: word === "until", body };
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
		return this.#simple();
	}

	#bracketed(end: string): Statement {
		this.#at++;
		const body = this.#until([end]);
		this.#at++;
		return { kind: "group", body, isSubshell: end === ")", isGuarded: false };
	}

	/** The words between a token and where the parser stands. */
	#words(from: number): Word[] {
		return this.#tokens.slice(from, this.#at).flatMap((token) => (token.kind === "word" ? [token.word] : []));
	}

	/** `((i++))`, as `let` has it. */
	#arithmetic(): Statement {
		const at = this.#tokens[this.#at];
		const from = this.#at;
		while (this.#at < this.#tokens.length && isOperator(this.#tokens[this.#at], "(")) this.#at++;
		while (this.#at < this.#tokens.length && !isOperator(this.#tokens[this.#at], ")", "\n")) this.#at++;
		const words = this.#words(from);
		while (this.#at < this.#tokens.length && isOperator(this.#tokens[this.#at], ")")) this.#at++;
		const place = at.kind === "operator" ? at.at : 0;
		const name: Word = { parts: [{ kind: "text", text: "let", at: place, quoted: false }], at: place };
		const none = { arrays: [], heredocs: [], target: null, isGuarded: true };
		return { kind: "simple", words: [name, ...words], at: place, ...none };
	}

	/** `[ ... ] && command || other`; a test that nothing hangs on is none. */
	#tested(): Statement | null {
		const from = this.#at;
		this.#test();
		for (;;) {
			const at = this.#at;
			const isAnd = isOperator(this.#tokens.at(at), "&&");
			if (!isAnd && !isOperator(this.#tokens.at(at), "||")) return null;
			this.#behind();
			const word = keyword(this.#tokens.at(this.#at));
			if (word !== null && tests.has(word)) {
				this.#test();
				continue;
			}
			const tokens = this.#tokens.slice(from, at);
			const body = this.#chained();
			const arms: Arm[] = [{ test: { kind: "test", tokens, commands: [], isNot: !isAnd }, body }];
			if (isAnd && isOperator(this.#tokens.at(this.#at), "||")) {
				this.#behind();
				arms.push({ test: { kind: "else" }, body: this.#chained() });
			}
			return { kind: "branch", arms };
		}
	}

	/** Steps over one test. */
	#test(): void {
		const closing = { "[": "]", "[[": "]]" }[keyword(this.#tokens[this.#at]) ?? ""];
		while (this.#at < this.#tokens.length) {
			const token = this.#tokens[this.#at];
			if (closing === undefined ? token.kind === "operator" : isOperator(token, "\n", ";")) return;
			this.#at++;
			if (closing !== undefined && keyword(token) === closing) return;
		}
	}

	/** Steps over an operator and the newlines behind it. */
	#behind(): void {
		this.#at++;
		while (isOperator(this.#tokens.at(this.#at), "\n")) this.#at++;
	}

	/** A statement and those that `&&` joins to it. */
	#chained(): Statement[] {
		const found: Statement[] = [];
		while (this.#at < this.#tokens.length) {
			const word = keyword(this.#tokens[this.#at]);
			const before = this.#at;
			this.#guards = false;
			const statement = word !== null && closers.has(word) ? null : this.#statement(word);
			if (statement !== null) found.push(statement);
			if (this.#at === before || !isOperator(this.#tokens.at(this.#at), "&&")) break;
			this.#behind();
		}
		return found;
	}

	#function(skip: number): Statement {
		const name = keyword(this.#tokens.at((this.#at += skip))) ?? "";
		this.#at++;
		while (isOperator(this.#tokens.at(this.#at), "(", ")", "\n")) this.#at++;
		const body = this.#at < this.#tokens.length ? this.#statement(keyword(this.#tokens[this.#at])) : null;
		return { kind: "function", name, body: body === null ? [] : [body] };
	}

	#if(): Statement {
		const arms: Arm[] = [];
		let from = ++this.#at;
		let commands = this.#until(["then", "fi"]);
		let test: Arm["test"] = { kind: "test", tokens: this.#tokens.slice(from, this.#at), commands };
		while (this.#at < this.#tokens.length) {
			const word = keyword(this.#tokens[this.#at++]);
			if (word === "fi") break;
			if (word === "elif") {
				from = this.#at;
				commands = this.#until(["then", "fi"]);
				test = { kind: "test", tokens: this.#tokens.slice(from, this.#at), commands };
			} else {
				if (word === "else") test = { kind: "else" };
				arms.push({ test, body: this.#until(["elif", "else", "fi"]) });
			}
		}
		return { kind: "branch", arms };
	}

	#case(): Statement {
		const arms: Arm[] = [];
		this.#at++;
		const first = this.#tokens.at(this.#at);
		const subject = first?.kind === "word" ? first.word : null;
		while (this.#at < this.#tokens.length && keyword(this.#tokens[this.#at]) !== "in") this.#at++;
		this.#at++;
		while (this.#at < this.#tokens.length && keyword(this.#tokens[this.#at]) !== "esac") {
			// The pattern, up to its bracket.
			const patterns: Word[] = [];
			while (this.#at < this.#tokens.length && !isOperator(this.#tokens[this.#at], ")")) {
				if (keyword(this.#tokens[this.#at]) === "esac") break;
				const token = this.#tokens[this.#at++];
				if (token.kind === "word") patterns.push(token.word);
			}
			if (keyword(this.#tokens.at(this.#at)) === "esac") break;
			this.#at++;
			arms.push({ test: { kind: "pattern", subject, patterns }, body: this.#until([";;", "esac"]) });
			if (isOperator(this.#tokens.at(this.#at), ";;")) this.#at++;
			while (isOperator(this.#tokens.at(this.#at), "\n")) this.#at++;
		}
		this.#at++;
		return { kind: "branch", arms };
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
		// Without words it is over the caller's.
		return { kind: "for", name, words: words.length === 1 ? [everyArgument] : words.slice(2), body };
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
		const isGuarded = this.#guards;
		this.#guards = false;
		return { kind: "simple", arrays, words, heredocs, target, at, isGuarded };
	}
}

/** Commands that only say yes or no. */
const tests = new Set(["[", "[[", "test", "true", "false"]);
/** Words with which more than a command begins. */
const compounds = new Set(["{", "if", "case", "for", "select", "while", "until", "function", ...tests]);

const everyArgument: Word = {
	parts: [
		{ kind: "variable", name: "@", operator: "", operand: "", at: 0, operandAt: 0, quoted: true } as const,
	],
	at: 0,
};

const closers = new Set(["fi", "done", "esac", "}", "then", "else", "elif", "do"]);

/** A word that is one piece of bare text: keywords are such. */
function keyword(token: Token | undefined): string | null {
	if (token?.kind !== "word" || token.word.parts.length !== 1) return null;
	const [part] = token.word.parts;
	return part.kind === "text" && !part.quoted ? part.text : null;
}

function isOperator(token: Token | undefined, ...texts: readonly string[]): boolean {
	return token?.kind === "operator" && texts.includes(token.text);
}
