import type { SyntaxNode } from "@lezer/common";
import { isUnknown, numberOf, type Scalar, scalarOf, type Value } from "../../value.ts";
import { type Pieces, plainText } from "../shell/expand.ts";
import { subscriptOf } from "./changes.ts";
import type { ImportedConstants } from "./constants.ts";
import type { Binding, Names, Parameter, Scope } from "./names.ts";
import { Texts } from "./texts.ts";
import { argumentsOf, childrenOf, deepest, entriesOf, lastName, stringOf } from "./tree.ts";
import { itemsOf, type Loop, type Turns, turnsAt } from "./turns.ts";

/** Values of expressions, as far as the file fixes them. */
export class Evaluator {
	readonly #text: string;
	readonly #names: Names;
	/** Defaults of argparse's options and of dataclass fields, by name; null where two differ. */
	readonly #defaults: ReadonlyMap<string, Value>;
	readonly #imported: ImportedConstants | null;
	readonly #texts: Texts;
	#turns: Turns = new Map();

	constructor(
		text: string,
		names: Names,
		defaults: ReadonlyMap<string, Value>,
		imported: ImportedConstants | null = null,
	) {
		this.#text = text;
		this.#names = names;
		this.#defaults = defaults;
		this.#imported = imported;
		this.#texts = new Texts(text, names, this);
	}

	value(node: SyntaxNode, depth = 0): Value {
		const written = this.#text.slice(node.from, node.to);
		if (depth > deepest) return { unknown: "it is computed" };
		switch (node.name) {
			case "Number": {
				const value = numberOf(written);
				return value ?? { unknown: "it is an unusual number" };
			}
			case "Boolean":
				return written === "True";
			case "None":
				return null;
			case "String":
			case "ContinuedString":
				return stringOf(node, this.#text) ?? this.#joined(node, depth);
			case "FormatString":
				return this.#joined(node, depth);
			case "UnaryExpression":
				if (/^not\b/.test(written)) {
					const inner = this.value(node.lastChild!, depth + 1);
					return isUnknown(inner) ? inner : !inner;
				}
				return this.#arithmetic(node, depth);
			case "BinaryExpression":
				return this.#arithmetic(node, depth);
			case "ParenthesizedExpression": {
				const inner = childrenOf(node).filter(
					({ name }) => name !== "(" && name !== ")" && name !== "Comment",
				);
				return inner.length === 1 ? this.value(inner[0], depth + 1) : { unknown: "it is computed" };
			}
			case "VariableName": {
				const found = this.resolve(node);
				if (found === null)
					return this.#imported?.named(written) ?? { unknown: `${written} is not set in this file` };
				return isUnknown(found) ? found : this.value(found, depth + 1);
			}
			case "MemberExpression": {
				const entry = this.#entry(node, depth);
				if (entry !== null) return isUnknown(entry) ? entry : this.value(entry, depth + 1);
				const imported = this.#constant(node);
				if (imported !== undefined) return imported;
				const held = this.#defaults.get(lastName(node, this.#text));
				return held === undefined ? { unknown: `${written.slice(0, 40)} is set elsewhere` } : held;
			}
			case "CallExpression":
				return this.#call(node, depth);
			case "ConditionalExpression": {
				const parts = childrenOf(node).filter(({ name }) => name !== "if" && name !== "else");
				const [yes, test, no] = parts.map((part) => this.value(part, depth + 1));
				if (parts.length !== 3) return { unknown: "it is computed" };
				if (!isUnknown(test)) return isTrue(test) ? yes : no;
				return yes === no ? yes : { unknown: "it depends on a condition" };
			}
			case "ArrayExpression":
			case "TupleExpression":
				return { unknown: "it is a list" };
			default:
				return { unknown: "it is computed" };
		}
	}

	/** `module.NAME`, of a module beside this one. */
	#constant({ firstChild, lastChild }: SyntaxNode): Value | undefined {
		if (firstChild?.name !== "VariableName" || lastChild?.name !== "PropertyName") return undefined;
		if (this.resolve(firstChild) !== null) return undefined;
		const [module, name] = [firstChild, lastChild].map(({ from, to }) => this.#text.slice(from, to));
		return this.#imported?.of(module, name);
	}

	/** In these turns of loops and calls. */
	in<T>(turns: Turns, read: () => T): T {
		const before = this.#turns;
		this.#turns = turns;
		try {
			return read();
		} finally {
			this.#turns = before;
		}
	}

	/** Every turn in which a place is reached. */
	turnsAt(place: SyntaxNode): Turns[] {
		return turnsAt(place, this.#names, (loop) => this.#rows(loop));
	}

	#rows({ iterable, targets }: Loop): (SyntaxNode | null)[][] | null {
		return itemsOf(iterable, targets.length, this.#text, (name) => {
			const found = this.resolve(name);
			return found === null || isUnknown(found) ? null : found;
		});
	}

