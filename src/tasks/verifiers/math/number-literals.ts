import type { Node } from "./ast.ts";
import type { Token } from "./latex-lexer.ts";
import { ellipses } from "./latex-vocabulary.ts";
import { fromDecimal, rational } from "./rational.ts";
import { isCommand, type TokenCursor } from "./token-cursor.ts";

export function literalOf(digits: string): Node & { kind: "number" } {
	return { kind: "number", value: fromDecimal(digits), literal: digits };
}

/** What a number's token begins, which the cursor stands after: a decimal, `1.5e3`, `3\frac12`, `0.1\overline{6}`. */
export function numberLiteral(token: Token, cursor: TokenCursor): Node {
	const [mantissa, exponent = ""] = token.text.split(/[eE]/);
	const literal = literalOf(mantissa);
	if (exponent !== "") {
		const power = literalOf(exponent.replace(/^[+-]/, ""));
		const signed: Node = exponent.startsWith("-") ? { kind: "negative", of: power } : power;
		return {
			kind: "product",
			factors: [literal, { kind: "power", base: literalOf("10"), exponent: signed }],
		};
	}
	const next = cursor.peek();
	if (mantissa.includes("."))
		return (
			goingOn(mantissa, cursor) ??
			(next !== undefined && isCommand(next, /^(?:overline|bar|dot)$/)
				? repeating(mantissa, cursor)
				: undefined) ??
			literal
		);
	return mixedNumber(literal, cursor) ?? literal;
}

/** `0.1\overline{6}`, `0.\dot{3}`, `0.\overline3` */
function repeating(mantissa: string, cursor: TokenCursor): Node | undefined {
	const grouped = cursor.isSign("{", 1) && cursor.isSign("}", 3);
	const token = cursor.peek(grouped ? 2 : 1);
	if (token?.type !== "number" || !/^\d+$/.test(token.text) || (!grouped && token.text.length > 1))
		return undefined;
	const dotted = isCommand(cursor.peek()!, /^dot$/);
	cursor.at += grouped ? 4 : 2;
	return repeatingDecimal(mantissa, token.text + (dotted ? toLastDot(cursor) : ""));
}

/** What follows the first dot of `0.\dot{1}4\dot{2}` up to the last. */
function toLastDot(cursor: TokenCursor): string {
	const plain = cursor.peek();
	const between = plain?.type === "number" && /^\d+$/.test(plain.text) ? plain.text : "";
	const ahead = between === "" ? 0 : 1;
	const dot = cursor.peek(ahead);
	const grouped = cursor.isSign("{", ahead + 1) && cursor.isSign("}", ahead + 3);
	const last = cursor.peek(ahead + (grouped ? 2 : 1));
	if (dot === undefined || !isCommand(dot, /^dot$/) || last?.type !== "number" || !/^\d$/.test(last.text))
		return "";
	cursor.at += ahead + (grouped ? 4 : 2);
	return between + last.text;
}

/** `0.3636...`, whose last digits are there twice or more. */
function goingOn(mantissa: string, cursor: TokenCursor): Node | undefined {
	const next = cursor.peek();
	if (next === undefined || !isCommand(next, ellipses) || mantissa.length > 60) return undefined;
	const found = /^(\d*\.\d*?)(\d{1,12}?)\2+$/.exec(mantissa);
	if (found === null) return undefined;
	cursor.at++;
	return repeatingDecimal(found[1], found[2]);
}

function repeatingDecimal(mantissa: string, period: string): Node {
	const places = mantissa.length - mantissa.indexOf(".") - 1;
	const head = fromDecimal(mantissa);
	const tail = rational(BigInt(period), 10n ** BigInt(places) * (10n ** BigInt(period.length) - 1n));
	const value = rational(head.n * tail.d + tail.n * head.d, head.d * tail.d);
	return { kind: "number", value, literal: `${mantissa}(${period})` };
}

