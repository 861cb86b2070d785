import type { Node, RelationSign } from "./ast.ts";
import { type Reading, type Token, tokenise } from "./latex-lexer.ts";
import { bare, Operands, product } from "./latex-operands.ts";
import { relations, setOperators } from "./latex-vocabulary.ts";
import { withBalancedBrackets } from "./noise.ts";
import { normalise } from "./normalise.ts";
import { phrasesAsSigns } from "./phrases.ts";
import { isCommand, isSign, NotParsed } from "./token-cursor.ts";
import { isUnitLetter, unitOf } from "./units.ts";

/** Longer answers are compared as text: no answer to a problem is this long. */
const mostCharacters = 10_000;
/**
 * The tree of an answer in LaTeX or in plain notation.
 * @returns undefined for what is none: prose, half a formula, or one without end
 */
export function parse(text: string, reading: Reading): Node | undefined {
	if (text.length > mostCharacters) return undefined;
	const signs = phrasesAsSigns(text);
	if (isPhrase(signs)) return { kind: "text", text: signs };
	const normal = normalise(signs);
	const node = read(normal, reading);
	if (node !== undefined) return node;
	// Cut off, or with a bracket too many.
	const balanced = withBalancedBrackets(normal);
	return balanced === normal ? undefined : read(balanced, reading);
}

function read(text: string, reading: Reading): Node | undefined {
	const tokens = tokenise(text, reading);
	if (tokens === undefined || tokens.length === 0) return undefined;
	try {
		return new Parser(tokens).answer();
	} catch (error) {
		if (error instanceof NotParsed) return undefined;
		throw error;
	}
}

/** Several words of plain English, one of them too long to be variables. */
function isPhrase(text: string): boolean {
	return (
		/^[A-Za-z]{2,}(?: [A-Za-z]{2,})+$/.test(text) &&
		/[a-z]{4}/.test(text) &&
		!/\b(?:and|or|sqrt|infinity)\b/.test(text)
	);
}

class Parser extends Operands {
	answer(): Node {
		// "= 5", "\approx 5": the answer to a question that was left out.
		const first = this.cursor.peek()!;
		if (
			(first.type === "sign" && first.text === "=") ||
			isCommand(first, /^(?:approx|therefore|implies|Rightarrow|sim|simeq)$/)
		)
			this.cursor.at++;
		const node = this.list();
		if (!this.cursor.ended) throw new NotParsed();
		return node;
	}

