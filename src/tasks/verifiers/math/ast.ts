import type { Rational } from "./rational.ts";

/** What an answer's text means, before anything is computed. */
export type Node =
	| {
			readonly kind: "number";
			readonly value: Rational;
			/** The literal as written, in digits and at most one point. */
			readonly literal: string;
	  }
	| { readonly kind: "symbol"; readonly name: string }
	| { readonly kind: "constant"; readonly name: "pi" | "e" | "i" | "infinity" }
	| { readonly kind: "sum"; readonly terms: readonly Node[] }
	| { readonly kind: "product"; readonly factors: readonly Node[] }
	| { readonly kind: "quotient"; readonly over: Node; readonly under: Node }
	| { readonly kind: "power"; readonly base: Node; readonly exponent: Node }
	| { readonly kind: "negative"; readonly of: Node }
	/** `sign` 1: plus-minus, -1: minus-plus. */
	| { readonly kind: "either-sign"; readonly of: Node; readonly sign: 1 | -1 }
	/** A function by its name; names that `functions.ts` does not know stand for unknown functions. */
	| { readonly kind: "call"; readonly name: string; readonly args: readonly Node[] }
	/** Summed, multiplied or integrated over `name`. */
	| {
			readonly kind: "bound";
			readonly operator: string;
			readonly name: string;
			readonly args: readonly Node[];
	  }
	| Sequence
	| {
			readonly kind: "sets";
			readonly operator: "union" | "intersection" | "difference";
			readonly parts: readonly Node[];
	  }
	| { readonly kind: "named-set"; readonly name: string }
	| { readonly kind: "matrix"; readonly rows: readonly (readonly Node[])[]; readonly fence: string }
	| Relation
	| { readonly kind: "percent"; readonly of: Node }
	| { readonly kind: "degrees"; readonly of: Node }
	| { readonly kind: "quantity"; readonly of: Node; readonly unit: string }
	| { readonly kind: "based"; readonly digits: string; readonly base: number }
	| { readonly kind: "ratio"; readonly parts: readonly Node[] }
	| { readonly kind: "text"; readonly text: string }
	| { readonly kind: "ellipsis" };

/** Items between brackets, or without any: `(1,2)`, `[1,2)`, `{1,2}`, `1, 2 and 3`. */
export interface Sequence {
	readonly kind: "sequence";
	readonly open: "(" | "[" | "{" | "<" | "";
	readonly close: ")" | "]" | "}" | ">" | "";
	readonly items: readonly Node[];
	/** Of one without brackets, where it has that word. */
	readonly joiner?: "and" | "or" | undefined;
}

export type RelationSign = "=" | "<" | ">" | "<=" | ">=" | "!=" | "in" | "~";

/** `a < b <= c` has three operands and two signs. */
export interface Relation {
	readonly kind: "relation";
	readonly operands: readonly Node[];
	readonly signs: readonly RelationSign[];
}

/** The parts a node is made of, in order. */
export function partsOf(node: Node): readonly Node[] {
	switch (node.kind) {
		case "sum":
			return node.terms;
		case "product":
			return node.factors;
		case "quotient":
			return [node.over, node.under];
		case "power":
			return [node.base, node.exponent];
		case "negative":
		case "either-sign":
		case "percent":
		case "degrees":
		case "quantity":
			return [node.of];
		case "call":
		case "bound":
			return node.args;
		case "sequence":
			return node.items;
		case "sets":
		case "ratio":
			return node.parts;
		case "matrix":
			return node.rows.flat();
		case "relation":
			return node.operands;
		default:
			return [];
	}
}

/** The same node with other parts, given in the order of `partsOf`. */
export function withParts(node: Node, parts: readonly Node[]): Node {
	switch (node.kind) {
		case "sum":
			return { ...node, terms: parts };
		case "product":
			return { ...node, factors: parts };
		case "quotient":
			return { ...node, over: parts[0], under: parts[1] };
		case "power":
			return { ...node, base: parts[0], exponent: parts[1] };
		case "negative":
		case "either-sign":
		case "percent":
		case "degrees":
		case "quantity":
			return { ...node, of: parts[0] };
		case "call":
		case "bound":
			return { ...node, args: parts };
		case "sequence":
			return { ...node, items: parts };
		case "sets":
		case "ratio":
			return { ...node, parts };
		case "matrix": {
			let at = 0;
			return { ...node, rows: node.rows.map((row) => row.map(() => parts[at++])) };
		}
		case "relation":
			return { ...node, operands: parts };
		default:
			return node;
	}
}

export function some(node: Node, holds: (node: Node) => boolean): boolean {
	return holds(node) || partsOf(node).some((part) => some(part, holds));
}

/** Names of the symbols in it, in the order in which they first occur. */
export function symbolsOf(node: Node, into = new Set<string>()): Set<string> {
	if (node.kind === "symbol") into.add(node.name);
	for (const part of partsOf(node)) symbolsOf(part, into);
	return into;
}
