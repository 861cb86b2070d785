import { type Node, partsOf, type Sequence, withParts } from "./ast.ts";
import { functionNames, inverses, takesBareArgument } from "./functions.ts";
import type { Token } from "./latex-lexer.ts";
import { ellipses, greek } from "./latex-vocabulary.ts";
import { basedNumber, literalOf, numberLiteral } from "./number-literals.ts";
import { isCommand, isSign, NotParsed, TokenCursor } from "./token-cursor.ts";

/** Brackets within brackets. */
const mostDepth = 300;

/** What stands between operators: numbers, names, functions, brackets, matrices. `latex-parser.ts` has the operators. */
export abstract class Operands {
	protected readonly cursor: TokenCursor;
	protected depth = 0;
	/** Inside bars, a bar ends what is inside. */
	protected bars = 0;

	constructor(tokens: readonly Token[]) {
		this.cursor = new TokenCursor(tokens);
	}

	protected abstract list(): Node;
	protected abstract relation(): Node;
	protected abstract sum(): Node;
	protected abstract term(): Node;
	protected abstract factor(): Node;
	protected abstract signedFactor(): Node;
	protected abstract plusMinus(): "+" | "-" | "pm" | "mp" | undefined;
	protected abstract startsFactor(token: Token): boolean;

	protected within<T>(parse: () => T): T {
		if (++this.depth > mostDepth) throw new NotParsed();
		const result = parse();
		this.depth--;
		return result;
	}

	/** What stands after `^` or `_`: a group, one token, or a signed number. */
	protected script(place: "above" | "below" = "above"): Node {
		return this.within(() => {
			const token = this.cursor.peek();
			if (token === undefined) throw new NotParsed();
			if (isSign(token, "{")) {
				this.cursor.at++;
				const next = this.cursor.peek();
				let node: Node;
				if (next !== undefined && isCommand(next, /^(?:circ|degree)$/) && this.cursor.peek(1)?.text === "}") {
					this.cursor.at++;
					node = { kind: "symbol", name: "circ" };
				} else if (next !== undefined && (isCommand(next, /^prime$/) || isSign(next, "'"))) {
					let primes = "";
					while (this.cursor.peek() !== undefined && !this.cursor.isSign("}")) {
						this.cursor.at++;
						primes += "'";
					}
					node = { kind: "symbol", name: primes };
				} else node = this.list();
				this.cursor.expect("}");
				return node;
			}
			if (isSign(token, "-") || isSign(token, "+")) {
				this.cursor.at++;
				const of = this.script(place);
				return token.text === "-" ? { kind: "negative", of } : of;
			}
			const node = this.primary();
			// `2^3^2`, and `9^9!` of which the exponent is 9! only in braces. Of `x_1^2` only the 1 is below.
			if (place === "below" || !this.cursor.isSign("^")) return node;
			this.cursor.at++;
			return { kind: "power", base: node, exponent: this.script() };
		});
	}

