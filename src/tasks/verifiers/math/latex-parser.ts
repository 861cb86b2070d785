import type { Node, RelationSign, Sequence } from "./ast.ts";
import { functionNames, inverses, takesBareArgument } from "./functions.ts";
import { type Reading, type Token, tokenise } from "./latex-lexer.ts";
import { normalise } from "./normalise.ts";
import { fromDecimal, rational } from "./rational.ts";
import { isUnitLetter, unitOf } from "./units.ts";

/** Longer answers are compared as text: no answer to a problem is this long. */
const mostCharacters = 10_000;
/** Brackets within brackets. */
const mostDepth = 300;

/** No formula as this grammar has it. */
class NotParsed extends Error {}

/**
 * The tree of an answer in LaTeX or in plain notation.
 * @returns undefined for what is none: prose, half a formula, or one without end
 */
export function parse(text: string, reading: Reading): Node | undefined {
	if (text.length > mostCharacters) return undefined;
	const tokens = tokenise(normalise(text), reading);
	if (tokens === undefined || tokens.length === 0) return undefined;
	try {
		return new Parser(tokens).answer();
	} catch (error) {
		if (error instanceof NotParsed) return undefined;
		throw error;
	}
}

const relations = new Map<string, RelationSign>([
	["=", "="],
	["<", "<"],
	[">", ">"],
	["<=", "<="],
	[">=", ">="],
	["!=", "!="],
	["le", "<="],
	["leq", "<="],
	["leqslant", "<="],
	["leqq", "<="],
	["lt", "<"],
	["ge", ">="],
	["geq", ">="],
	["geqslant", ">="],
	["geqq", ">="],
	["gt", ">"],
	["ne", "!="],
	["neq", "!="],
	["in", "in"],
	["approx", "~"],
	["simeq", "~"],
	["sim", "~"],
	["cong", "~"],
	["equiv", "="],
	["coloneqq", "="],
]);

const setOperators = new Map<string, "union" | "intersection" | "difference">([
	["cup", "union"],
	["bigcup", "union"],
	["union", "union"],
	["cap", "intersection"],
	["bigcap", "intersection"],
	["setminus", "difference"],
	["smallsetminus", "difference"],
	["backslash", "difference"],
]);

const greek =
	/^(?:alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|vartheta|iota|kappa|lambda|mu|nu|xi|rho|varrho|sigma|tau|upsilon|phi|varphi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega|ell|hbar|partial|nabla)$/;

const ellipses = /^(?:ldots|dots|cdots|dotsc|dotsb|dotsm|vdots|ddots)$/;

const closers = new Map([
	["(", /^(?:\)|\])$/],
	["[", /^(?:\)|\])$/],
]);

class Parser {
	readonly #tokens: readonly Token[];
	#at = 0;
	#depth = 0;
	/** Inside bars, a bar ends what is inside. */
	#bars = 0;

	constructor(tokens: readonly Token[]) {
		this.#tokens = tokens;
	}

