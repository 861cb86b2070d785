import { type Node, partsOf, type Relation, symbolsOf, withParts } from "./ast.ts";
import { definedValue } from "./compare-relations.ts";
import { expandSigns } from "./expand-signs.ts";
import { type Context, sameValue } from "./same-value.ts";

/** Values that depend on a whole number: `k\pi, k \in \mathbb{Z}`. */
export interface Family {
	readonly values: readonly Node[];
	readonly parameter: string;
	/** `Z`, `N` or a part of them. */
	readonly domain: string;
}

/** Of a list that ends with `k \in \mathbb{Z}`, or `\{k\pi \mid k \in \mathbb{Z}\}`. */
export function familyOf(node: Node): Family | undefined {
	if (node.kind === "sequence" && node.open === "" && node.items.length > 1) {
		const last = node.items[node.items.length - 1];
		const condition = last.kind === "relation" ? membership(last) : undefined;
		return condition && { ...condition, values: valuesOf(node.items.slice(0, -1), condition.parameter) };
	}
	const inner = node.kind === "relation" && node.signs.join() === "in" ? node.operands[1] : node;
	if (inner.kind !== "call" || inner.name !== "such-that" || inner.args[1].kind !== "relation")
		return undefined;
	const condition = membership(inner.args[1]);
	return condition && { ...condition, values: valuesOf([inner.args[0]], condition.parameter) };
}

/** A family whose condition was left out: of an expression in one of the letters that stand for whole numbers. */
export function unsaidFamily(node: Node, domain: string): Family | undefined {
	const items = node.kind === "sequence" && node.open === "" ? node.items : [node];
	const values = items.flatMap((item) => valuesOf([item], ""));
	const names = new Set(values.flatMap((value) => [...symbolsOf(value)]));
	const [parameter] = names;
	return names.size === 1 && /^[klmn]$/.test(parameter) ? { values, parameter, domain } : undefined;
}

function membership({ operands, signs }: Relation): Omit<Family, "values"> | undefined {
	const [name, domain] = operands;
	if (signs.join() !== "in" || name.kind !== "symbol") return undefined;
	if (domain.kind === "named-set" && /^[ZN]/.test(domain.name))
		return { parameter: name.name, domain: domain.name };
	return domain.kind === "symbol" && /^[ZN]$/.test(domain.name)
		? { parameter: name.name, domain: domain.name }
		: undefined;
}

/** `x = k\pi` -> `k\pi`, and both values of a plus-minus sign. */
function valuesOf(items: readonly Node[], parameter: string): readonly Node[] {
	return items.flatMap((item) => {
		const defined = item.kind === "relation" ? definedValue(item) : null;
		const isParameter =
			item.kind === "relation" && item.operands[0].kind === "symbol" && item.operands[0].name === parameter;
		return expandSigns(defined === null || isParameter ? item : defined);
	});
}

/** Whether two families have the same values, one for one. */
export function sameFamily(
	gold: Family,
	answer: Family,
	same: (a: Node, b: Node) => boolean,
	context: Context,
): boolean {
	if (gold.domain !== answer.domain || gold.values.length !== answer.values.length) return false;
	const left = answer.values.map((value) =>
		substitute(value, answer.parameter, { kind: "symbol", name: gold.parameter }),
	);
	return gold.values.every((value) => {
		const at = left.findIndex(
			(other) =>
				same(value, other) || (gold.domain === "Z" && sameProgression(value, other, gold.parameter, context)),
		);
		if (at !== -1) left.splice(at, 1);
		return at !== -1;
	});
}

/** `a + b k` over all whole k is the same set as `a + b m \pm b k`. */
function sameProgression(a: Node, b: Node, parameter: string, context: Context): boolean {
	if ([a, b].some((node) => [...symbolsOf(node)].join() !== parameter)) return false;
	const [first, second] = [a, b].map((node) => {
		const at = (k: bigint) => substitute(node, parameter, whole(k));
		const [start, step] = [at(0n), difference(at(1n), at(0n))];
		const straight = [2n, 7n].every((k) =>
			sameValue(
				at(k),
				{ kind: "sum", terms: [start, { kind: "product", factors: [whole(k), step] }] },
				context,
			),
		);
		return { start, step, straight };
	});
	if (!first.straight || !second.straight || sameValue(first.step, whole(0n), context)) return false;
	const sameStep =
		sameValue(first.step, second.step, context) ||
		sameValue(first.step, { kind: "negative", of: second.step }, context);
	if (!sameStep) return false;
	const steps: Node = { kind: "quotient", over: difference(first.start, second.start), under: first.step };
	const nearest: Node = {
		kind: "sum",
		terms: [steps, { kind: "quotient", over: whole(1n), under: whole(2n) }],
	};
	return sameValue(steps, { kind: "call", name: "floor", args: [nearest] }, context);
}

const whole = (n: bigint): Node => ({ kind: "number", value: { n, d: 1n }, literal: String(n) });

function difference(a: Node, b: Node): Node {
	return { kind: "sum", terms: [a, { kind: "negative", of: b }] };
}

/** With another node in the place of every symbol of that name. */
export function substitute(node: Node, name: string, by: Node): Node {
	if (node.kind === "symbol" && node.name === name) return by;
	const parts = partsOf(node);
	return parts.length === 0
		? node
		: withParts(
				node,
				parts.map((part) => substitute(part, name, by)),
			);
}