/** A whole number before a proper fraction of literals: `3\frac{1}{2}`, `3\frac12`, `3 1/2`. */
function mixedNumber(whole: Node, cursor: TokenCursor): Node | undefined {
	const start = cursor.at;
	const parts = fractionOfLiterals(cursor);
	if (parts !== undefined) {
		const [n, d] = parts.map(BigInt);
		if (n < d)
			return {
				kind: "sum",
				terms: [whole, { kind: "quotient", over: literalOf(parts[0]), under: literalOf(parts[1]) }],
			};
	}
	cursor.at = start;
	return undefined;
}

function fractionOfLiterals(cursor: TokenCursor): readonly [over: string, under: string] | undefined {
	const first = cursor.peek();
	if (first === undefined) return undefined;
	if (first.type === "number") {
		const under = cursor.peek(2);
		if (!first.spaced || !cursor.isSign("/", 1) || under?.type !== "number") return undefined;
		cursor.at += 3;
		return whole(first.text, under.text);
	}
	const braces = cursor.accept("{");
	const command = cursor.peek();
	if (command === undefined || !isCommand(command, /^frac$/)) return undefined;
	cursor.at++;
	const over = fractionPart(cursor);
	if (over === undefined) return undefined;
	// `\frac12`: both in one token.
	const parts =
		over.length === 2 && cursor.before.text === over ? [over[0], over[1]] : [over, fractionPart(cursor)];
	if (parts[1] === undefined || (braces && !cursor.accept("}"))) return undefined;
	return whole(parts[0]!, parts[1]);
}

/** `{12}`, or the one digit that TeX takes without braces, or two for both parts. */
function fractionPart(cursor: TokenCursor): string | undefined {
	const braces = cursor.accept("{");
	const token = cursor.peek();
	if (token?.type !== "number" || (!braces && token.text.length > 2)) return undefined;
	cursor.at++;
	return braces && !cursor.accept("}") ? undefined : token.text;
}

function whole(over: string, under: string): readonly [string, string] | undefined {
	return /^\d+$/.test(over) && /^\d+$/.test(under) ? [over, under] : undefined;
}

const baseWords = new Map(
	"zero one two three four five six seven eight nine ten eleven twelve"
		.split(" ")
		.map((word, i) => [word, i] as const),
);

/** `1010_2`, `2A_{16}`, `12_{\text{eight}}`; undefined, and nothing taken, for anything else. */
export function basedNumber(cursor: TokenCursor): Node | undefined {
	let digits = "";
	const fenced = cursor.isSign("(");
	let ahead = fenced ? 1 : 0;
	for (;;) {
		const token = cursor.peek(ahead);
		if (token === undefined) return undefined;
		const digit = token.type === "number" || (token.type === "letter" && /^[A-Fa-f]$/.test(token.text));
		if (!digit || (digits !== "" && token.spaced)) break;
		digits += token.text.toUpperCase();
		ahead++;
	}
	if (fenced && !cursor.isSign(")", ahead++)) return undefined;
	if (!/^\d|^[A-F]\d/.test(digits) || !cursor.isSign("_", ahead)) return undefined;
	const braces = cursor.isSign("{", ahead + 1);
	const inner = braces && cursor.isSign("(", ahead + 2) ? 1 : 0;
	const subscript = cursor.peek(ahead + (braces ? 2 : 1) + inner);
	if (subscript === undefined || (braces && !cursor.isSign("}", ahead + 3 + 2 * inner))) return undefined;
	const base = subscript.type === "number" ? Number(subscript.text) : baseOfWord(subscript);
	if (!(Number.isInteger(base) && base >= 2 && base <= 36)) return undefined;
	for (const digit of digits) if (digit !== "." && !(Number.parseInt(digit, 36) < base)) return undefined;
	cursor.at += ahead + (braces ? 4 + 2 * inner : 2);
	return { kind: "based", digits, base };
}

function baseOfWord({ type, text }: Token): number {
	const word = text.toLowerCase().replace(/^base/, "").trim();
	return type === "text" ? (baseWords.get(word) ?? Number.NaN) : Number.NaN;
}