	/** Items between commas, semicolons, "and", "or". One alone is itself. */
	protected override list(): Node {
		return this.within(() => {
			const items = [this.relation()];
			let joiner: "and" | "or" | undefined;
			for (let start = this.cursor.at; this.#separator(); start = this.cursor.at) {
				if (this.#ends()) break;
				for (const { text } of this.cursor.since(start))
					if (/and|land|wedge/i.test(text)) joiner = "and";
					else if (/or|lor|vee/i.test(text)) joiner = "or";
				items.push(this.relation());
			}
			return items.length === 1 ? items[0] : { ...bare(items), ...(joiner === undefined ? {} : { joiner }) };
		});
	}

	/** Whether nothing more can come before the enclosing bracket closes. A last full stop is none of the answer. */
	#ends(): boolean {
		if (this.cursor.isLast) this.cursor.accept(".");
		const token = this.cursor.peek();
		return token === undefined || (token.type === "sign" && /^[)\]}]$|^\\\}$/.test(token.text));
	}

	#separator(): boolean {
		const start = this.cursor.at;
		this.#ends();
		for (;;) {
			const token = this.cursor.peek();
			if (token === undefined) break;
			const joins =
				(token.type === "sign" && (token.text === "," || token.text === ";")) ||
				token.type === "row" ||
				(token.type === "word" && (token.text === "and" || token.text === "or")) ||
				(token.type === "command" && /^(?:lor|vee|land|wedge)$/.test(token.text)) ||
				(token.type === "text" && /^[,;]?\s*(?:and|or|,|;)\s*$/i.test(token.text)) ||
				(token.type === "sign" && token.text === "&" && this.bars === 0 && this.depth < 3);
			if (!joins) break;
			this.cursor.at++;
		}
		return this.cursor.at > start && !(this.cursor.ended && this.cursor.since(start)[0].text === ".");
	}

	protected override relation(): Node {
		const operands = [this.#ratio()];
		const signs: RelationSign[] = [];
		for (;;) {
			// An alignment mark.
			if (this.cursor.isSign("&") && relations.has(this.cursor.peek(1)?.text ?? "")) this.cursor.at++;
			const token = this.cursor.peek();
			if (token === undefined || !(token.type === "sign" || token.type === "command")) break;
			// `x > = 3`
			if (token.text === "not" && this.cursor.peek(1)?.text === "=") {
				this.cursor.at += 2;
				signs.push("!=");
			} else {
				const sign = relations.get(token.text);
				if (sign === undefined) break;
				this.cursor.at++;
				// An alignment mark, or `=` doubled by a line end.
				while (this.cursor.isSign("&") || (sign === "=" && this.cursor.isSign("="))) this.cursor.at++;
				signs.push(sign);
			}
			operands.push(this.#ratio());
		}
		if (signs.length === 0) return operands[0];
		return { kind: "relation", operands, signs };
	}

	#ratio(): Node {
		const parts = [this.#sets()];
		// In a set a colon is "such that".
		while (this.cursor.isSign(":") && !this.cursor.isLast && this.bars === 0) {
			this.cursor.at++;
			parts.push(this.#sets());
		}
		if (this.cursor.isSign(":") && this.bars === 0) throw new NotParsed();
		return parts.length === 1 ? parts[0] : { kind: "ratio", parts };
	}

	#sets(): Node {
		let left = this.sum();
		for (;;) {
			const token = this.cursor.peek();
			if (token === undefined) return left;
			const operator =
				token.type === "letter" && token.text === "U"
					? "union"
					: token.type === "command" || token.type === "word"
						? setOperators.get(token.text)
						: undefined;
			if (operator === undefined) return left;
			this.cursor.at++;
			const right = this.sum();
			left =
				left.kind === "sets" && left.operator === operator && operator !== "difference"
					? { ...left, parts: [...left.parts, right] }
					: { kind: "sets", operator, parts: [left, right] };
		}
	}

	protected override sum(): Node {
		return this.within(() => {
			const terms: Node[] = [];
			for (;;) {
				const sign = this.plusMinus();
				if (sign === undefined && terms.length > 0 && !this.#goesOnWithQuantity(terms[terms.length - 1]))
					break;
				const term = this.term();
				terms.push(
					sign === "-"
						? { kind: "negative", of: term }
						: sign === "pm" || sign === "mp"
							? { kind: "either-sign", of: term, sign: sign === "pm" ? 1 : -1 }
							: term,
				);
			}
			const node: Node = terms.length === 1 ? terms[0] : { kind: "sum", terms };
			const token = this.cursor.peek();
			// Of TeX's own: all of the group before it stands above all of the group after it.
			if (token === undefined || !isCommand(token, /^(?:over|choose)$/)) return node;
			this.cursor.at++;
			const under = this.sum();
			return token.text === "over"
				? { kind: "quotient", over: node, under }
				: { kind: "call", name: "binom", args: [node, under] };
		});
	}

	/** `1 hour 30 minutes`, `5 ft 3 in` */
	#goesOnWithQuantity(last: Node): boolean {
		return (
			last.kind === "quantity" &&
			unitOf(last.unit) !== null &&
			this.cursor.peek()?.type === "number" &&
			this.cursor.peek(1)?.type === "text"
		);
	}

	/** The sign before a term, of several the product: `- -2`. */
	protected override plusMinus(): "+" | "-" | "pm" | "mp" | undefined {
		let sign: "+" | "-" | "pm" | "mp" | undefined;
		for (;;) {
			const token = this.cursor.peek();
			if (token === undefined) break;
			if (token.type === "sign" && token.text === "+" && this.cursor.peek(1)?.text === "/") {
				// `+/-`
				if (this.cursor.peek(2)?.text !== "-") throw new NotParsed();
				this.cursor.at += 3;
				sign = "pm";
			} else if (token.type === "sign" && (token.text === "+" || token.text === "-")) {
				this.cursor.at++;
				sign =
					sign === undefined || sign === "+"
						? token.text
						: token.text === "+"
							? sign
							: sign === "-"
								? "+"
								: sign;
			} else if (token.type === "command" && (token.text === "pm" || token.text === "mp")) {
				this.cursor.at++;
				sign = token.text;
			} else break;
		}
		return sign;
	}

	protected override term(): Node {
		let left = this.factor();
		for (;;) {
			const token = this.cursor.peek();
			if (token === undefined) return left;
			if (isSign(token, "*") || isCommand(token, /^(?:cdot|times|ast|bullet|star)$/)) {
				this.cursor.at++;
				left = product(left, this.signedFactor());
			} else if (isSign(token, "/") || isCommand(token, /^div$/)) {
				this.cursor.at++;
				left = quotient(left, this.signedFactor());
			} else if (isCommand(token, /^pmod$/)) {
				this.cursor.at++;
				left = { kind: "call", name: "modulo", args: [left, this.factor()] };
			} else if (isCommand(token, /^(?:mod|bmod)$/) || (token.type === "word" && token.text === "mod")) {
				this.cursor.at++;
				left = { kind: "call", name: "mod", args: [left, this.factor()] };
			} else if (token.type === "word" && token.text === "choose") {
				this.cursor.at++;
				left = { kind: "call", name: "binom", args: [left, this.factor()] };
			} else if (this.startsFactor(token)) left = product(left, this.factor());
			else return left;
		}
	}

	protected override signedFactor(): Node {
		const sign = this.plusMinus();
		const factor = this.factor();
		if (sign === "-") return { kind: "negative", of: factor };
		if (sign === "pm" || sign === "mp")
			return { kind: "either-sign", of: factor, sign: sign === "pm" ? 1 : -1 };
		return factor;
	}

	/** Whether the token goes on with a product without a sign. */
	protected override startsFactor(token: Token): boolean {
		switch (token.type) {
			case "number": {
				// "2 3" is no product.
				const { type } = this.cursor.before;
				return type !== "number" && type !== "text";
			}
			case "letter":
				// `(1,2) U (3,4)`
				return !(token.text === "U" && this.cursor.before.text.match(/^[)\]}]$|^\\\}$/) !== null);
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
					!/^(?:pm|mp|rangle|rfloor|rceil|rvert|rVert|rbrace|rbrack|to|mid|lor|land|vee|wedge|not|Rightarrow|implies|quad|rightarrow|Leftrightarrow|iff|forall|colon|over|choose)$/.test(
						token.text,
					)
				);
			case "sign":
				return (
					token.text === "(" ||
					token.text === "{" ||
					(token.text === "|" && this.bars === 0) ||
					token.text === "["
				);
			default:
				return false;
		}
	}

	/** A primary with its power and what is written after it: `!`, `%`, a degree sign, a unit. */
	protected override factor(): Node {
		let node = this.primary();
		for (;;) {
			const token = this.cursor.peek();
			if (token === undefined) return node;
			if (isSign(token, "^")) {
				this.cursor.at++;
				node = this.#raised(node);
			} else if (isSign(token, "!")) {
				this.cursor.at++;
				node = { kind: "call", name: "factorial", args: [node] };
				if (this.cursor.isSign("!") && !this.cursor.peek()!.spaced) {
					this.cursor.at++;
					node = { kind: "call", name: "double-factorial", args: node.args };
				}
			} else if (
				isSign(token, "%") ||
				(token.type === "word" && /^(?:percent|percentage|pct)$/.test(token.text))
			) {
				this.cursor.at++;
				node = { kind: "percent", of: node };
			} else if (token.type === "word" && /^degrees?$/.test(token.text)) {
				this.cursor.at++;
				node = { kind: "degrees", of: node };
			} else if (isCommand(token, /^(?:degree|circ)$/)) {
				this.cursor.at++;
				node = { kind: "degrees", of: node };
			} else if (node.kind === "degrees" && /^ ?(?:[CF]|celsius|fahrenheit)\.?$/i.test(token.text)) {
				this.cursor.at++;
				node = { kind: "quantity", of: node.of, unit: /c/i.test(token.text[0]) ? "celsius" : "fahrenheit" };
			} else if (isSign(token, "\\$")) {
				this.cursor.at++;
				node = { kind: "quantity", of: node, unit: "$" };
			} else if (isSign(token, "'") && node.kind === "symbol") {
				this.cursor.at++;
				node = { kind: "symbol", name: `${node.name}'` };
			} else if (
				token.type === "text" &&
				node.kind !== "text" &&
				!/^[,;]?\s*(?:and|or|,|;)\s*$/i.test(token.text)
			) {
				node = this.#unit(node);
			} else if (this.#unitLetter(token, node)) {
				const exponent = this.cursor.texts(5).replace(/\D/g, "");
				node = { kind: "quantity", of: node, unit: `${token.text}^${exponent}` };
				while (!this.cursor.ended && !this.cursor.isSign(".")) this.cursor.at++;
			} else return node;
		}
	}

	/** ` m^2` after a literal: the unit of an area, where a product is the other reading. Units are set with a space. */
	#unitLetter(token: Token, node: Node): boolean {
		if (token.type !== "letter" || !isUnitLetter(token.text) || node.kind !== "number" || !token.spaced)
			return false;
		return /^. \^ (?:[23]|\{ [23] \}) ?\.?$/.test(this.cursor.texts(8));
	}

	/** Words after a value: its unit, or a remark. */
	#unit(of: Node): Node {
		let unit = "";
		for (;;) {
			const token = this.cursor.peek();
			if (token === undefined) break;
			if (token.type === "text" && !/^[,;]?\s*(?:and|or|,|;)\s*$/i.test(token.text)) {
				this.cursor.at++;
				unit += ` ${token.text}`;
				if (this.cursor.isSign("^") && /^(?:[^ ]*)$/.test(token.text.trim())) {
					this.cursor.at++;
					const exponent = this.script();
					unit += `^${exponent.kind === "number" ? exponent.literal : "?"}`;
				}
			} else if (isSign(token, "/") && unit !== "") {
				const next = this.cursor.peek(1);
				if (next?.type !== "text" && !(next?.type === "letter" && isUnitLetter(next.text))) break;
				this.cursor.at++;
				unit += " /";
				if (next.type === "letter") unit += ` ${this.cursor.take().text}`;
			} else if (isSign(token, ".") && this.cursor.peek(1)?.type === "text") this.cursor.at++;
			else break;
		}
		const name = unit.trim();
		// "12 or more" is not 12.
		if (/\b(?:or|than|least|most|not|except|between|minimum|maximum|million|billion)\b/i.test(name))
			throw new NotParsed();
		if (unitOf(name) === "degree") return { kind: "degrees", of };
		if (/^(?:percent|pct|percentage)\.?$/i.test(name)) return { kind: "percent", of };
		return { kind: "quantity", of, unit: name };
	}

	#raised(base: Node): Node {
		const token = this.cursor.peek();
		if (token === undefined) throw new NotParsed();
		if (isCommand(token, /^(?:circ|degree)$/)) {
			this.cursor.at++;
			return { kind: "degrees", of: base };
		}
		if (isCommand(token, /^prime$/)) {
			this.cursor.at++;
			return { kind: "symbol", name: `${base.kind === "symbol" ? base.name : "?"}'` };
		}
		const exponent = this.script();
		const isDegree =
			exponent.kind === "text"
				? exponent.text === "o"
				: exponent.kind === "symbol" && exponent.name === "circ";
		// `90^o`
		if (isDegree || (base.kind === "number" && exponent.kind === "symbol" && exponent.name === "o"))
			return { kind: "degrees", of: base };
		if (exponent.kind === "symbol" && /^'+$/.test(exponent.name) && base.kind === "symbol")
			return { kind: "symbol", name: base.name + exponent.name };
		return { kind: "power", base, exponent };
	}
}

/** `1/2 hour` is half of one. */
function quotient(over: Node, under: Node): Node {
	return over.kind === "number" && under.kind === "quantity" && under.of.kind === "number"
		? { ...under, of: { kind: "quotient", over, under: under.of } }
		: { kind: "quotient", over, under };
}