	protected primary(): Node {
		return this.within(() => {
			const token = this.cursor.peek();
			if (token === undefined) throw new NotParsed();
			const based = basedNumber(this.cursor);
			if (based !== undefined) return based;
			this.cursor.at++;
			switch (token.type) {
				case "number":
					return numberLiteral(token, this.cursor);
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
					for (let next = this.cursor.peek(); next?.type === "text"; next = this.cursor.peek()) {
						text += ` ${next.text}`;
						this.cursor.at++;
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

	/** `R`, `R^+`, `Z_{>0}` */
	#blackboardName(letter: string): string {
		let name = letter;
		while (this.cursor.isSign("^") || this.cursor.isSign("_")) {
			name += this.cursor.take().text;
			if (this.cursor.accept("{")) {
				while (!this.cursor.isSign("}")) name += this.cursor.take().text;
				this.cursor.expect("}");
			} else name += this.cursor.take().text;
		}
		return name;
	}

	#letter(name: string): Node {
		if (this.cursor.isSign("_")) {
			this.cursor.at++;
			return this.#subscripted(name);
		}
		if (name === "i" || name === "e") return { kind: "constant", name };
		return (/^[fghFG]$/.test(name) ? this.#functionCall(name) : undefined) ?? { kind: "symbol", name };
	}

	/** `f(x)`, `f'(x)`, `f^{-1}(x)`; undefined, and nothing taken, for anything else. */
	#functionCall(name: string): Node | undefined {
		const start = this.cursor.at;
		let called = name;
		while (this.cursor.accept("'")) called += "'";
		if (this.cursor.texts(5) === "^ { - 1 }") {
			called += "^-1";
			this.cursor.at += 5;
		}
		if (this.cursor.isSign("(") && !this.cursor.peek()!.spaced) {
			this.cursor.at++;
			const argument = this.list();
			this.cursor.expect(")");
			return { kind: "call", name: called, args: [argument] };
		}
		this.cursor.at = start;
		return undefined;
	}

	/** `x_1` is a name; `F_{n-1}` is an unknown function of its index. */
	#subscripted(name: string): Node {
		const index = this.script("below");
		if (index.kind === "number") return { kind: "symbol", name: `${name}_${index.literal}` };
		if (index.kind === "text") return { kind: "symbol", name: `${name}_${index.text}` };
		return { kind: "call", name: `${name}_`, args: [index] };
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
		if (name === "binom") return { kind: "call", name: "binom", args: [this.#argument(), this.#argument()] };
		if (name === "emptyset" || name === "varnothing") return { kind: "named-set", name: "empty" };
		if (name === "Re" || name === "Im" || functionNames.has(name))
			return this.#function(functionNames.get(name)!);
		if (ellipses.test(name)) return { kind: "ellipsis" };
		if (/^(?:sum|prod|int|oint|lim|iint)$/.test(name)) return this.#bound(name);
		if (/^(?:overline|bar|tilde|widehat|overrightarrow|overleftrightarrow|widetilde|dot|ddot)$/.test(name))
			return { kind: "call", name, args: [this.#argument()] };
		if (/^(?:angle|triangle|measuredangle|square|Delta|deg)$/.test(name))
			return { kind: "call", name, args: [this.factor()] };
		if (
			/^(?:mathbf|mathrm|mathit|bold|bm|vec|rm|bf|it|mathcal|hat|text|mbox|underline|textbf|boldsymbol|operatorname)$/.test(
				name,
			)
		)
			return this.primary();
		if (name === "boxed" || name === "fbox") return this.#argument();
		if (name === "lfloor") return this.#fenced("floor", "rfloor");
		if (name === "lceil") return this.#fenced("ceil", "rceil");
		if (name === "lvert") return this.#fenced("abs", "rvert");
		if (name === "vert") return this.#fenced("abs", "vert");
		if (name === "lVert" || name === "Vert") return this.#fenced("norm", name === "Vert" ? "Vert" : "rVert");
		if (name === "langle") {
			const inner = this.list();
			this.cursor.expectCommand("rangle");
			const items = inner.kind === "sequence" && inner.open === "" ? inner.items : [inner];
			return { kind: "sequence", open: "<", close: ">", items };
		}
		if (name === "lbrace") return this.#set("rbrace");
		if (name === "lbrack") return this.#bracketed("[");
		throw new NotParsed();
	}

	#fenced(name: string, close: string): Node {
		const inner = this.list();
		this.cursor.expectCommand(close);
		return { kind: "call", name, args: [inner] };
	}

	/** `\frac{a}{b}`, `\frac12`, `\frac1{b}`, `\frac{a}b`; the digits of one number are its two parts. */
	#fraction(): Node {
		const token = this.cursor.peek();
		if (token?.type !== "number" || !/^\d{2,}$/.test(token.text) || this.cursor.isSign("{", 1))
			return { kind: "quotient", over: this.#argument(), under: this.#argument() };
		this.cursor.at++;
		// `\frac123` is 1/2 and a 3 after it, which nobody means.
		if (token.text.length > 2) throw new NotParsed();
		return { kind: "quotient", over: literalOf(token.text[0]), under: literalOf(token.text[1]) };
	}

	#root(degree: number): Node {
		let index: Node = literalOf(String(degree));
		if (this.cursor.accept("[")) {
			index = this.sum();
			this.cursor.expect("]");
		}
		return { kind: "call", name: "root", args: [index, this.#argument()] };
	}

	/** One group, or one token as TeX takes it. */
	#argument(): Node {
		const token = this.cursor.peek();
		if (token === undefined) throw new NotParsed();
		if (isSign(token, "{")) {
			this.cursor.at++;
			const node = this.list();
			this.cursor.expect("}");
			return node;
		}
		return this.primary();
	}

	#function(name: string): Node {
		let exponent: Node | undefined;
		let base: Node | undefined;
		for (;;) {
			if (exponent === undefined && this.cursor.accept("^")) exponent = this.script();
			else if (base === undefined && this.cursor.accept("_")) base = this.script("below");
			else break;
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
							args: [literalOf("10"), ...args],
						}
					: called === "exp"
						? { kind: "power", base: { kind: "constant", name: "e" }, exponent: args[0] }
						: { kind: "call", name: called, args };
		return exponent === undefined ? node : { kind: "power", base: node, exponent };
	}

	#functionArguments(name: string): readonly Node[] {
		const token = this.cursor.peek();
		if (token === undefined) throw new NotParsed();
		if (isSign(token, "(") || isSign(token, "[")) {
			this.cursor.at++;
			const inner = this.list();
			this.cursor.expect(token.text === "(" ? ")" : "]");
			return inner.kind === "sequence" && inner.open === "" ? inner.items : [inner];
		}
		if (isSign(token, "\\{") && /^(?:max|min|gcd|lcm)$/.test(name)) {
			this.cursor.at++;
			const set = this.#set("\\}");
			if (set.kind === "sequence") return set.items;
			throw new NotParsed();
		}
		if (isSign(token, "{")) return [this.#argument()];
		if (!takesBareArgument.test(name)) throw new NotParsed();
		// Everything that is multiplied without a sign, up to the next function.
		const sign = this.plusMinus();
		let node = this.factor();
		for (;;) {
			const next = this.cursor.peek();
			if (next === undefined || !this.startsFactor(next)) break;
			if (next.type === "text" || next.type === "begin" || isSign(next, "[")) break;
			if ((next.type === "word" || next.type === "command") && functionNames.has(next.text)) break;
			if (isSign(next, "(") && node.kind !== "number") break;
			node = product(node, this.factor());
		}
		return [sign === "-" ? { kind: "negative", of: node } : node];
	}

	/** `\sum_{k=1}^{n} body`, `\int_a^b body dx`, `\lim_{x\to a} body` */
	#bound(operator: string): Node {
		let lower: Node | undefined;
		let upper: Node | undefined;
		let name = "";
		for (;;) {
			if (this.cursor.isSign("_")) {
				this.cursor.at++;
				if (operator === "lim") {
					if (!this.cursor.isSign("{")) throw new NotParsed();
					this.cursor.at++;
					const variable = this.primary();
					if (variable.kind !== "symbol") throw new NotParsed();
					name = variable.name;
					this.cursor.expectCommand(this.cursor.peek()?.text === "rightarrow" ? "rightarrow" : "to");
					lower = this.sum();
					this.cursor.expect("}");
				} else lower = this.script("below");
			} else if (this.cursor.isSign("^")) {
				this.cursor.at++;
				upper = this.script();
			} else break;
		}
		if (lower?.kind === "relation" && lower.signs.length === 1) {
			const [index] = lower.operands;
			if (index.kind === "symbol" || index.kind === "constant") {
				name = index.name;
				lower = lower.operands[1];
			}
		}
		const body = this.term();
		const none: Node = { kind: "text", text: "" };
		if (/int$/.test(operator)) name = integrated(body) ?? "";
		if (name === "") return { kind: "bound", operator, name, args: [lower ?? none, upper ?? none, body] };
		// Its letter says nothing: one name for each depth.
		const index = `index-${heightOf(body)}`;
		return {
			kind: "bound",
			operator,
			name: index,
			args: [lower ?? none, upper ?? none, renamed(body, name, index)],
		};
	}

	#bracketed(open: string): Node {
		switch (open) {
			case "(":
			case "[": {
				// Inside, a bar opens again.
				const bars = this.bars;
				this.bars = 0;
				const inner = this.list();
				this.bars = bars;
				const token = this.cursor.peek();
				if (token === undefined || !(token.type === "sign" && closers.get(open)!.test(token.text)))
					throw new NotParsed();
				this.cursor.at++;
				const close = token.text as ")" | "]";
				if (inner.kind === "sequence" && inner.open === "")
					return { kind: "sequence", open, close, items: inner.items };
				if ((open === "(") !== (close === ")")) throw new NotParsed();
				return inner;
			}
			case "{": {
				const inner = this.list();
				this.cursor.expect("}");
				return inner;
			}
			case "\\{":
				return this.#set("\\}");
			case "|": {
				this.bars++;
				const inner = this.list();
				this.bars--;
				this.cursor.expect("|");
				return { kind: "call", name: "abs", args: [inner] };
			}
			case "\\|": {
				const inner = this.list();
				this.cursor.expect("\\|");
				return { kind: "call", name: "norm", args: [inner] };
			}
			case "\\$":
				return { kind: "quantity", of: this.signedFactor(), unit: "$" };
			default:
				throw new NotParsed();
		}
	}

	#set(close: string): Node {
		const closes = () => this.cursor.peek()?.text === close;
		if (closes()) {
			this.cursor.at++;
			return { kind: "named-set", name: "empty" };
		}
		this.bars++;
		const inner = this.list();
		this.bars--;
		if (closes()) {
			this.cursor.at++;
			const items = inner.kind === "sequence" && inner.open === "" ? inner.items : [inner];
			return { kind: "sequence", open: "{", close: "}", items };
		}
		// A system of equations has a brace on one side only.
		if (inner.kind === "matrix" && inner.rows.every(({ length }) => length === 1))
			return bare(inner.rows.flat());
		// `{x | x > 3}`
		const bar = this.cursor.peek();
		if (
			bar === undefined ||
			!(isSign(bar, "|") || isSign(bar, ":") || isCommand(bar, /^(?:mid|vert|colon)$/))
		)
			throw new NotParsed();
		this.cursor.at++;
		const condition = this.list();
		if (!closes()) throw new NotParsed();
		this.cursor.at++;
		return { kind: "call", name: "such-that", args: [inner, condition] };
	}

	#environment(name: string): Node {
		const matrix =
			/^(?:[pbvBV]?matrix|smallmatrix|array|cases|aligned|align\*?|gathered|split|gather\*?|equation\*?)$/.test(
				name,
			);
		if (!matrix) throw new NotParsed();
		// The columns of an array.
		if (name === "array" && this.cursor.isSign("{"))
			while (this.cursor.peek() !== undefined) {
				const closed = this.cursor.isSign("}");
				this.cursor.at++;
				if (closed) break;
			}
		const rows: Node[][] = [[]];
		for (;;) {
			const token = this.cursor.peek();
			if (token === undefined) throw new NotParsed();
			if (token.type === "end") {
				if (token.text !== name) throw new NotParsed();
				this.cursor.at++;
				break;
			}
			if (token.type === "row" || isCommand(token, /^cr$/)) {
				this.cursor.at++;
				rows.push([]);
			} else if (isSign(token, "&")) this.cursor.at++;
			else if (isCommand(token, /^hline$/)) this.cursor.at++;
			else {
				const row = rows.at(-1)!;
				row.push(this.#cell());
			}
		}
		const filled = rows.filter((row) => row.length > 0);
		if (/^(?:aligned|align|gathered|split|gather|equation)/.test(name)) return unlessOne(filled.flat());
		if (name === "vmatrix")
			return { kind: "call", name: "det", args: [{ kind: "matrix", rows: filled, fence: "p" }] };
		if (name === "array" && filled.every((row) => row.length === 1 && isEquation(row[0])))
			return bare(filled.flat());
		if (name === "cases" && filled.every(({ length }) => length === 1)) return bare(filled.flat());
		return { kind: "matrix", rows: filled, fence: name === "cases" ? "cases" : "p" };
	}

	#cell(): Node {
		// `-x & \text{if } x < 0`
		if (
			this.cursor.peek()?.type === "text" &&
			/^(?:if|for|when|where)$/i.test(this.cursor.peek()!.text.trim())
		)
			this.cursor.at++;
		const node = this.relation();
		const token = this.cursor.peek();
		// "x^2, & x > 0"
		if (token !== undefined && (isSign(token, ",") || isSign(token, ".") || isSign(token, ";")))
			this.cursor.at++;
		return node;
	}
}

