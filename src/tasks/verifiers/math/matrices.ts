import { type Node, partsOf, some, withParts } from "./ast.ts";

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
		case "power": {
			// `(1, 2)^T` is a column.
			const { base, exponent } = node;
			if (exponent.kind !== "symbol" || !/^(?:T|top)$/.test(exponent.name)) return undefined;
			if (base.kind === "sequence" && /^[([]$/.test(base.open))
				return { kind: "matrix", rows: base.items.map((item) => [item]), fence: "p" };
			const of = toMatrix(base);
			return of && isRectangle(of.rows)
				? { ...of, rows: of.rows[0].map((_, j) => of.rows.map((row) => row[j])) }
				: undefined;
		}
		default:
			return undefined;
	}
}

const isRectangle = (rows: Matrix["rows"]) =>
	rows.length > 0 && rows.every(({ length }) => length === rows[0].length);

/** `[[1, 2], [3, 4]]`, as programs write a matrix. */
export function fromNestedLists(node: Node): Matrix | undefined {
	if (node.kind !== "sequence" || node.open !== "[" || node.items.length < 2) return undefined;
	const rows = node.items.map((item) => (item.kind === "sequence" && item.open === "[" ? item.items : []));
	return isRectangle(rows) && rows[0].length > 0 ? { kind: "matrix", rows, fence: "p" } : undefined;
}

/** Larger determinants are compared entry by entry. */
const mostRows = 4;

/** Every determinant of a matrix of few rows multiplied out; one within another is left, as terms would multiply. */
export function withoutDeterminants(node: Node): Node {
	if (isDeterminant(node) && node.args.some((arg) => some(arg, isDeterminant))) return node;
	const parts = partsOf(node).map(withoutDeterminants);
	const whole = parts.length === 0 ? node : withParts(node, parts);
	if (!isDeterminant(whole)) return whole;
	const matrix = toMatrix(whole.args[0]);
	if (matrix === undefined || matrix.rows.length > mostRows || !isRectangle(matrix.rows)) return whole;
	return matrix.rows.length === matrix.rows[0].length ? determinant(matrix.rows) : whole;
}

function isDeterminant(node: Node): node is Node & { kind: "call" } {
	return node.kind === "call" && node.name === "det";
}

function determinant(rows: Matrix["rows"]): Node {
	const [first, ...others] = rows;
	if (others.length === 0) return first[0];
	const terms = first.map((entry, j): Node => {
		const minor = determinant(others.map((row) => row.filter((_, at) => at !== j)));
		const product: Node = { kind: "product", factors: [entry, minor] };
		return j % 2 === 0 ? product : { kind: "negative", of: product };
	});
	return { kind: "sum", terms };
}

export function shapeOf({ rows }: Matrix): string {
	return rows.map(({ length }) => length).join();
}

function eachEntry(matrix: Matrix, change: (entry: Node) => Node): Matrix {
	return { ...matrix, rows: matrix.rows.map((row) => row.map(change)) };
}
