import type { Node } from "./ast.ts";

type Matrix = Node & { kind: "matrix" };

/** A matrix with the scalars before it, and the matrices added to it, in its entries; undefined for anything else. */
export function toMatrix(node: Node): Matrix | undefined {
	switch (node.kind) {
		case "matrix":
			return node;
		case "negative": {
			const of = toMatrix(node.of);
			return of && eachEntry(of, (entry) => ({ kind: "negative", of: entry }));
		}
		case "product": {
			const matrices = node.factors.map(toMatrix);
			const at = matrices.findIndex((matrix) => matrix !== undefined);
			if (at === -1 || matrices.some((matrix, i) => matrix !== undefined && i !== at)) return undefined;
			const scalars = node.factors.filter((_, i) => i !== at);
			return eachEntry(matrices[at]!, (entry) => ({ kind: "product", factors: [...scalars, entry] }));
		}
		case "quotient": {
			const over = toMatrix(node.over);
			return over && eachEntry(over, (entry) => ({ kind: "quotient", over: entry, under: node.under }));
		}
		case "sum": {
			const terms = node.terms.map(toMatrix);
			const first = terms[0];
			if (first === undefined || terms.some((term) => term === undefined || shapeOf(term) !== shapeOf(first)))
				return undefined;
			return {
				...first,
				rows: first.rows.map((row, i) =>
					row.map((_, j) => ({ kind: "sum", terms: terms.map((term) => term!.rows[i][j]) })),
				),
			};
		}
		default:
			return undefined;
	}
}

export function shapeOf({ rows }: Matrix): string {
	return rows.map(({ length }) => length).join();
}

function eachEntry(matrix: Matrix, change: (entry: Node) => Node): Matrix {
	return { ...matrix, rows: matrix.rows.map((row) => row.map(change)) };
}
