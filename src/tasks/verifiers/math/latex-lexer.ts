import { isUnitWord, unitOf } from "./units.ts";

export interface Token {
	readonly type:
		| "number"
		/** One letter, or a Greek one by its command's name. */
		| "letter"
		/** A word that is a function, a joiner or a set when written without a backslash. */
		| "word"
		/** `\frac`: the name without the backslash. */
		| "command"
		/** What stands in `\text{...}`, or a word of plain English. */
		| "text"
		/** `\begin{...}` and `\end{...}`: the environment. */
		| "begin"
		| "end"
		/** `\mathbb{R}`: the letter. */
		| "blackboard"
		| "row"
		| "sign";
	readonly text: string;
	/** Whether white space stands before it. */
	readonly spaced: boolean;
}

/** How a comma between digits is read. */
export interface Reading {
	/** `1,234` is a number; otherwise it is two. */
	readonly thousands: boolean;
}

const plainWords = new Map<string, string>(
	(
		"sin cos tan sec csc cot arcsin arccos arctan asin acos atan sinh cosh tanh ln log lg exp sqrt cbrt abs floor ceil gcd " +
		"lcm max min and or pi infinity union mod percent percentage pct theta alpha beta gamma lambda degrees degree " +
		"choose inf oo infty cis"
	)
		.split(" ")
		.map((word) => [word, word] as const),
);

const textCommands =
	/^(?:text|textbf|textit|textrm|textnormal|texttt|textsf|mbox|hbox|mathrm|mathbf|mathit|mathsf|operatorname\*?|emph|bold|bm|boldsymbol|mathbin|mathop|mathcal|vec|hat|underline)$/;

/** @returns undefined for a character that no answer holds */
export function tokenise(text: string, { thousands }: Reading): Token[] | undefined {
	const tokens: Token[] = [];
	let at = 0;
	let spaced = false;
	let depth = 0;
	const push = (type: Token["type"], content: string) => {
		tokens.push({ type, text: content, spaced });
		spaced = false;
	};
	while (at < text.length) {
		const c = text[at];
		if (c === " ") {
			spaced = true;
			at++;
		} else if (isDigit(c) || (c === "." && isDigit(text[at + 1]))) {
			const [digits, end] = number(text, at, thousands && depth === 0);
			push("number", digits);
			at = end;
		} else if (isLetter(c)) {
			let end = at + 1;
			while (isLetter(text[end])) end++;
			letters(text.slice(at, end), tokens.at(-1), push);
			at = end;
		} else if (c === "\\") {
			const name = /[A-Za-z]+\*?/y;
			name.lastIndex = at + 1;
			const command = name.exec(text)?.[0];
			if (command === undefined) {
				const next = text.at(at + 1);
				if (next === undefined) break;
				if (next === "\\") push("row", "\\\\");
				else if (next === "{" || next === "}" || next === "|" || next === "$") push("sign", `\\${next}`);
				else if (next === "%") push("sign", "%");
				else if (next === "(" || next === ")" || next === "[" || next === "]") spaced = true;
				else if (next === "#" || next === "&" || next === "_" || next === "-" || next === "/")
					push("sign", next);
				else if (next === '"' || next === "'" || next === "`") spaced = true;
				else return undefined;
				at += 2;
				continue;
			}
			at += command.length + 1;
			if (command === "begin" || command === "end" || command === "mathbb" || textCommands.test(command)) {
				const letter = command === "mathbb" ? /\s*([A-Z])/y : undefined;
				if (letter !== undefined) {
					letter.lastIndex = at;
					const name = letter.exec(text)?.[1];
					if (name !== undefined) {
						push("blackboard", name);
						at = letter.lastIndex;
						continue;
					}
				}
				const group = braced(text, at);
				if (group === undefined) {
					// `\mathbf v`, `\text` at the end
					continue;
				}
				at = group.end;
				if (command === "mathbb") push("blackboard", group.content.trim());
				else if (command === "begin" || command === "end") push(command, group.content.trim());
				else styled(command, group.content, tokens, push, { thousands });
			} else push("command", command);
		} else if (c === "$") {
			// A delimiter inside the answer ("12 $ and $ 13") is white space.
			spaced = true;
			at++;
		} else if (c === '"' || c === "`") {
			spaced = true;
			at++;
		} else if ("+-*/^_()[]{},;:=<>!|&%'.?#".includes(c)) {
			if (c === "(" || c === "[" || (c === "{" && text[at - 1] === "\\")) depth++;
			else if (c === ")" || c === "]") depth = Math.max(0, depth - 1);
			if (c === "*" && text[at + 1] === "*") {
				push("sign", "^");
				at += 2;
			} else if ((c === "<" || c === ">" || c === "!" || c === "=") && text[at + 1] === "=") {
				push("sign", c === "=" ? "=" : `${c}=`);
				at += 2;
			} else if (text.startsWith("=<", at)) {
				push("sign", "<=");
				at += 2;
			} else if (text.startsWith("...", at)) {
				push("command", "ldots");
				at += 3;
			} else {
				push("sign", c);
				at++;
			}
		} else return undefined;
	}
	return tokens;
}

