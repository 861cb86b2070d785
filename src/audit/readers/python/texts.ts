import type { SyntaxNode } from "@lezer/common";
import { isUnknown, type Scalar } from "../../value.ts";
import type { Piece, Pieces } from "../shell/expand.ts";
import { mayTellOfKl } from "../tells.ts";
import type { Evaluator } from "./evaluate.ts";
import type { Names } from "./names.ts";
import { childrenOf, deepest, unescaped } from "./tree.ts";

/** Texts of which a part may not be known: f-strings, sums, what is added to a name. */
export class Texts {
	readonly #text: string;
	readonly #names: Names;
	readonly #evaluator: Evaluator;

	constructor(text: string, names: Names, evaluator: Evaluator) {
		this.#text = text;
		this.#names = names;
		this.#evaluator = evaluator;
	}

	/** Text with what is put into it, piece by piece. */
	pieces(node: SyntaxNode, depth: number): Pieces {
		if (node.name === "ContinuedString")
			return childrenOf(node).flatMap((child) => this.pieces(child, depth + 1));
		if (node.name === "FormatString") return this.#format(node, depth);
		if (
			node.name === "ParenthesizedExpression" ||
			node.name === "VariableName" ||
			node.name === "BinaryExpression"
		) {
			const inner = this.#inner(node, depth);
			if (inner !== null) return inner;
		}
		const value = this.#evaluator.value(node, depth + 1);
		const at = node.from + 1;
		return isUnknown(value) ? [{ unknown: value.unknown, at }] : [{ text: pythonText(value), at }];
	}

	/** A text that is added to: `args = "..."`, then `args += "..."`. */
	#grown(name: SyntaxNode, depth: number): Pieces | null {
		const text = this.#text.slice(name.from, name.to);
		const bindings = this.#evaluator.scopeOf(name).names.get(text) ?? [];
		const [first, ...others] = bindings;
		if (bindings.length < 2 || first.value === null || !isText(first.value)) return null;
		if (others.some(({ why, value }) => value !== null || why !== "is changed")) return null;
		const start = first.value;
		const added = this.#names.additions.filter(
			({ node, target, isOne }) =>
				!isOne &&
				node.from > start.to &&
				node.to < name.from &&
				this.#text.slice(target.from, target.to) === text,
		);
		return [
			...this.pieces(start, depth + 1),
			...added.flatMap(({ node, value }): Pieces => {
				const reached = this.#evaluator.reached(node, start);
				if (reached === false) return [];
				const pieces = this.pieces(value, depth + 1);
				if (reached === true || !mayMatter(pieces)) return pieces;
				return [{ unknown: "a condition adds to it", at: node.from }];
			}),
		];
	}

	/** The pieces of what stands behind brackets, a name or a sum of texts; null where that is no text. */
	#inner(node: SyntaxNode, depth: number): Pieces | null {
		if (depth > deepest) return null;
		if (node.name === "VariableName") {
			const grown = this.#grown(node, depth);
			if (grown !== null) return grown;
			const found = this.#evaluator.resolve(node);
			return found === null || isUnknown(found) || !isText(found) ? null : this.pieces(found, depth + 1);
		}
		const parts = childrenOf(node).filter(({ name }) => !/^[()]$|^Comment$|^ArithOp$/.test(name));
		return parts.length > 0 && parts.every((part) => isText(part))
			? parts.flatMap((part) => this.pieces(part, depth + 1))
			: null;
	}

	#format(node: SyntaxNode, depth: number): Pieces {
		const written = this.#text.slice(node.from, node.to);
		const quotes = /^[a-zA-Z]*("""|'''|"|')/.exec(written);
		if (quotes === null || depth > deepest) return [{ unknown: "it is an unusual string", at: node.from }];
		const found: Piece[] = [];
		let from = node.from + quotes[0].length;
		const end = node.to - quotes[1].length;
		const text = (to: number): void => {
			const plain = this.#text.slice(from, to).replaceAll("{{", "{").replaceAll("}}", "}");
			if (plain !== "") found.push({ text: unescaped(plain), at: from });
		};
		for (const part of node.getChildren("FormatReplacement")) {
			text(part.from);
			const inner = childrenOf(part).filter((child) => child.name !== "{" && child.name !== "}");
			found.push(
				...(inner.length === 1
					? this.pieces(inner[0], depth + 1).map((piece) => ({ ...piece, at: part.from }))
					: [{ unknown: "it is formatted", at: part.from }]),
			);
			from = part.to;
		}
		text(end);
		return found;
	}
}

/** As an f-string writes it. */
function pythonText(value: Scalar): string {
	return value === true ? "True" : value === false ? "False" : value === null ? "None" : String(value);
}

/** Whether an expression may be text that is partly known. */
function isText({ name }: SyntaxNode): boolean {
	return /^(FormatString|ContinuedString|String|ParenthesizedExpression|VariableName|BinaryExpression)$/.test(
		name,
	);
}

/** Whether text that may be there or not could say something of a KL. */
export function mayMatter(pieces: Pieces): boolean {
	const known = pieces.map((piece) => ("unknown" in piece ? "" : piece.text)).join("");
	const isOpen = pieces.every((piece) => "unknown" in piece);
	return isOpen || mayTellOfKl(known);
}