	/** The expression that a name stands for; null where the file never gives it a value. */
	resolve(name: SyntaxNode): SyntaxNode | { readonly unknown: string } | null {
		const text = this.#text.slice(name.from, name.to);
		for (let scope: Scope | null = this.scopeOf(name); scope !== null; scope = scope.parent) {
			const bindings = scope.names.get(text);
			if (bindings === undefined) continue;
			const around = bindings.findLast(
				({ loop }) => loop !== undefined && loop.of.node.from <= name.from && name.to <= loop.of.node.to,
			);
			if (around !== undefined) return this.#turn(around, text);
			const [first, ...others] = bindings;
			const latest = others.length === 0 ? null : this.#latest(bindings, name, scope);
			if (latest !== null) return latest;
			if (first.parameter !== undefined && others.length === 0) return this.#given(first.parameter);
			if (first.value === null) return { unknown: `${text} ${first.why}` };
			const written = this.#text.slice(first.value.from, first.value.to);
			const differs = others.some(
				({ value }) => value === null || this.#text.slice(value.from, value.to) !== written,
			);
			return differs ? { unknown: `${text} is assigned more than once` } : first.value;
		}
		return null;
	}

	/** Of a name that is given a value again and again, all before its use, the last; null where that is not sure. */
	#latest(bindings: readonly Binding[], name: SyntaxNode, scope: Scope): SyntaxNode | null {
		if (scope !== this.scopeOf(name)) return null;
		const own = bindings.findIndex(
			({ value }) => value !== null && value.from <= name.from && name.to <= value.to,
		);
		// In a loop it is another one each time.
		if (own !== -1 && isInLoop(name)) return null;
		const before = own === -1 ? bindings : bindings.slice(0, own);
		const last = before.at(-1)?.value ?? null;
		if (last === null || before.some(({ value }) => value === null || value.to > name.from)) return null;
		return this.reached(last, name) === true ? last : null;
	}

	/** What stands under a key of a dict that is written down: `name["key"]`; null where it is none such. */
	#entry(node: SyntaxNode, depth: number): SyntaxNode | { readonly unknown: string } | null {
		const at = subscriptOf(node);
		return at === null ? null : this.#under(at.name, at.key, depth);
	}

	#under(name: SyntaxNode, key: SyntaxNode, depth: number): SyntaxNode | { readonly unknown: string } | null {
		const held = stringOf(key, this.#text);
		const dict = this.#dictAt(name, depth);
		if (held === null || dict === null) return null;
		const changed = this.#names.changes.some(
			(one) =>
				this.#text.slice(one.target.from, one.target.to) === rootOf(name, this.#text) &&
				(one.key === null || (stringOf(one.key, this.#text) ?? held) === held),
		);
		if (changed) return { unknown: `${held} is changed` };
		const entries =
			dict.name === "DictionaryExpression"
				? entriesOf(dict).map(({ key: one, value }) => ({
						name: one === null ? null : stringOf(one, this.#text),
						value,
					}))
				: argumentsOf(dict, this.#text);
		if (entries.some(({ name: one }) => one === null || one.startsWith("*"))) return null;
		return entries.findLast(({ name: one }) => one === held)?.value ?? null;
	}

	#dictAt(node: SyntaxNode, depth: number): SyntaxNode | null {
		if (depth > deepest) return null;
		const found =
			node.name === "VariableName"
				? this.resolve(node)
				: node.name === "MemberExpression"
					? this.#entry(node, depth + 1)
					: node;
		if (found === null || isUnknown(found)) return null;
		if (found.name === "VariableName") return this.#dictAt(found, depth + 1);
		const isDict =
			found.name === "DictionaryExpression" ||
			(found.name === "CallExpression" && /^dict\(/.test(this.#text.slice(found.from, found.to)));
		return isDict ? found : null;
	}

	/** What a loop's variable is in the turn that is read. */
	#turn({ loop }: Binding, text: string): SyntaxNode | { readonly unknown: string } {
		const turn = this.#turns.get(loop!.of.node.from);
		const item = turn === undefined ? null : this.#rows(loop!.of)?.at(turn)?.at(loop!.index);
		return item ?? { unknown: `${text} comes from a loop` };
	}

	/** What the call that is read gives a parameter; its default where no call gives it. */
	#given({ of, name, position, fallback }: Parameter): SyntaxNode | { readonly unknown: string } {
		const calls = this.#names.calls.get(of) ?? [];
		const turn = this.#turns.get(of) ?? (calls.length === 1 ? 0 : undefined);
		const unknown = { unknown: `${name} is an argument` };
		if (calls.length === 0) return fallback ?? unknown;
		if (turn === undefined) return unknown;
		const args = argumentsOf(calls[turn], this.#text);
		if (args.some((arg) => arg.name === "*" || arg.name === "**")) return unknown;
		const plain = args.filter((arg) => arg.name === null);
		return (args.find((arg) => arg.name === name) ?? plain.at(position))?.value ?? fallback ?? unknown;
	}

	/** Text with what is put into it, piece by piece. */
	pieces(node: SyntaxNode, depth = 0): Pieces {
		return this.#texts.pieces(node, depth);
	}

	/** Whether a statement is reached where another is: null where that is not known. */
	reached(node: SyntaxNode, beside: SyntaxNode): boolean | null {
		let known: boolean | null = true;
		for (let at = node; at.parent !== null; at = at.parent) {
			const { parent } = at;
			if (parent.from <= beside.from && beside.to <= parent.to) break;
			if (/^(For|While|Try|Match)Statement$/.test(parent.name)) known = null;
			if (parent.name !== "IfStatement" || at.name !== "Body") continue;
			const bodies = parent.getChildren("Body");
			const test = childrenOf(parent).at(1);
			const value = test === undefined ? null : this.value(test);
			const holds = typeof value === "boolean" && bodies.length <= 2 && parent.getChild("elif") === null;
			const here = at.from === bodies[0].from ? value === true : value === false;
			if (holds && !here) return false;
			if (!holds) known = null;
		}
		return known;
	}

	scopeOf(node: SyntaxNode): Scope {
		for (let at: SyntaxNode | null = node.parent; at !== null; at = at.parent) {
			const scope = this.#names.functions.get(at.from);
			if (scope !== undefined && (at.name === "FunctionDefinition" || at.name === "LambdaExpression"))
				return scope;
		}
		return this.#names.module;
	}

	#joined(node: SyntaxNode, depth: number): Value {
		if (node.name === "String") return { unknown: "it is an unusual string" };
		const pieces = this.pieces(node, depth);
		const unknown = pieces.find((piece) => "unknown" in piece);
		return unknown ?? plainText(pieces) ?? "";
	}

	/** `a > 0`, `a is not None`, `a and b`; null of what is none of these. */
	#compared(node: SyntaxNode, depth: number): Value | null {
		const [left, ...rest] = childrenOf(node).filter(({ name }) => name !== "Comment");
		const right = rest.pop();
		if (right === undefined) return null;
		const op = rest.map(({ from, to }) => this.#text.slice(from, to)).join(" ");
		if (!/^(is|is not|==|!=|<|>|<=|>=|and|or)$/.test(op)) return null;
		const [a, b] = [this.value(left, depth + 1), this.value(right, depth + 1)];
		if (op === "and" || op === "or") {
			if (isUnknown(a)) return a;
			return isTrue(a) === (op === "or") ? a : b;
		}
		if (isUnknown(a)) return a;
		if (isUnknown(b)) return b;
		if (op === "is" || op === "==") return a === b;
		if (op === "is not" || op === "!=") return a !== b;
		if (typeof a !== "number" || typeof b !== "number") return null;
		return op === "<" ? a < b : op === ">" ? a > b : op === "<=" ? a <= b : a >= b;
	}

	#arithmetic(node: SyntaxNode, depth: number): Value {
		const compared = node.name === "BinaryExpression" ? this.#compared(node, depth) : null;
		if (compared !== null) return compared;
		const parts = childrenOf(node).filter(({ name }) => name !== "Comment");
		const operator = parts.find(({ name }) => name === "ArithOp");
		if (operator === undefined) return { unknown: "it is computed" };
		const op = this.#text.slice(operator.from, operator.to);
		const [a, b] = parts.filter((part) => part !== operator).map((part) => this.value(part, depth + 1));
		if (op === "+" && typeof a === "string" && typeof b === "string") return a + b;
		if (typeof a !== "number") return isUnknown(a) ? a : { unknown: "it is computed" };
		if (parts.length === 2) return op === "-" ? -a : op === "+" ? a : { unknown: "it is computed" };
		if (typeof b !== "number") return isUnknown(b) ? b : { unknown: "it is computed" };
		const results: Record<string, number> = {
			"+": a + b,
			"-": a - b,
			"*": a * b,
			"/": a / b,
			"**": a ** b,
			"//": Math.floor(a / b),
		};
		const result = results[op];
		return Number.isFinite(result) ? result : { unknown: "it is computed" };
	}

	#call(node: SyntaxNode, depth: number): Value {
		const callee = node.firstChild;
		if (callee === null) return { unknown: "it is computed" };
		const name = this.#text.slice(callee.from, callee.to);
		const args = argumentsOf(node, this.#text);
		const named = (key: string) => args.find((arg) => arg.name === key)?.value;
		if (/^(float|int|str|bool)$/.test(name) && args.length === 1) {
			const value = this.value(args[0].value, depth + 1);
			if (isUnknown(value)) return value;
			if (name === "bool") return typeof value === "string" ? value !== "" : Boolean(value);
			return name === "str" || typeof value !== "string" ? value : scalarOf(value);
		}
		const held = /^\w+\.get$/.test(name) && args.length > 0 ? callee.firstChild : null;
		if (held !== null && !/environ/.test(name)) {
			const entry = this.#under(held, args[0].value, depth + 1);
			if (entry !== null) return isUnknown(entry) ? entry : this.value(entry, depth + 1);
		}
		if (/(^|\.)(environ\.get|getenv)$/.test(name)) {
			const fallback = args.length > 1 ? args[1].value : named("default");
			return fallback === undefined
				? { unknown: "it is the environment's" }
				: this.value(fallback, depth + 1);
		}
		if (/(^|\.)(field|Field)$/.test(name)) {
			const fallback = named("default") ?? (args.at(0)?.name === null ? args[0].value : undefined);
			return fallback === undefined ? { unknown: `it is made by ${name}` } : this.value(fallback, depth + 1);
		}
		return { unknown: `it is what ${name.slice(0, 40)}() returns` };
	}
}

/** As Python has it of a condition. */
function isTrue(value: Scalar): boolean {
	return value !== null && value !== false && value !== 0 && value !== "";
}

/** The name that `name["a"]["b"]` begins with. */
function rootOf(node: SyntaxNode, text: string): string {
	let at = node;
	while (at.name === "MemberExpression" && at.firstChild !== null) at = at.firstChild;
	return text.slice(at.from, at.to);
}

function isInLoop(node: SyntaxNode): boolean {
	for (let at: SyntaxNode | null = node; at !== null; at = at.parent)
		if (/^(For|While)Statement$/.test(at.name)) return true;
	return false;
}
