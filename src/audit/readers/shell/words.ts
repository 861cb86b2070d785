/** A stretch of a word whose text stands in the file as it is; `quoted` text is not split. */
export interface Literal {
	readonly kind: "text";
	readonly text: string;
	readonly at: number;
	readonly quoted: boolean;
}

/** `$NAME`, `${NAME}`, `${NAME:-word}`, `${ARRAY[@]}`; `operator` is what follows the name. */
export interface Expansion {
	readonly kind: "variable";
	readonly name: string;
	readonly operator: string;
	readonly operand: string;
	readonly at: number;
	/** Where the operand stands. */
	readonly operandAt: number;
	readonly quoted: boolean;
}

/** What only a running shell could say: `$(...)`, backticks. */
export interface Opaque {
	readonly kind: "opaque";
	readonly why: string;
	readonly at: number;
	readonly quoted: boolean;
}

export type Part = Literal | Expansion | Opaque;

export interface Word {
	readonly parts: readonly Part[];
	readonly at: number;
}

/** `<<EOF`, its body, and whether `$` expands in it. */
export interface Heredoc {
	readonly body: string;
	readonly at: number;
	readonly expands: boolean;
}

export type Token =
	| { readonly kind: "word"; readonly word: Word }
	| { readonly kind: "operator"; readonly text: string; readonly at: number }
	| { readonly kind: "heredoc"; readonly heredoc: Heredoc }
	/** `NAME=(` ... `)`: its words. */
	| {
			readonly kind: "array";
			readonly name: string;
			readonly append: boolean;
			readonly words: Word[];
			readonly at: number;
	  };

