import { trimmed } from "./glob.ts";
import { type Heredoc, Lexer, type Part, type Word } from "./words.ts";

/** A stretch of a word's text after expansion, and where it stands; or why it is not known. */
export type Piece =
	| {
			readonly text: string;
			readonly at: number;
			/** The variable of which it is what is taken where the caller or the environment gives nothing. */
			readonly isDefault?: string;
			/** Whether an option of the script would set it. */
			readonly byOption?: true;
			/** The heredoc of which a variable holds it. */
			readonly of?: Heredoc;
	  }
	| { readonly unknown: string; readonly at: number };

/** A word after expansion. */
export type Pieces = readonly Piece[];

/** A variable: one value, or an array's. */
export type Variable =
	| { readonly value: Pieces }
	/** `isOpen` of arguments to which a caller that is not known may add others. */
	| { readonly array: readonly Pieces[]; readonly isOpen?: boolean };
export type Variables = ReadonlyMap<string, Variable>;

/** Deepest nesting of `${A:-${B:-...}}`. */
const deepest = 12;
/** Most pieces of one value: `A=$A$A` in a loop doubles. */
const mostPieces = 5000;

/** The words that a word becomes: none, or several where an expansion without quotes splits. */
export function expandWord(word: Word, variables: Variables): Pieces[] {
	const words: Piece[][] = [];
	let current: Piece[] | null = null;
	let isNothing = false;
	const add = (piece: Piece): void => {
		if (current === null) words.push((current = []));
		if (current.length < mostPieces) current.push(piece);
	};
	const split = (value: Pieces): void => {
		for (const piece of value) {
			if ("unknown" in piece) {
				add(piece);
				continue;
			}
			for (const { text, at, breaks } of fields(piece.text, piece.at)) {
				if (breaks) current = null;
				if (text !== "") add({ ...piece, text, at });
			}
		}
	};
	for (const part of word.parts) {
		if (part.kind === "text") {
			add({ text: part.text, at: part.at });
			continue;
		}
		const array = arrayOf(part, variables);
		if (array !== null) {
			isNothing ||= array.length === 0;
			for (const [i, element] of array.entries()) {
				if (i > 0) current = null;
				if (part.quoted) for (const piece of element) add(piece);
				else split(element);
			}
			continue;
		}
		const value = valueOf(part, variables, 0);
		if (!part.quoted) {
			split(value);
			continue;
		}
		for (const piece of value) add(piece);
		if (value.length === 0) add({ text: "", at: part.at });
	}
	// `"$@"` of no arguments is no word, whatever quotes it has.
	return isNothing && words.every((word) => plainText(word) === "") ? [] : words;
}

/** A word as the value of an assignment, which is not split. */
export function expandValue(parts: readonly Part[], variables: Variables, depth = 0): Pieces {
	return parts
		.flatMap((part): Pieces => {
			if (part.kind === "text") return part.text === "" ? [] : [{ text: part.text, at: part.at }];
			const array = arrayOf(part, variables);
			if (array !== null)
				return array.flatMap((one, i) => (i === 0 ? one : [{ text: " ", at: part.at }, ...one]));
			return valueOf(part, variables, depth);
		})
		.slice(0, mostPieces);
}

/** Text alone; null where a piece is not known. */
export function plainText(pieces: Pieces): string | null {
	let text = "";
	for (const piece of pieces) {
		if ("unknown" in piece) return null;
		text += piece.text;
	}
	return text;
}

/** `"${ARGS[@]}"`, `$@`, `$*`; null where it is no array. */
function arrayOf(part: Exclude<Part, { kind: "text" }>, variables: Variables): readonly Pieces[] | null {
	if (part.kind === "opaque") return null;
	if (part.name === "@" || part.name === "*") {
		// What else a caller that is not known gives is taken to be nothing.
		const given = argumentsIn(variables) ?? [];
		const cut = `${part.operator}${part.operand}`;
		const from = /^:([1-9]\d*)$/.exec(cut)?.[1];
		if (cut !== "" && from === undefined && given.length > 0)
			return [[{ unknown: `\${${part.name}${cut.slice(0, 12)}} is computed`, at: part.at }]];
		return given.slice(Number(from ?? 1) - 1);
	}
	if (!/^\[[@*]\]/.test(part.operator)) return null;
	const variable = variables.get(part.name);
	if (variable === undefined) return [[{ unknown: `${part.name} is not set in this file`, at: part.at }]];
	return "array" in variable ? variable.array : [variable.value];
}

