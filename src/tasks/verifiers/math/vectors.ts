import { type Node, some } from "./ast.ts";
import type { Context } from "./same-value.ts";

/** `\mathbf{i}`, as the lexer names it: one of the three vectors of length 1 along the axes. */
const unitVectors = ["bold-i", "bold-j", "bold-k"];

export const hasUnitVector = (node: Node): boolean =>
	some(node, (part) => part.kind === "symbol" && unitVectors.includes(part.name));

/**
 * `\mathbf{i} + 2\mathbf{j}` -> `\langle 1, 2 \rangle`, with as many entries as asked for.
 * @param plain whether `i + 2j` in plain letters is meant so too, as where the other answer has them bold
 */
export function fromUnitVectors(node: Node, size: number, plain: boolean): Node | undefined {
	const terms = node.kind === "sum" ? node.terms : [node];
	const entries: Node[][] = [[], [], []];
	for (const term of terms) {
		const found = axisOf(term, plain);
		if (found === undefined) return undefined;
		entries[found.axis].push(found.scalar);
	}
	const items = entries.map((of): Node => (of.length === 0 ? number(0n) : { kind: "sum", terms: of }));
	if (size < 3 && entries[2].length > 0) return undefined;
	return { kind: "sequence", open: "<", close: ">", items: items.slice(0, size) };
}

function axisOf(term: Node, plain: boolean): { axis: number; scalar: Node } | undefined {
	if (term.kind === "negative") {
		const of = axisOf(term.of, plain);
		return of && { ...of, scalar: { kind: "negative", of: of.scalar } };
	}
	const factors = term.kind === "product" ? term.factors : [term];
	const axes = factors.map((factor) => {
		if (factor.kind !== "symbol" && factor.kind !== "constant") return -1;
		const bold = unitVectors.indexOf(factor.name);
		return bold === -1 && plain ? ["i", "j", "k"].indexOf(factor.name) : bold;
	});
	const at = axes.findIndex((axis) => axis !== -1);
	if (at === -1 || axes.some((axis, i) => axis !== -1 && i !== at)) return undefined;
	const scalars = factors.filter((_, i) => i !== at);
	return {
		axis: axes[at],
		scalar: scalars.length === 0 ? number(1n) : { kind: "product", factors: scalars },
	};
}

const number = (n: bigint): Node => ({ kind: "number", value: { n, d: 1n }, literal: String(n) });

/** Both answers without unit vectors, where one of them has such and both can be written so. */
export function withoutUnitVectors(
	gold: Node,
	answer: Node,
	{ budget }: Context,
): readonly [Node, Node] | undefined {
	budget.spend(10);
	if (!hasUnitVector(gold) && !hasUnitVector(answer)) return undefined;
	const sizes = [gold, answer].map(sizeOf);
	const size = Math.max(...sizes, 2);
	const [a, b] = [gold, answer].map((node, i) =>
		sizes[i] > 0 && !hasUnitVector(node) ? node : fromUnitVectors(node, size, true),
	);
	return a === undefined || b === undefined ? undefined : [a, b];
}

/** Of a vector that is written with its entries; 3 where the third unit vector is in it. */
function sizeOf(node: Node): number {
	if (node.kind === "sequence") return node.items.length;
	if (node.kind === "matrix") return Math.max(node.rows.length, node.rows[0]?.length ?? 0);
	return some(node, (part) => part.kind === "symbol" && part.name === "bold-k") ? 3 : 0;
}