const operators = ["&&", "||", ";;", "|&", "|", "&", ";", "(", ")", "\n"];
const nameAt = /[A-Za-z_]\w*/y;
/** What is meant to go on in the next line. With blanks or a comment behind it no shell does, and no program takes it. */
const goesOn = /\\(?:[ \t]+#[^\n]*|[ \t]*\r?)\n/y;

/** Words and operators of a shell script. Never fails: what is not closed ends with the text. */
export class Lexer {
	readonly #text: string;
	/** Where the text stands in its file. */
	readonly #base: number;
	readonly #isElsewhere: boolean;
	#at = 0;
	readonly #tokens: Token[] = [];
	/** Heredocs whose bodies follow the line. */
	readonly #pending: { end: string; expands: boolean; tabs: boolean }[] = [];

	/** @param isElsewhere whether the text is not of the file: then all of it stands at `base` */
	constructor(text: string, base = 0, isElsewhere = false) {
		this.#isElsewhere = isElsewhere;
		this.#text = text;
		this.#base = base;
	}

	#place(at: number): number {
		return this.#isElsewhere ? this.#base : this.#base + at;
	}

	tokens(): Token[] {
		while (this.#at < this.#text.length) this.#next();
		return this.#tokens;
	}

	#next(): void {
		const text = this.#text;
		const char = text[this.#at];
		if (char === "\n") {
			this.#operator("\n");
			for (const heredoc of this.#pending.splice(0)) this.#heredocBody(heredoc);
		} else if (char === " " || char === "\t" || char === "\r") this.#at++;
		else if (this.#goesOn()) this.#at = text.indexOf("\n", this.#at) + 1;
		else if (char === "#") {
			const end = text.indexOf("\n", this.#at);
			this.#at = end === -1 ? text.length : end;
		} else if (this.#redirection()) return;
		else {
			const operator = operators.find((one) => text.startsWith(one, this.#at));
			if (operator !== undefined) this.#operator(operator);
			else this.#wordOrArray();
		}
	}

	#goesOn(): boolean {
		goesOn.lastIndex = this.#at;
		return goesOn.test(this.#text);
	}

	#operator(text: string): void {
		this.#tokens.push({ kind: "operator", text, at: this.#place(this.#at) });
		this.#at += text.length;
	}

	/** `> file`, `2>&1`, `<<EOF`: the file is kept as an operator and a word, for heredocs that write one. */
	#redirection(): boolean {
		const match = /^(?:\d*|&)(<<-?|<<<|>>|>&|<&|>\||>|<)/.exec(this.#text.slice(this.#at, this.#at + 8));
		if (match === null) return false;
		if (match[0].startsWith("<(") || this.#text.startsWith("<(", this.#at)) return false;
		const start = this.#at;
		this.#at += match[0].length;
		if (this.#text.startsWith("<<<", start)) this.#at = start + 3;
		while (this.#text[this.#at] === " " || this.#text[this.#at] === "\t") this.#at++;
		if (match[1].startsWith("<<") && !this.#text.startsWith("<<<", start)) {
			const end = /^(?:"([^"\n]*)"|'([^'\n]*)'|\\?([^\s;|&<>()]+))/.exec(
				this.#text.slice(this.#at, this.#at + 200),
			);
			if (end === null) return true;
			this.#at += end[0].length;
			const bare = end.at(3);
			this.#pending.push({
				end: end.at(1) ?? end.at(2) ?? bare ?? "",
				expands: bare !== undefined && !end[0].startsWith("\\"),
				tabs: match[1] === "<<-",
			});
			return true;
		}
		this.#tokens.push({ kind: "operator", text: match[1], at: this.#place(start) });
		return true;
	}

	#heredocBody({ end, expands, tabs }: { end: string; expands: boolean; tabs: boolean }): void {
		const start = this.#at;
		while (this.#at < this.#text.length) {
			const newline = this.#text.indexOf("\n", this.#at);
			const stop = newline === -1 ? this.#text.length : newline;
			const line = this.#text.slice(this.#at, stop).replace(/\r$/, "");
			const from = this.#at;
			this.#at = Math.min(stop + 1, this.#text.length);
			if ((tabs ? line.replace(/^\t+/, "") : line) !== end) continue;
			this.#heredoc(start, from, expands);
			return;
		}
		this.#heredoc(start, this.#text.length, expands);
	}

	#heredoc(start: number, end: number, expands: boolean): void {
		const heredoc = { body: this.#text.slice(start, end), at: this.#place(start), expands };
		// It belongs to the command before the line's end.
		const newline = this.#tokens.findLastIndex((token) => token.kind === "operator" && token.text === "\n");
		this.#tokens.splice(newline === -1 ? this.#tokens.length : newline, 0, { kind: "heredoc", heredoc });
	}

	#wordOrArray(): void {
		const array = /^([A-Za-z_]\w*)(\+?)=\(/.exec(this.#text.slice(this.#at, this.#at + 200));
		if (array === null) {
			this.#tokens.push({ kind: "word", word: this.#word() });
			return;
		}
		const at = this.#place(this.#at);
		this.#at += array[0].length;
		const words: Word[] = [];
		while (this.#at < this.#text.length && this.#text[this.#at] !== ")") {
			const char = this.#text[this.#at];
			if (/\s/.test(char)) this.#at++;
			else if (this.#goesOn()) this.#at = this.#text.indexOf("\n", this.#at) + 1;
			else if (char === "#") {
				const end = this.#text.indexOf("\n", this.#at);
				this.#at = end === -1 ? this.#text.length : end;
			} else if (/[();&|<>]/.test(char)) this.#at++;
			else words.push(this.#word());
		}
		this.#at++;
		this.#tokens.push({ kind: "array", name: array[1], append: array[2] === "+", words, at });
	}

	#word(): Word {
		const parts: Part[] = [];
		const start = this.#at;
		const text = this.#text;
		while (this.#at < text.length && !/[\s;&|()<>]/.test(text[this.#at])) {
			const char = text[this.#at];
			if (char === "'") this.#single(parts);
			else if (char === '"') this.#double(parts);
			else if (char === "$" && text[this.#at + 1] === "'") this.#ansi(parts);
			else if (char === "$" && text[this.#at + 1] === '"') this.#at++;
			else if (char === "$" || char === "`") this.#dollar(parts, false);
			else if (char === "\\") {
				if (/^\\\r?\n/.test(text.slice(this.#at, this.#at + 3))) this.#at = text.indexOf("\n", this.#at) + 1;
				else if (this.#goesOn()) break;
				else {
					this.#push(parts, text[this.#at + 1] ?? "", this.#at + 1, true);
					this.#at += 2;
				}
			} else {
				let end = this.#at + 1;
				while (end < text.length && !/[\s;&|()<>'"$`\\]/.test(text[end])) end++;
				this.#push(parts, text.slice(this.#at, end), this.#at, false);
				this.#at = end;
			}
		}
		// Such as a stray `<(`: step over it, or nothing would move.
		if (this.#at === start) this.#push(parts, text[this.#at++] ?? "", start, false);
		return { parts, at: this.#place(start) };
	}

	#push(parts: Part[], text: string, at: number, quoted: boolean): void {
		parts.push({ kind: "text", text, at: this.#place(at), quoted });
	}

	#single(parts: Part[]): void {
		const end = this.#text.indexOf("'", this.#at + 1);
		const stop = end === -1 ? this.#text.length : end;
		this.#push(parts, this.#text.slice(this.#at + 1, stop), this.#at + 1, true);
		this.#at = stop + 1;
	}

	/** `$'...'` */
	#ansi(parts: Part[]): void {
		const match = /^\$'((?:[^'\\]|\\.)*)'?/s.exec(this.#text.slice(this.#at))!;
		const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", "\\": "\\", "'": "'", '"': '"' };
		const text = match[1].replace(/\\(.)/gs, (whole, char: string) => escapes[char] ?? whole);
		this.#push(parts, text, this.#at + 2, true);
		this.#at += match[0].length;
	}

	#double(parts: Part[]): void {
		const text = this.#text;
		let from = ++this.#at;
		const flush = (): void => this.#push(parts, text.slice(from, this.#at), from, true);
		while (this.#at < text.length && text[this.#at] !== '"') {
			const char = text[this.#at];
			if (char === "\\") {
				flush();
				const next = text[this.#at + 1] ?? "";
				if (next !== "\n") {
					const kept = '$`"\\'.includes(next) ? next : `\\${next}`;
					this.#push(parts, kept, this.#at + (kept.length === 1 ? 1 : 0), true);
				}
				this.#at += 2;
				from = this.#at;
			} else if (char === "$" || char === "`") {
				flush();
				this.#dollar(parts, true);
				from = this.#at;
			} else this.#at++;
		}
		flush();
		this.#at++;
	}

	#dollar(parts: Part[], quoted: boolean): void {
		const text = this.#text;
		const start = this.#at;
		const at = this.#place(start);
		if (text[start] === "`") {
			const end = text.indexOf("`", start + 1);
			this.#at = end === -1 ? text.length : end + 1;
			// `# ...` between backquotes is how a command of several lines is commented.
			if (/^\s*#[^\n]*$/.test(text.slice(start + 1, end))) return;
			parts.push({ kind: "opaque", why: "a command's output", at, quoted });
		} else if (text.startsWith("$((", start)) {
			this.#at = this.#closing(start + 1, "(", ")");
			parts.push({ kind: "opaque", why: `arithmetic`, at, quoted });
		} else if (text[start + 1] === "(") {
			this.#at = this.#closing(start + 1, "(", ")");
			parts.push({ kind: "opaque", why: "a command's output", at, quoted });
		} else if (text[start + 1] === "{") {
			this.#at = this.#closing(start + 1, "{", "}");
			const inner = text.slice(start + 2, Math.max(start + 2, this.#at - 1));
			const match = /^([A-Za-z_]\w*|[\d@*#?!])(.*)$/s.exec(inner);
			if (match === null) {
				parts.push({ kind: "opaque", why: `\${${inner.slice(0, 20)}}`, at, quoted });
				return;
			}
			const [, name, rest] = match;
			const operator = /^(\[[^\]]*\])?(:?[-+=?])?/.exec(rest)![0];
			const operand = rest.slice(operator.length);
			const operandAt = at + 2 + name.length + operator.length;
			parts.push({ kind: "variable", name, operator, operand, at, operandAt, quoted });
		} else {
			nameAt.lastIndex = start + 1;
			const name = nameAt.exec(text)?.[0] ?? /^[\d@*#?!$]/.exec(text[start + 1] ?? "")?.[0];
			this.#at = start + 1 + (name?.length ?? 0);
			if (name === undefined) this.#push(parts, "$", start, quoted);
			else parts.push({ kind: "variable", name, operator: "", operand: "", at, operandAt: at, quoted });
		}
	}

	/** Behind the bracket that closes the one at `from`; quotes within are stepped over. */
	#closing(from: number, open: string, close: string): number {
		let depth = 0;
		for (let at = from; at < this.#text.length; at++) {
			const char = this.#text[at];
			if (char === "\\") at++;
			else if (char === "'" && open === "(") {
				const end = this.#text.indexOf("'", at + 1);
				if (end === -1) return this.#text.length;
				at = end;
			} else if (char === open) depth++;
			else if (char === close && --depth === 0) return at + 1;
		}
		return this.#text.length;
	}
}