function valueOf(part: Exclude<Part, { kind: "text" }>, variables: Variables, depth: number): Pieces {
	if (part.kind === "opaque") return [{ unknown: `it is ${part.why}`, at: part.at }];
	const { name, operator, operand, at } = part;
	const given = argumentsIn(variables);
	if (name === "#" && given !== null && (given.length > 0 || !isOpenCaller(variables)))
		return [{ text: String(given.length), at }];
	const argument = given !== null && /^[1-9]\d*$/.test(name) ? given.at(Number(name) - 1) : undefined;
	const isArgument =
		given !== null && /^[1-9]\d*$/.test(name) && (argument !== undefined || !isOpenCaller(variables));
	const variable = argument === undefined ? variables.get(name) : { value: argument };
	const index = indexOf(operator, variables);
	if (index === null) return [{ unknown: `which of ${name} it is is not known`, at }];
	const held =
		variable === undefined ? undefined : "array" in variable ? variable.array.at(index) : variable.value;
	const kind = operator.replace(/^\[[^\]]*\]/, "");
	const isEmpty = held === undefined || (kind.startsWith(":") && plainText(held) === "");
	const fallback = (): Pieces => {
		if (depth >= deepest) return [{ unknown: `\${${name}} nests too deep`, at }];
		const parts = new Lexer(operand, part.operandAt).tokens().flatMap((token, i): readonly Part[] => {
			if (token.kind !== "word") return [];
			return i === 0
				? token.word.parts
				: [{ kind: "text", text: " ", at: token.word.at, quoted: true }, ...token.word.parts];
		});
		const value = expandValue(parts, variables, depth + 1);
		// Of what the script itself has emptied the default is no choice of the caller's.
		if (held !== undefined || isArgument) return value;
		return value.map((piece) => ("text" in piece ? { ...piece, isDefault: name } : piece));
	};
	switch (kind) {
		case ":-":
		case "-":
		case ":=":
		case "=":
			return isEmpty ? fallback() : held;
		case ":+":
		case "+":
			return isEmpty ? [] : fallback();
		case "":
		case ":?":
		case "?":
			if (operand !== "" && kind === "" && held !== undefined) {
				const cut = changed(held, operand, variables);
				if (cut !== null) return cut;
			}
			if (operand !== "" && kind === "")
				return [{ unknown: `\${${name}${operand.slice(0, 12)}} is computed`, at }];
			return held ?? (isArgument ? [] : [{ unknown: unset(name), at }]);
		default:
			return [{ unknown: `\${${name}} is computed`, at }];
	}
}

/** `[2]`, `[$I]`, `[I]`; null where it is not known. */
function indexOf(operator: string, variables: Variables): number | null {
	const written = /^\[(.*)\]/.exec(operator)?.[1];
	if (written === undefined || /^\d+$/.test(written)) return Number(written ?? 0);
	const name = /^\$?\{?([A-Za-z_]\w*)\}?$/.exec(written)?.[1];
	const held = name === undefined ? undefined : variables.get(name);
	const text = held === undefined || "array" in held ? null : plainText(held.value);
	return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

/** `${NAME#pattern}`, `${NAME%pattern}`, `${NAME,,}`, `${NAME^^}` of what is known. */
function changed(held: Pieces, operand: string, variables: Variables): Pieces | null {
	const text = plainText(held);
	if (text === null || held.length === 0) return null;
	const last = held.at(-1)! as Extract<Piece, { text: string }>;
	if (operand === ",,") return [{ ...last, text: text.toLowerCase() }];
	if (operand === "^^") return [{ ...last, text: text.toUpperCase() }];
	const match = /^(##?|%%?)(.*)$/s.exec(operand);
	if (match === null) return null;
	const pattern = /[$`"']/.test(match[2])
		? plainText(
				expandWord(
					{
						parts: new Lexer(match[2]).tokens().flatMap((one) => (one.kind === "word" ? one.word.parts : [])),
						at: 0,
					},
					variables,
				).flat(),
			)
		: match[2];
	const cut = pattern === null ? null : trimmed(text, match[1], pattern);
	return cut === null ? null : [{ ...last, text: cut }];
}

/** Whether a caller that is not known may give other arguments. */
export function isOpenCaller(variables: Variables): boolean {
	const held = variables.get("@");
	return held === undefined || !("array" in held) || held.isOpen === true;
}

/** The arguments of a function or script whose caller is known; null of one whose caller is not. */
export function argumentsIn(variables: Variables): readonly Pieces[] | null {
	const held = variables.get("@");
	return held !== undefined && "array" in held ? held.array : null;
}

function unset(name: string): string {
	return /^\d$/.test(name) ? `$${name} is given by the caller` : `$${name} is not set in this file`;
}

/** Fields of a text without quotes, each with whether white space parts it from what is before. */
function fields(text: string, at: number): { text: string; at: number; breaks: boolean }[] {
	const found: { text: string; at: number; breaks: boolean }[] = [];
	for (const match of text.matchAll(/(\s*)(\S*)/g)) {
		if (match[0] === "") continue;
		found.push({ text: match[2], at: at + match.index + match[1].length, breaks: match[1] !== "" });
	}
	return found;
}
