import type { SyntaxNode } from "@lezer/common";
import { argumentsOf, isPunctuation } from "./tree.ts";

/** What a statement does to a dict that a name stands for. */
export interface Change {
	/** Of the dict. */
	readonly target: SyntaxNode;
	readonly node: SyntaxNode;
	/** `set` has a key and a value, `default` too, `take` a key, `more` a call of update or another dict. */
	readonly kind: "set" | "default" | "take" | "more";
	readonly key: SyntaxNode | null;
	readonly value: SyntaxNode | null;
}

/** `name[key]` of a name. */
export function subscriptOf(node: SyntaxNode): { name: SyntaxNode; key: SyntaxNode } | null {
	if (node.name !== "MemberExpression" || node.getChild("[") === null) return null;
	const parts = [...inside(node)];
	const [name, key] = [parts.at(0), parts.at(1)];
	return name === undefined || key === undefined || parts.length > 2 ? null : { name, key };
}

function* inside(node: SyntaxNode): Generator<SyntaxNode> {
	for (let child = node.firstChild; child !== null; child = child.nextSibling)
		if (!isPunctuation(child)) yield child;
}

/** `name.update(...)`, `name.setdefault(key, value)`, `name.pop(key)`, `del name[key]`, `name |= {...}`. */
export function changeOf(node: SyntaxNode, text: string): Change | null {
	if (node.name === "DeleteStatement") {
		const taken = node.getChild("MemberExpression");
		const at = taken === null ? null : subscriptOf(taken);
		return at?.name.name === "VariableName"
			? { target: at.name, node, kind: "take", key: at.key, value: null }
			: null;
	}
	if (node.name === "UpdateStatement") {
		const [target, value] = [node.firstChild, node.lastChild];
		return target?.name === "VariableName" && value !== null && /\|=/.test(text.slice(target.to, value.from))
			? { target, node, kind: "more", key: null, value }
			: null;
	}
	const callee = node.name === "CallExpression" ? node.firstChild : null;
	const target = callee?.name === "MemberExpression" ? callee.firstChild : null;
	const method = callee?.getChild("PropertyName") ?? null;
	if (target?.name !== "VariableName" || method === null) return null;
	const given = argumentsOf(node, text).filter(({ name }) => name === null);
	const [key, value] = [given.at(0)?.value ?? null, given.at(1)?.value ?? null];
	switch (text.slice(method.from, method.to)) {
		case "update":
			return { target, node, kind: "more", key: null, value: node };
		case "setdefault":
			return { target, node, kind: "default", key, value };
		case "pop":
			return { target, node, kind: "take", key, value: null };
		default:
			return null;
	}
}

/** `{k: v for k, v in name.items() if ...}`: the dict itself, less what a condition takes away. */
export function filteredOf(
	node: SyntaxNode,
	text: string,
): { of: SyntaxNode; lessNone: boolean; sifts: boolean } | null {
	if (node.name !== "DictionaryComprehensionExpression") return null;
	const match =
		/^\{\s*(\w+)\s*:\s*(\w+)\s+for\s+\(?\s*(\w+)\s*,\s*(\w+)\s*\)?\s+in\s+\w+\.items\(\)(\s+if\s.*)?\s*\}$/s.exec(
			text.slice(node.from, node.to),
		);
	const of = node.getChild("CallExpression")?.firstChild?.firstChild ?? null;
	if (match === null || of === null || match[1] !== match[3] || match[2] !== match[4]) return null;
	const lessNone = new RegExp(`\\b${match[2]} is not None\\b`).test(match.at(5) ?? "");
	return { of, lessNone, sifts: !lessNone && match.at(5) !== undefined };
}