const closers = new Map([
	["(", /^(?:\)|\])$/],
	["[", /^(?:\)|\])$/],
]);

const isEquation = (node: Node) => node.kind === "relation" && node.signs.includes("=");

function isMinusOne(node: Node): boolean {
	return node.kind === "negative" && node.of.kind === "number" && node.of.literal === "1";
}

export function product(left: Node, right: Node): Node {
	const factors = left.kind === "product" ? left.factors : [left];
	return { kind: "product", factors: [...factors, right] };
}

/** The x of the `dx` that an integral ends with. */
function integrated(body: Node): string | undefined {
	if (body.kind !== "product" || body.factors.length < 2) return undefined;
	const [d, variable] = body.factors.slice(-2);
	return d.kind === "symbol" && d.name === "d" && variable.kind === "symbol" ? variable.name : undefined;
}

/** Sums, products, limits and integrals within each other. */
function heightOf(node: Node): number {
	const within = partsOf(node).reduce((most, part) => Math.max(most, heightOf(part)), 0);
	return node.kind === "bound" ? within + 1 : within;
}

/** With another name for a symbol, or for a letter that elsewhere is a constant: the i of a sum. */
function renamed(node: Node, from: string, to: string): Node {
	if ((node.kind === "symbol" || node.kind === "constant") && node.name === from)
		return { kind: "symbol", name: to };
	const parts = partsOf(node);
	return parts.length === 0
		? node
		: withParts(
				node,
				parts.map((part) => renamed(part, from, to)),
			);
}

function unlessOne(items: readonly Node[]): Node {
	return items.length === 1 ? items[0] : bare(items);
}

export function bare(items: readonly Node[]): Sequence {
	return { kind: "sequence", open: "", close: "", items };
}