	answer(): Node {
		// "= 5", "\approx 5": the answer to a question that was left out.
		const first = this.#peek()!;
		if (
			(first.type === "sign" && first.text === "=") ||
			isCommand(first, /^(?:approx|therefore|implies|Rightarrow|sim|simeq)$/)
		)
			this.#at++;
		const node = this.#list();
		if (this.#at < this.#tokens.length) throw new NotParsed();
		return node;
	}

	/** Items between commas, semicolons, "and", "or". One alone is itself. */
	#list(): Node {
		return this.#within(() => {
			const items = [this.#relation()];
			let joiner: "and" | "or" | undefined;
			for (let start = this.#at; this.#separator(); start = this.#at) {
				if (this.#ends()) break;
				for (const { text } of this.#tokens.slice(start, this.#at))
					if (/and|land|wedge/i.test(text)) joiner = "and";
					else if (/or|lor|vee/i.test(text)) joiner = "or";
				items.push(this.#relation());
			}
			return items.length === 1 ? items[0] : { ...bare(items), ...(joiner === undefined ? {} : { joiner }) };
		});
	}

	#within<T>(parse: () => T): T {
		if (++this.#depth > mostDepth) throw new NotParsed();
		const result = parse();
		this.#depth--;
		return result;
	}

	/** Whether nothing more can come before the enclosing bracket closes. A last full stop is none of the answer. */
	#ends(): boolean {
		while (this.#at === this.#tokens.length - 1 && this.#sign(".")) this.#at++;
		const token = this.#peek();
		return token === undefined || (token.type === "sign" && /^[)\]}]$|^\\\}$/.test(token.text));
	}

	#separator(): boolean {
		const start = this.#at;
		this.#ends();
		for (;;) {
			const token = this.#peek();
			if (token === undefined) break;
			const joins =
				(token.type === "sign" && (token.text === "," || token.text === ";")) ||
				(token.type === "word" && (token.text === "and" || token.text === "or")) ||
				(token.type === "command" && /^(?:lor|vee|land|wedge)$/.test(token.text)) ||
				(token.type === "text" && /^[,;]?\s*(?:and|or|,|;)\s*$/i.test(token.text)) ||
				(token.type === "sign" && token.text === "&" && this.#bars === 0 && this.#depth < 3);
			if (!joins) break;
			this.#at++;
		}
		return this.#at > start && !(this.#at === this.#tokens.length && this.#tokens[start].text === ".");
	}

	#relation(): Node {
		const operands = [this.#ratio()];
		const signs: RelationSign[] = [];
		for (;;) {
			const token = this.#peek();
			if (token === undefined || !(token.type === "sign" || token.type === "command")) break;
			// `x > = 3`
			if (token.text === "not" && this.#tokens[this.#at + 1]?.text === "=") {
				this.#at += 2;
				signs.push("!=");
			} else {
				const sign = relations.get(token.text);
				if (sign === undefined) break;
				this.#at++;
				// An alignment mark, or `=` doubled by a line end.
				while (this.#sign("&") || (sign === "=" && this.#sign("="))) this.#at++;
				signs.push(sign);
			}
			operands.push(this.#ratio());
		}
		if (signs.length === 0) return operands[0];
		return { kind: "relation", operands, signs };
	}

	#ratio(): Node {
		const parts = [this.#sets()];
		while (this.#sign(":") && !this.#isLast()) {
			this.#at++;
			parts.push(this.#sets());
		}
		if (this.#sign(":")) throw new NotParsed();
		return parts.length === 1 ? parts[0] : { kind: "ratio", parts };
	}

	#sets(): Node {
		let left = this.#sum();
		for (;;) {
			const token = this.#peek();
			if (token === undefined) return left;
			const operator =
				token.type === "letter" && token.text === "U"
					? "union"
					: token.type === "command" || token.type === "word"
						? setOperators.get(token.text)
						: undefined;
			if (operator === undefined) return left;
			this.#at++;
			const right = this.#sum();
			left =
				left.kind === "sets" && left.operator === operator && operator !== "difference"
					? { ...left, parts: [...left.parts, right] }
					: { kind: "sets", operator, parts: [left, right] };
		}
	}

	#sum(): Node {
		return this.#within(() => {
			const terms: Node[] = [];
			for (;;) {
				const sign = this.#plusMinus();
				if (sign === undefined && terms.length > 0) break;
				const term = this.#term();
				terms.push(
					sign === "-"
						? { kind: "negative", of: term }
						: sign === "pm" || sign === "mp"
							? { kind: "either-sign", of: term, sign: sign === "pm" ? 1 : -1 }
							: term,
				);
			}
			return terms.length === 1 ? terms[0] : { kind: "sum", terms };
		});
	}

	/** The sign before a term, of several the product: `- -2`. */
	#plusMinus(): "+" | "-" | "pm" | "mp" | undefined {
		let sign: "+" | "-" | "pm" | "mp" | undefined;
		for (;;) {
			const token = this.#peek();
			if (token === undefined) break;
			if (token.type === "sign" && token.text === "+" && this.#tokens[this.#at + 1]?.text === "/") {
				// `+/-`
				if (this.#tokens[this.#at + 2]?.text !== "-") throw new NotParsed();
				this.#at += 3;
				sign = "pm";
			} else if (token.type === "sign" && (token.text === "+" || token.text === "-")) {
				this.#at++;
				sign =
					sign === undefined || sign === "+"
						? token.text
						: token.text === "+"
							? sign
							: sign === "-"
								? "+"
								: sign;
			} else if (token.type === "command" && (token.text === "pm" || token.text === "mp")) {
				this.#at++;
				sign = token.text;
			} else break;
		}
		return sign;
	}

	#term(): Node {
		let left = this.#factor();
		for (;;) {
			const token = this.#peek();
			if (token === undefined) return left;
			if (isSign(token, "*") || isCommand(token, /^(?:cdot|times|ast|bullet|star)$/)) {
				this.#at++;
				left = product(left, this.#signedFactor());
			} else if (isSign(token, "/") || isCommand(token, /^div$/)) {
				this.#at++;
				left = { kind: "quotient", over: left, under: this.#signedFactor() };
			} else if (isCommand(token, /^(?:mod|bmod|pmod)$/) || (token.type === "word" && token.text === "mod")) {
				this.#at++;
				left = { kind: "call", name: "mod", args: [left, this.#factor()] };
			} else if (token.type === "word" && token.text === "choose") {
				this.#at++;
				left = { kind: "call", name: "binom", args: [left, this.#factor()] };
			} else if (this.#startsFactor(token, left)) left = product(left, this.#factor());
			else return left;
		}
	}

	#signedFactor(): Node {
		const sign = this.#plusMinus();
		const factor = this.#factor();
		if (sign === "-") return { kind: "negative", of: factor };
		if (sign === "pm" || sign === "mp")
			return { kind: "either-sign", of: factor, sign: sign === "pm" ? 1 : -1 };
		return factor;
	}

	/** Whether the token goes on with a product without a sign. */
	#startsFactor(token: Token, left: Node): boolean {
		switch (token.type) {
			case "number": {
				// "2 3" is no product.
				const before = this.#tokens[this.#at - 1];
				return before.type !== "number" && left.kind !== "text";
			}
			case "letter":
				// `(1,2) U (3,4)`
				return !(token.text === "U" && this.#tokens[this.#at - 1].text.match(/^[)\]}]$|^\\\}$/) !== null);
			case "blackboard":
			case "begin":
				return true;
			case "text":
				return !/^[,;]?\s*(?:and|or|,|;)\s*$/i.test(token.text);
			case "word":
				return !/^(?:and|or|union|mod|choose|percent|percentage|pct)$/.test(token.text);
			case "command":
				return (
					!relations.has(token.text) &&
					!setOperators.has(token.text) &&
					!/^(?:pm|mp|rangle|rfloor|rceil|rvert|rVert|rbrace|rbrack|to|mid|lor|land|vee|wedge|not|Rightarrow|implies|quad|rightarrow|Leftrightarrow|iff|forall|colon|pmod)$/.test(
						token.text,
					)
				);
			case "sign":
				return (
					token.text === "(" ||
					token.text === "{" ||
					(token.text === "|" && this.#bars === 0) ||
					token.text === "["
				);
			default:
				return false;
		}
	}

	/** A primary with its power and what is written after it: `!`, `%`, a degree sign, a unit. */
	#factor(): Node {
		let node = this.#primary();
		for (;;) {
			const token = this.#peek();
			if (token === undefined) return node;
			if (isSign(token, "^")) {
				this.#at++;
				node = this.#raised(node);
			} else if (isSign(token, "!")) {
				this.#at++;
				node = { kind: "call", name: "factorial", args: [node] };
				if (this.#sign("!") && !this.#peek()!.spaced) {
					this.#at++;
					node = { kind: "call", name: "double-factorial", args: node.args };
				}
			} else if (
				isSign(token, "%") ||
				(token.type === "word" && /^(?:percent|percentage|pct)$/.test(token.text))
			) {
				this.#at++;
				node = { kind: "percent", of: node };
			} else if (token.type === "word" && /^degrees?$/.test(token.text)) {
				this.#at++;
				node = { kind: "degrees", of: node };
			} else if (isCommand(token, /^(?:degree|circ)$/)) {
				this.#at++;
				node = { kind: "degrees", of: node };
			} else if (isSign(token, "\\$")) {
				this.#at++;
				node = { kind: "quantity", of: node, unit: "$" };
			} else if (isSign(token, "'") && node.kind === "symbol") {
				this.#at++;
				node = { kind: "symbol", name: `${node.name}'` };
			} else if (
				token.type === "text" &&
				node.kind !== "text" &&
				!/^[,;]?\s*(?:and|or|,|;)\s*$/i.test(token.text)
			) {
				node = this.#unit(node);
			} else if (this.#unitLetter(token, node)) {
				node = { kind: "quantity", of: node, unit: `${token.text}^${this.#tokens[this.#at + 2].text}` };
				this.#at += 3;
			} else return node;
		}
	}

	/** `5 m^2`: the unit of an area, where a product is the other reading. Only after a literal and a space, as units are set. */
	#unitLetter(token: Token, node: Node): boolean {
		if (token.type !== "letter" || !isUnitLetter(token.text) || node.kind !== "number" || !token.spaced)
			return false;
		const [caret, exponent, after] = this.#tokens.slice(this.#at + 1, this.#at + 4);
		return (
			caret !== undefined &&
			isSign(caret, "^") &&
			exponent?.type === "number" &&
			/^[23]$/.test(exponent.text) &&
			after === undefined
		);
	}

	/** Words after a value: its unit, or a remark. */
	#unit(of: Node): Node {
		let unit = "";
		for (;;) {
			const token = this.#peek();
			if (token === undefined) break;
			if (token.type === "text" && !/^[,;]?\s*(?:and|or|,|;)\s*$/i.test(token.text)) {
				this.#at++;
				unit += ` ${token.text}`;
				if (this.#sign("^") && /^(?:[^ ]*)$/.test(token.text.trim())) {
					this.#at++;
					const exponent = this.#script();
					unit += `^${exponent.kind === "number" ? exponent.literal : "?"}`;
				}
			} else if (isSign(token, "/") && unit !== "") {
				const next = this.#tokens[this.#at + 1];
				if (next?.type !== "text") break;
				this.#at++;
				unit += " /";
			} else if (isSign(token, ".") && this.#tokens[this.#at + 1]?.type === "text") this.#at++;
			else break;
		}
		const name = unit.trim();
		if (unitOf(name) === "degree") return { kind: "degrees", of };
		if (/^(?:percent|pct|percentage)\.?$/i.test(name)) return { kind: "percent", of };
		return { kind: "quantity", of, unit: name };
	}

	#raised(base: Node): Node {
		const token = this.#peek();
		if (token === undefined) throw new NotParsed();
		if (isCommand(token, /^(?:circ|degree)$/)) {
			this.#at++;
			return { kind: "degrees", of: base };
		}
		if (isCommand(token, /^prime$/)) {
			this.#at++;
			return { kind: "symbol", name: `${base.kind === "symbol" ? base.name : "?"}'` };
		}
		const exponent = this.#script();
		if (exponent.kind === "symbol" && exponent.name === "circ") return { kind: "degrees", of: base };
		if (exponent.kind === "symbol" && /^'+$/.test(exponent.name) && base.kind === "symbol")
			return { kind: "symbol", name: base.name + exponent.name };
		return { kind: "power", base, exponent };
	}

	/** What stands after `^` or `_`: a group, one token, or a signed number. */
	#script(): Node {
		return this.#within(() => {
			const token = this.#peek();
			if (token === undefined) throw new NotParsed();
			if (isSign(token, "{")) {
				this.#at++;
				const next = this.#peek();
				let node: Node;
				if (
					next !== undefined &&
					isCommand(next, /^(?:circ|degree)$/) &&
					this.#tokens[this.#at + 1]?.text === "}"
				) {
					this.#at++;
					node = { kind: "symbol", name: "circ" };
				} else if (next !== undefined && (isCommand(next, /^prime$/) || isSign(next, "'"))) {
					let primes = "";
					while (this.#peek() !== undefined && !this.#sign("}")) {
						this.#at++;
						primes += "'";
					}
					node = { kind: "symbol", name: primes };
				} else node = this.#list();
				this.#expect("}");
				return node;
			}
			if (isSign(token, "-") || isSign(token, "+")) {
				this.#at++;
				const of = this.#script();
				return token.text === "-" ? { kind: "negative", of } : of;
			}
			let node = this.#primary();
			// `2^3^2`, and `9^9!` of which the exponent is 9! only in braces.
			if (this.#sign("^")) {
				this.#at++;
				node = { kind: "power", base: node, exponent: this.#script() };
			}
			return node;
		});
	}

	#primary(): Node {
		return this.#within(() => {
			const token = this.#peek();
			if (token === undefined) throw new NotParsed();
			const based = this.#based();
			if (based !== undefined) return based;
			this.#at++;
			switch (token.type) {
				case "number":
					return this.#number(token);
				case "letter":
					return this.#letter(token.text);
				case "word":
					return this.#word(token.text);
				case "command":
					return this.#command(token.text);
				case "blackboard":
					return { kind: "named-set", name: this.#blackboardName(token.text) };
				case "begin":
					return this.#environment(token.text);
				case "text": {
					let text = token.text;
					for (let next = this.#peek(); next?.type === "text"; next = this.#peek()) {
						text += ` ${next.text}`;
						this.#at++;
					}
					return { kind: "text", text };
				}
				case "sign":
					return this.#bracketed(token.text);
				default:
					throw new NotParsed();
			}
		});
	}

	#blackboardName(letter: string): string {
		let name = letter;
		if (this.#sign("^") || this.#sign("_")) {
			name += this.#tokens[this.#at].text;
			this.#at++;
			while (this.#peek() !== undefined && /^[{}+\-\d*]+$/.test(this.#peek()!.text)) {
				if (!/^[{}]$/.test(this.#peek()!.text)) name += this.#peek()!.text;
				const closed = this.#sign("}");
				this.#at++;
				if (closed || !this.#sign("}")) break;
			}
			if (this.#sign("}")) this.#at++;
		}
		return name;
	}

	/** `1010_2`, `2A_{16}`, `12_{\text{eight}}` */
	#based(): Node | undefined {
		let end = this.#at;
		let digits = "";
		while (end < this.#tokens.length) {
			const token = this.#tokens[end];
			if (end > this.#at && token.spaced) break;
			if (token.type === "number" || (token.type === "letter" && /^[A-F]$/.test(token.text)))
				digits += token.text;
			else break;
			end++;
		}
		if (!/\d/.test(digits) || this.#tokens[end] === undefined || !isSign(this.#tokens[end], "_"))
			return undefined;
		const braces = this.#tokens[end + 1]?.text === "{";
		const subscript = this.#tokens[end + (braces ? 2 : 1)];
		if (subscript === undefined) return undefined;
		const base =
			subscript.type === "number"
				? Number(subscript.text)
				: subscript.type === "text"
					? (baseWords.get(
							subscript.text
								.toLowerCase()
								.replace(/^base\s*/, "")
								.trim(),
						) ?? 0)
					: 0;
		if (!(Number.isInteger(base) && base >= 2 && base <= 36)) return undefined;
		const value = (c: string) => Number.parseInt(c, 36);
		if ([...digits].some((c) => c !== "." && value(c) >= base)) return undefined;
		const after = end + (braces ? 4 : 2);
		if (braces && this.#tokens[after - 1]?.text !== "}") return undefined;
		this.#at = after;
		return { kind: "based", digits, base };
	}

	#number(token: Token): Node {
		const [mantissa, exponent] = token.text.split(/[eE]/);
		const next = this.#peek();
		if (
			mantissa.includes(".") &&
			next !== undefined &&
			isCommand(next, /^(?:overline|bar|dot|ddot|dots|overset)$/)
		) {
			const repeated = this.#repeated(mantissa);
			if (repeated !== undefined) return repeated;
		}
		const literal: Node = { kind: "number", value: fromDecimal(mantissa), literal: mantissa };
		if (exponent !== undefined) {
			const ten: Node = { kind: "number", value: rational(10n), literal: "10" };
			const power: Node = {
				kind: "number",
				value: fromDecimal(exponent.replace(/^[+-]/, "")),
				literal: exponent.replace(/^[+-]/, ""),
			};
			return product(literal, {
				kind: "power",
				base: ten,
				exponent: exponent.startsWith("-") ? { kind: "negative", of: power } : power,
			});
		}
		return mantissa.includes(".") ? literal : (this.#mixed(literal) ?? literal);
	}

	/** `3\frac{1}{2}` and `3 1/2`: a whole number and a proper fraction of literals. */
	#mixed(whole: Node & { kind: "number" }): Node | undefined {
		const tokens = this.#tokens;
		const texts = (from: number, count: number) => tokens.slice(from, from + count).map(({ text }) => text);
		let at = this.#at;
		let over: Token | undefined;
		let under: Token | undefined;
		const braces = texts(at, 1)[0] === "{" && texts(at + 1, 1)[0] === "frac";
		if (braces) at++;
		if (tokens[at] !== undefined && isCommand(tokens[at], /^frac$/)) {
			const [a, n, b, c, d, e] = tokens.slice(at + 1, at + 7);
			if (a?.text === "{" && b?.text === "}" && c?.text === "{" && e?.text === "}")
				[over, under, at] = [n, d, at + 7];
			else if (a?.text === "{" && b?.text === "}" && c?.type === "number") {
				if (c.text.length > 1) return undefined;
				[over, under, at] = [n, c, at + 5];
			} else if (a?.type === "number" && a.text.length === 1 && n?.text === "{" && c?.text === "}")
				[over, under, at] = [a, b, at + 5];
			else if (a?.type === "number" && a.text.length === 2) {
				const digit = (i: number): Token => ({ type: "number", text: a.text[i], spaced: false });
				[over, under, at] = [digit(0), digit(1), at + 2];
			} else if (a?.type === "number" && n?.type === "number" && a.text.length === 1 && n.text.length === 1)
				[over, under, at] = [a, n, at + 3];
		} else if (tokens[at]?.type === "number" && tokens[at].spaced && tokens[at + 1]?.text === "/") {
			[over, under, at] = [tokens[at], tokens[at + 2], at + 3];
		}
		if (braces && tokens[at++]?.text !== "}") return undefined;
		if (
			over?.type !== "number" ||
			under?.type !== "number" ||
			!/^\d+$/.test(over.text) ||
			!/^\d+$/.test(under.text)
		)
			return undefined;
		const [n, d] = [BigInt(over.text), BigInt(under.text)];
		if (d === 0n || n >= d) return undefined;
		this.#at = at;
		const fraction: Node = {
			kind: "quotient",
			over: { kind: "number", value: rational(n), literal: over.text },
			under: { kind: "number", value: rational(d), literal: under.text },
		};
		return { kind: "sum", terms: [whole, fraction] };
	}

	/** `0.1\overline{6}`, `0.\dot{3}` */
	#repeated(mantissa: string): Node | undefined {
		const [, open, digits, close] = this.#tokens.slice(this.#at, this.#at + 4);
		const grouped = open?.text === "{" && digits?.type === "number" && close?.text === "}";
		const period = grouped ? digits.text : open?.type === "number" ? open.text[0] : undefined;
		if (period === undefined || !/^\d+$/.test(period) || (!grouped && open.text.length > 1)) return undefined;
		this.#at += grouped ? 4 : 2;
		const places = mantissa.length - mantissa.indexOf(".") - 1;
		const head = fromDecimal(mantissa);
		const tail = rational(BigInt(period), 10n ** BigInt(places) * (10n ** BigInt(period.length) - 1n));
		const value = rational(head.n * tail.d + tail.n * head.d, head.d * tail.d);
		return { kind: "number", value, literal: `${mantissa}(${period})` };
	}

	#letter(name: string): Node {
		if (this.#sign("_")) {
			this.#at++;
			return this.#subscripted(name);
		}
		if (name === "i" || name === "e") return { kind: "constant", name };
		const next = this.#peek();
		if (/^[fghFG]$/.test(name) && next !== undefined) {
			let called = name;
			let at = this.#at;
			while (this.#tokens[at] !== undefined && isSign(this.#tokens[at], "'")) {
				called += "'";
				at++;
			}
			const raised = this.#tokens.slice(at, at + 5).map(({ text }) => text);
			if (raised.join(" ") === "^ { - 1 }") {
				called += "^-1";
				at += 5;
			}
			const open = this.#tokens[at];
			if (open !== undefined && isSign(open, "(") && !open.spaced) {
				this.#at = at + 1;
				const argument = this.#list();
				this.#expect(")");
				return { kind: "call", name: called, args: [argument] };
			}
		}
		return { kind: "symbol", name };
	}

	/** `x_1` is a name; `F_{n-1}` is an unknown function of its index. */
	#subscripted(name: string): Node {
		const index = this.#script();
		if (index.kind === "number") return this.#primed({ kind: "symbol", name: `${name}_${index.literal}` });
		if (index.kind === "text") return this.#primed({ kind: "symbol", name: `${name}_${index.text}` });
		return { kind: "call", name: `${name}_`, args: [index] };
	}

	#primed(node: Node): Node {
		return node;
	}

	#word(word: string): Node {
		if (word === "pi") return { kind: "constant", name: "pi" };
		if (/^(?:infinity|inf|infty|oo)$/.test(word)) return { kind: "constant", name: "infinity" };
		if (/^(?:theta|alpha|beta|gamma|lambda)$/.test(word)) return { kind: "symbol", name: word };
		if (word === "sqrt" || word === "cbrt") return this.#root(word === "sqrt" ? 2 : 3);
		if (functionNames.has(word)) return this.#function(functionNames.get(word)!);
		throw new NotParsed();
	}

	#command(name: string): Node {
		if (name === "frac") return this.#fraction();
		if (name === "sqrt") return this.#root(2);
		if (name === "pi") return { kind: "constant", name: "pi" };
		if (name === "infty") return { kind: "constant", name: "infinity" };
		if (name === "imath" || name === "jmath") return { kind: "constant", name: "i" };
		if (greek.test(name)) return this.#letter(name.replace(/^var/, ""));
		if (name === "binom" || name === "choose")
			return { kind: "call", name: "binom", args: [this.#argument(), this.#argument()] };
		if (name === "emptyset" || name === "varnothing") return { kind: "named-set", name: "empty" };
		if (name === "Re" || name === "Im" || functionNames.has(name))
			return this.#function(functionNames.get(name)!);
		if (ellipses.test(name)) return { kind: "ellipsis" };
		if (/^(?:sum|prod|int|oint|lim|iint)$/.test(name)) return this.#bound(name);
		if (/^(?:overline|bar|tilde|widehat|overrightarrow|overleftrightarrow|widetilde|dot|ddot)$/.test(name))
			return { kind: "call", name, args: [this.#argument()] };
		if (/^(?:angle|triangle|measuredangle|square|Delta|deg)$/.test(name))
			return { kind: "call", name, args: [this.#factor()] };
		if (
			/^(?:mathbf|mathrm|mathit|bold|bm|vec|rm|bf|it|mathcal|hat|text|mbox|underline|textbf|boldsymbol|operatorname)$/.test(
				name,
			)
		)
			return this.#primary();
		if (name === "boxed" || name === "fbox") return this.#argument();
		if (name === "lfloor") return this.#fenced("floor", "rfloor");
		if (name === "lceil") return this.#fenced("ceil", "rceil");
		if (name === "lvert") return this.#fenced("abs", "rvert");
		if (name === "vert") return this.#fenced("abs", "vert");
		if (name === "lVert" || name === "Vert") return this.#fenced("norm", name === "Vert" ? "Vert" : "rVert");
		if (name === "langle") {
			const inner = this.#list();
			this.#expectCommand("rangle");
			const items = inner.kind === "sequence" && inner.open === "" ? inner.items : [inner];
			return { kind: "sequence", open: "<", close: ">", items };
		}
		if (name === "lbrace") return this.#set("rbrace");
		if (name === "lbrack") return this.#bracketed("[");
		throw new NotParsed();
	}

	#fenced(name: string, close: string): Node {
		const inner = this.#list();
		this.#expectCommand(close);
		return { kind: "call", name, args: [inner] };
	}

	/** `\frac{a}{b}`, `\frac12`, `\frac1{b}`, `\frac{a}b`; the digits of one number are its two parts. */
	#fraction(): Node {
		const token = this.#peek();
		if (token?.type === "number" && /^\d{2,}$/.test(token.text) && !this.#opens(this.#tokens[this.#at + 1])) {
			this.#at++;
			const digit = (text: string): Node => ({ kind: "number", value: fromDecimal(text), literal: text });
			// `\frac123` is 1/2 and a 3 after it.
			if (token.text.length > 2) throw new NotParsed();
			return { kind: "quotient", over: digit(token.text[0]), under: digit(token.text[1]) };
		}
		return { kind: "quotient", over: this.#argument(), under: this.#argument() };
	}

	#opens(token: Token | undefined): boolean {
		return token !== undefined && isSign(token, "{");
	}

	#root(degree: number): Node {
		let index: Node = { kind: "number", value: rational(BigInt(degree)), literal: String(degree) };
		if (this.#sign("[")) {
			this.#at++;
			index = this.#sum();
			this.#expect("]");
		}
		return { kind: "call", name: "root", args: [index, this.#argument()] };
	}

	/** One group, or one token as TeX takes it. */
	#argument(): Node {
		const token = this.#peek();
		if (token === undefined) throw new NotParsed();
		if (isSign(token, "{")) {
			this.#at++;
			const node = this.#list();
			this.#expect("}");
			return node;
		}
		return this.#primary();
	}

	#function(name: string): Node {
		let exponent: Node | undefined;
		let base: Node | undefined;
		for (;;) {
			if (this.#sign("^") && exponent === undefined) {
				this.#at++;
				exponent = this.#script();
			} else if (this.#sign("_") && base === undefined) {
				this.#at++;
				base = this.#script();
			} else break;
		}
		let called = name;
		if (exponent !== undefined && isMinusOne(exponent) && inverses.has(name)) {
			called = inverses.get(name)!;
			exponent = undefined;
		}
		const args = this.#functionArguments(called);
		const node: Node =
			called === "log" && base !== undefined
				? { kind: "call", name: "log-base", args: [base, ...args] }
				: called === "lg"
					? {
							kind: "call",
							name: "log-base",
							args: [{ kind: "number", value: rational(10n), literal: "10" }, ...args],
						}
					: called === "exp"
						? { kind: "power", base: { kind: "constant", name: "e" }, exponent: args[0] }
						: { kind: "call", name: called, args };
		return exponent === undefined ? node : { kind: "power", base: node, exponent };
	}

	#functionArguments(name: string): readonly Node[] {
		const token = this.#peek();
		if (token === undefined) throw new NotParsed();
		if (isSign(token, "(") || isSign(token, "[")) {
			this.#at++;
			const inner = this.#list();
			this.#expect(token.text === "(" ? ")" : "]");
			return inner.kind === "sequence" && inner.open === "" ? inner.items : [inner];
		}
		if (isSign(token, "{")) return [this.#argument()];
		if (!takesBareArgument.test(name)) throw new NotParsed();
		// Everything that is multiplied without a sign, up to the next function.
		const sign = this.#plusMinus();
		let node = this.#factor();
		for (;;) {
			const next = this.#peek();
			if (next === undefined || !this.#startsFactor(next, node)) break;
			if (next.type === "text" || next.type === "begin" || isSign(next, "[")) break;
			if ((next.type === "word" || next.type === "command") && functionNames.has(next.text)) break;
			if (isSign(next, "(") && node.kind !== "number") break;
			node = product(node, this.#factor());
		}
		return [sign === "-" ? { kind: "negative", of: node } : node];
	}

	/** `\sum_{k=1}^{n} body`, `\int_a^b body dx`, `\lim_{x\to a} body` */
	#bound(operator: string): Node {
		let lower: Node | undefined;
		let upper: Node | undefined;
		let name = "";
		for (;;) {
			if (this.#sign("_")) {
				this.#at++;
				if (operator === "lim") {
					if (!this.#sign("{")) throw new NotParsed();
					this.#at++;
					const variable = this.#primary();
					if (variable.kind !== "symbol") throw new NotParsed();
					name = variable.name;
					this.#expectCommand(this.#peek()?.text === "rightarrow" ? "rightarrow" : "to");
					lower = this.#sum();
					this.#expect("}");
				} else lower = this.#script();
			} else if (this.#sign("^")) {
				this.#at++;
				upper = this.#script();
			} else break;
		}
		if (lower?.kind === "relation" && lower.signs.length === 1 && lower.operands[0].kind === "symbol") {
			name = lower.operands[0].name;
			lower = lower.operands[1];
		}
		const body = this.#term();
		const none: Node = { kind: "text", text: "" };
		return { kind: "bound", operator, name, args: [lower ?? none, upper ?? none, body] };
	}

	#bracketed(open: string): Node {
		switch (open) {
			case "(":
			case "[": {
				// Inside, a bar opens again.
				const bars = this.#bars;
				this.#bars = 0;
				const inner = this.#list();
				this.#bars = bars;
				const token = this.#peek();
				if (token === undefined || !(token.type === "sign" && closers.get(open)!.test(token.text)))
					throw new NotParsed();
				this.#at++;
				const close = token.text as ")" | "]";
				if (inner.kind === "sequence" && inner.open === "")
					return { kind: "sequence", open, close, items: inner.items };
				if ((open === "(") !== (close === ")")) throw new NotParsed();
				return inner;
			}
			case "{": {
				const inner = this.#list();
				this.#expect("}");
				return inner;
			}
			case "\\{":
				return this.#set("\\}");
			case "|": {
				this.#bars++;
				const inner = this.#list();
				this.#bars--;
				this.#expect("|");
				return { kind: "call", name: "abs", args: [inner] };
			}
			case "\\|": {
				const inner = this.#list();
				this.#expect("\\|");
				return { kind: "call", name: "norm", args: [inner] };
			}
			case "\\$":
				return { kind: "quantity", of: this.#factor(), unit: "$" };
			default:
				throw new NotParsed();
		}
	}

	#set(close: string): Node {
		const closes = () => this.#peek()?.text === close;
		if (closes()) {
			this.#at++;
			return { kind: "named-set", name: "empty" };
		}
		this.#bars++;
		const inner = this.#list();
		this.#bars--;
		if (closes()) {
			this.#at++;
			const items = inner.kind === "sequence" && inner.open === "" ? inner.items : [inner];
			return { kind: "sequence", open: "{", close: "}", items };
		}
		// `{x | x > 3}`
		const bar = this.#peek();
		if (
			bar === undefined ||
			!(isSign(bar, "|") || isSign(bar, ":") || isCommand(bar, /^(?:mid|vert|colon)$/))
		)
			throw new NotParsed();
		this.#at++;
		const condition = this.#list();
		if (!closes()) throw new NotParsed();
		this.#at++;
		return { kind: "call", name: "such-that", args: [inner, condition] };
	}

	#environment(name: string): Node {
		const matrix =
			/^(?:[pbvBV]?matrix|smallmatrix|array|cases|aligned|align\*?|gathered|split|gather\*?|equation\*?)$/.test(
				name,
			);
		if (!matrix) throw new NotParsed();
		// The columns of an array.
		if (name === "array" && this.#sign("{"))
			while (this.#peek() !== undefined) {
				const closed = this.#sign("}");
				this.#at++;
				if (closed) break;
			}
		const rows: Node[][] = [[]];
		for (;;) {
			const token = this.#peek();
			if (token === undefined) throw new NotParsed();
			if (token.type === "end") {
				if (token.text !== name) throw new NotParsed();
				this.#at++;
				break;
			}
			if (token.type === "row" || isCommand(token, /^cr$/)) {
				this.#at++;
				rows.push([]);
			} else if (isSign(token, "&")) this.#at++;
			else if (isCommand(token, /^hline$/)) this.#at++;
			else {
				const row = rows.at(-1)!;
				row.push(this.#cell());
			}
		}
		const filled = rows.filter((row) => row.length > 0);
		if (/^(?:aligned|align|gathered|split|gather|equation)/.test(name)) return bare(filled.flat());
		if (name === "vmatrix")
			return { kind: "call", name: "det", args: [{ kind: "matrix", rows: filled, fence: "p" }] };
		return { kind: "matrix", rows: filled, fence: name === "cases" ? "cases" : "p" };
	}

	#cell(): Node {
		const node = this.#relation();
		const token = this.#peek();
		// "x^2, & x > 0"
		if (token !== undefined && (isSign(token, ",") || isSign(token, ".") || isSign(token, ";"))) this.#at++;
		return node;
	}

	#peek(): Token | undefined {
		return this.#tokens[this.#at];
	}

	#isLast(): boolean {
		return this.#at === this.#tokens.length - 1;
	}

	#sign(text: string): boolean {
		const token = this.#tokens[this.#at];
		return token !== undefined && token.type === "sign" && token.text === text;
	}

	#expect(text: string): void {
		if (!this.#sign(text)) throw new NotParsed();
		this.#at++;
	}

	#expectCommand(name: string): void {
		if (this.#peek()?.text !== name) throw new NotParsed();
		this.#at++;
	}
}

const baseWords = new Map(
	"zero one two three four five six seven eight nine ten eleven twelve"
		.split(" ")
		.map((word, i) => [word, i] as const),
);

function isSign(token: Token, text: string): boolean {
	return token.type === "sign" && token.text === text;
}

function isCommand(token: Token, name: RegExp): boolean {
	return token.type === "command" && name.test(token.text);
}

function isMinusOne(node: Node): boolean {
	return node.kind === "negative" && node.of.kind === "number" && node.of.literal === "1";
}

function product(left: Node, right: Node): Node {
	const factors = left.kind === "product" ? left.factors : [left];
	return { kind: "product", factors: [...factors, right] };
}

export function bare(items: readonly Node[]): Sequence {
	return { kind: "sequence", open: "", close: "", items };
}
