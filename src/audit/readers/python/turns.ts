import type { SyntaxNode } from "@lezer/common";
import type { Names } from "./names.ts";
import { argumentsOf, childrenOf, entriesOf, isPunctuation } from "./tree.ts";

/** Which item each loop stands at, and which call each function runs for; by where they start. */
export type Turns = ReadonlyMap<number, number>;

/** Most turns of one place that are told apart. */
const mostTurns = 24;
const deepest = 3;

/** A loop or comprehension over something. */
export interface Loop {
	readonly node: SyntaxNode;
	readonly targets: readonly SyntaxNode[];
	readonly iterable: SyntaxNode;
}

/** `for a, b in iterable`, in a statement or a comprehension; null of another node. */
export function loopOf(node: SyntaxNode): Loop | null {
	if (node.name !== "ForStatement" && !node.name.endsWith("ComprehensionExpression")) return null;
	const children = childrenOf(node);
	const [start, middle] = ["for", "in"].map((word) => children.findIndex(({ name }) => name === word));
	const iterable = middle === -1 ? undefined : children.at(middle + 1);
	if (start === -1 || iterable === undefined) return null;
	const targets = children.slice(start + 1, middle).filter((child) => !isPunctuation(child));
	return { node, targets, iterable };
}

/** The items of what a loop goes over, each as what its targets are given; null where they are not written down. */
export function itemsOf(
	iterable: SyntaxNode,
	count: number,
	text: string,
	resolve: (name: SyntaxNode) => SyntaxNode | null,
): (SyntaxNode | null)[][] | null {
	const inner = (node: SyntaxNode, of: number) => itemsOf(node, of, text, resolve);
	switch (iterable.name) {
		case "VariableName": {
			const found = resolve(iterable);
			return found === null || found.name === "VariableName" ? null : inner(found, count);
		}
		case "ArrayExpression":
		case "TupleExpression":
		case "SetExpression": {
			const rows = elementsOf(iterable).map((item) => (count === 1 ? [item] : elementsOf(item)));
			return rows.every((row) => row.length === count) ? rows : null;
		}
		case "DictionaryExpression":
			return count === 1 ? entriesOf(iterable).map(({ key }) => [key]) : null;
		case "CallExpression":
			return ofCall(iterable, count, text, inner, resolve);
		default:
			return null;
	}
}

function ofCall(
	call: SyntaxNode,
	count: number,
	text: string,
	inner: (node: SyntaxNode, of: number) => (SyntaxNode | null)[][] | null,
	resolve: (name: SyntaxNode) => SyntaxNode | null,
): (SyntaxNode | null)[][] | null {
	const callee = text.slice(call.firstChild!.from, call.firstChild!.to);
	const parts = argumentsOf(call, text).flatMap(({ name, value }) => (name === null ? [value] : []));
	if (callee === "enumerate" && count === 2 && parts.length === 1)
		return inner(parts[0], 1)?.map(([item]) => [null, item]) ?? null;
	const method = /\.(items|keys|values)$/.exec(callee)?.[1];
	if (method !== undefined) {
		const held = call.firstChild!.firstChild!;
		const dict = held.name === "VariableName" ? resolve(held) : held;
		if (dict?.name !== "DictionaryExpression" || count !== (method === "items" ? 2 : 1)) return null;
		return entriesOf(dict).map(({ key, value }) =>
			method === "items" ? [key, value] : [method === "keys" ? key : value],
		);
	}
	if (!/^((itertools\.)?product|zip)$/.test(callee) || parts.length !== count) return null;
	const columns = parts.map((part) => inner(part, 1)?.map(([item]) => item));
	if (columns.some((column) => column === undefined)) return null;
	const known = columns as (SyntaxNode | null)[][];
	if (callee === "zip")
		return Array.from({ length: Math.min(...known.map(({ length }) => length)) }, (_, i) =>
			known.map((column) => column[i]),
		);
	return known.reduce<(SyntaxNode | null)[][]>(
		(rows, column) =>
			rows.length * column.length > mostTurns * mostTurns
				? []
				: rows.flatMap((row) => column.map((item) => [...row, item])),
		[[]],
	);
}

/** Items of a list, tuple or set. */
export function elementsOf(list: SyntaxNode): SyntaxNode[] {
	return childrenOf(list).filter(({ name }) => !/^[[\](){},]$|^Comment$/.test(name));
}

/** Every turn in which a place is reached: of the loops around it, and of the calls of the function that it is in. */
export function turnsAt(
	place: SyntaxNode,
	names: Names,
	rowsOf: (loop: Loop) => readonly unknown[] | null,
	depth = 0,
): Turns[] {
	let turns: Turns[] = [new Map()];
	const times = (others: readonly Turns[]): void => {
		if (turns.length * others.length > mostTurns || others.length === 0) return;
		turns = turns.flatMap((one) => others.map((other) => new Map([...one, ...other])));
	};
	for (let at = place.parent; at !== null; at = at.parent) {
		const loop = loopOf(at);
		const within = loop !== null && place.from >= loop.iterable.from && place.to <= loop.iterable.to;
		if (loop !== null && !within) times((rowsOf(loop) ?? []).map((_, i) => new Map([[loop.node.from, i]])));
		if (at.name !== "FunctionDefinition") continue;
		const start = at.from;
		const calls = names.calls.get(start) ?? [];
		if (depth < deepest)
			times(
				calls.flatMap((call, i) =>
					turnsAt(call, names, rowsOf, depth + 1).map((turn) => new Map([...turn, [start, i]])),
				),
			);
		break;
	}
	return turns;
}
