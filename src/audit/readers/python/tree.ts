import type { SyntaxNode } from "@lezer/common";

/** Longest chain of names and operations that is followed. */
export const deepest = 30;

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
	const children: SyntaxNode[] = [];
	for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
	return children;
}

export function isPunctuation(node: SyntaxNode): boolean {
	return /^[^A-Za-z]+$/.test(node.name);
}

export interface Argument {
	/** null of a positional one, "**" and "*" of unpacked ones. */
	readonly name: string | null;
	readonly at: number;
	readonly value: SyntaxNode;
}

/** Arguments of a call. */
export function argumentsOf(call: SyntaxNode, text: string): Argument[] {
	const list = call.getChild("ArgList");
	if (list === null) return [];
	const found: Argument[] = [];
	let pending: SyntaxNode[] = [];
	const flush = (): void => {
		const value = pending.at(-1);
		if (value !== undefined) {
			const [first, second] = pending;
			if (first.name === "**" || first.name === "*" || /^\*/.test(text.slice(first.from, first.to)))
				found.push({
					name: text.slice(first.from, first.from + 2).startsWith("**") ? "**" : "*",
					at: first.from,
					value,
				});
			else if (pending.length >= 3 && second.name === "AssignOp")
				found.push({ name: text.slice(first.from, first.to), at: first.from, value });
			else found.push({ name: null, at: first.from, value });
		}
		pending = [];
	};
	for (const child of childrenOf(list)) {
		if (child.name === "(" || child.name === ")" || child.name === "Comment") continue;
		if (child.name === ",") flush();
		else pending.push(child);
	}
	flush();
	return found;
}

export interface Entry {
	/** null of `**other`. */
	readonly key: SyntaxNode | null;
	readonly at: number;
	readonly value: SyntaxNode;
}

/** Entries of a dict literal. */
export function entriesOf(dict: SyntaxNode): Entry[] {
	const found: Entry[] = [];
	let pending: SyntaxNode[] = [];
	const flush = (): void => {
		const value = pending.at(-1);
		if (value !== undefined && pending.length >= 2) {
			const [first, second] = pending;
			if (second.name === ":") found.push({ key: first, at: first.from, value });
			else if (first.name === "**") found.push({ key: null, at: first.from, value });
		}
		pending = [];
	};
	for (const child of childrenOf(dict)) {
		if (child.name === "{" || child.name === "}" || child.name === "Comment") continue;
		if (child.name === ",") flush();
		else pending.push(child);
	}
	flush();
	return found;
}

/** A plain string's text; null of anything else. */
export function stringOf(node: SyntaxNode, text: string): string | null {
	if (node.name === "ContinuedString") {
		const parts = childrenOf(node).map((child) => stringOf(child, text));
		return parts.includes(null) ? null : parts.join("");
	}
	if (node.name !== "String") return null;
	const match = /^([rRuUbB]*)("""|'''|"|')(.*)\2$/s.exec(text.slice(node.from, node.to));
	if (match === null) return null;
	if (/r/i.test(match[1])) return match[3];
	return unescaped(match[3]);
}

/** A string's text with what its backslashes mean. */
export function unescaped(text: string): string {
	const escapes: Record<string, string> = { n: "\n", t: "\t", "\n": "" };
	return text.replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char);
}

/** The last name of `a.b.Name`. */
export function lastName(node: SyntaxNode, text: string): string {
	const name = node.name === "MemberExpression" ? node.getChild("PropertyName") : node;
	return name === null ? "" : text.slice(name.from, name.to);
}