/** The digits of a number without separators, and where it ends. */
function number(text: string, start: number, thousands: boolean): [digits: string, end: number] {
	if (thousands) {
		const grouped = /[1-9]\d{0,2}(?:,\d{3})+(?!\d|,\d)(?:\.\d+)?|[1-9]\d{0,2}(?: \d{3})+(?!\d)(?:\.\d+)?/y;
		grouped.lastIndex = start;
		const match = grouped.exec(text)?.[0];
		if (match !== undefined) return [match.replace(/[, ]/g, ""), start + match.length];
	}
	const plain = /\d*(?:\.\d+|\.(?![.\d]))?(?:[eE][+-]?\d+(?![\d.A-Za-z]))?/y;
	plain.lastIndex = start;
	const match = plain.exec(text)![0];
	return [match, start + match.length];
}

function letters(
	run: string,
	before: Token | undefined,
	push: (type: Token["type"], text: string) => void,
): void {
	const lower = run.toLowerCase();
	const afterValue =
		before !== undefined &&
		(before.type === "number" ||
			(before.type === "sign" && /^[)\]}%|]$|^\\\$$/.test(before.text)) ||
			before.type === "text");
	// Minutes after a number, elsewhere a minimum.
	if (run === "min" && before?.type === "number") push("text", run);
	else if (run.length > 1 && plainWords.has(lower) && (run === lower || run.length > 2)) push("word", lower);
	else if (run.length > 1 && afterValue && isUnitWord(lower)) push("text", run);
	else if (before?.type === "text" && run.length > 1 && run === lower && !plainWords.has(run))
		push("text", run);
	else if (run.length >= 4) {
		const known = /^(arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|sqrt|log|ln|pi)(?=[a-z])/.exec(run)?.[0];
		// `sinx`, `cosxy`
		if (known !== undefined && run.length - known.length <= 2) {
			push("word", known);
			for (const letter of run.slice(known.length)) push("letter", letter);
		} else push("text", run);
	} else if (run === "pix" || run === "lnx" || run === "pir") {
		push("word", run.slice(0, 2));
		push("letter", run[2]);
	} else for (const letter of run) push("letter", letter);
}

/** `\mathrm{e}` is the letter, `\text{cm}` is words, `\mathbf{v}` a vector's name, `\operatorname{lcm}` a function. */
function styled(
	command: string,
	content: string,
	tokens: readonly Token[],
	push: (type: Token["type"], text: string) => void,
	reading: Reading,
): void {
	// `\hat{\mathbf{i}}`
	const inner = content
		.trim()
		.replace(/^\\(?:mathbf|bm|boldsymbol|vec|hat)\s*\{\s*(\\?[A-Za-z]+)\s*\}$/, "$1");
	if (inner === "") return;
	if (
		/^(?:mathbf|bm|boldsymbol|bold|vec|hat|underline|mathcal|mathit)$/.test(command) &&
		/^\\?[A-Za-z]+$/.test(inner)
	) {
		// Bold or with a hat, the vectors of length 1 along the axes.
		const unit =
			/^(?:mathbf|bm|boldsymbol|bold|vec|hat)$/.test(command) && /^\\?(?:[ijk]|imath|jmath)$/.test(inner);
		push("letter", unit ? `bold-${/[ijk]/.exec(inner)![0]}` : inner.replace("\\", ""));
		return;
	}
	// A formula in bold, or set as one within words.
	const formula = /^(?:math(?:bf|rm|it|sf)|bm|boldsymbol|bold)$/.test(command)
		? /[\\^{]|^[\d.,\s+*/()=-]+$/.test(inner) && !/[A-Za-z]{3}/.test(inner.replace(/\\[A-Za-z]+/g, ""))
		: /^\$[^$]+\$$/.test(inner);
	const unit = tokens.length > 0 && unitOf(inner) !== null;
	const within = formula && !unit ? tokenise(inner, reading) : undefined;
	if (within !== undefined && !/_/.test(inner)) {
		push("sign", "{");
		for (const token of within) push(token.type, token.text);
		push("sign", "}");
		return;
	}
	const word = inner.toLowerCase();
	const afterValue = tokens.length > 0 && !/^[=<>,;+*/-]$/.test(tokens.at(-1)!.text);
	if (afterValue && isUnitWord(word)) push("text", inner);
	else if (plainWords.has(word) || /^operatorname/.test(command)) push("word", word);
	else if (/^[eid]$/.test(inner) && !/^text/.test(command)) push("letter", inner);
	// Digits of a number in a base above ten.
	else if (!afterValue && /^(?=.*\d)[\dA-F]+$/.test(inner))
		for (const run of inner.match(/\d+|[A-F]/g)!) push(isDigit(run[0]) ? "number" : "letter", run);
	// Numbers and formulas that somebody put into a text.
	else if (!afterValue && /^[-+]?[\d.,/]+(?:(?:,? and |,? or |, )[-+]?[\d.,/]+)*(?: [a-z]+)*$/.test(inner))
		for (const token of tokenise(inner, reading) ?? []) push(token.type, token.text);
	else push("text", inner);
}

/** What is in the braces that start at or after white space here. */
function braced(text: string, from: number): { content: string; end: number } | undefined {
	let at = from;
	while (text[at] === " ") at++;
	if (text[at] !== "{") return undefined;
	let depth = 0;
	for (let i = at; i < text.length; i++) {
		if (text[i] === "\\") i++;
		else if (text[i] === "{") depth++;
		else if (text[i] === "}" && --depth === 0) return { content: text.slice(at + 1, i), end: i + 1 };
	}
	return undefined;
}

export const isDigit = (c: string | undefined): boolean => c !== undefined && c >= "0" && c <= "9";
export const isLetter = (c: string | undefined): boolean =>
	c !== undefined && ((c >= "a" && c <= "z") || (c >= "A" && c <= "Z"));
