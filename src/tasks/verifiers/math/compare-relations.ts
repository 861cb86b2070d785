import { type Node, type Relation, some, symbolsOf } from "./ast.ts";
import * as complex from "./big-complex.ts";
import { TooLarge } from "./big-float.ts";
import { fieldSize, isRational, modularValue } from "./evaluate-modular.ts";
import { NoValue } from "./evaluate-numeric.ts";
import { type Context, samplePoints, valueAt } from "./same-value.ts";

/** What stands on the left of a definition: `x`, `f(x)`, `AB`, `|AB|`, `\text{Area}`, `(x, y)`. */
export function isName(node: Node): boolean {
	switch (node.kind) {
		case "symbol":
		case "text":
			return true;
		case "constant":
			return node.name === "e" || node.name === "i";
		case "product":
			return node.factors.every((factor) => isName(factor) && factor.kind !== "sequence");
		case "call":
			return (
				/^(?:[fghFG]'*(?:\^-1)?|.+_|overline|bar|angle|triangle|abs|norm|det|max|min|arg|dim|deg)$/.test(
					node.name,
				) &&
				(/^[fghFG]|_$/.test(node.name) || node.args.every(isName))
			);
		case "sequence":
			return node.open === "(" && node.items.every(isName);
		case "quotient":
			// `\frac{dy}{dx}`
			return [node.over, node.under].every(
				(part) =>
					part.kind === "product" &&
					part.factors[0].kind === "symbol" &&
					part.factors[0].name === "d" &&
					isName(part),
			);
		case "power":
			// `A^{-1}`, `A^T`
			return (
				node.base.kind === "symbol" &&
				/^[A-Z]$/.test(node.base.name) &&
				(node.exponent.kind === "symbol" || node.exponent.kind === "negative")
			);
		case "degrees":
		case "quantity":
			return isName(node.of);
		default:
			return false;
	}
}

/** The value that `x = a = b` gives to its name; null for a relation that defines nothing. */
export function definedValue(relation: Relation): Node | null {
	if (!relation.signs.every((sign) => sign === "=" || sign === "~")) return null;
	const { operands } = relation;
	if (isName(operands[0])) return operands[operands.length - 1];
	return relation.signs.length === 1 && isName(operands[1]) ? operands[0] : null;
}

/** `2x`, `x^2`, `|x|`: an equation with that on its left has not been solved yet. */
function isToSolve(left: Node): boolean {
	switch (left.kind) {
		case "product":
			return (
				left.factors.every(({ kind }) => kind === "number" || kind === "symbol") &&
				left.factors.some(({ kind }) => kind === "number")
			);
		case "quotient":
			return left.over.kind === "symbol" && left.under.kind === "number";
		case "power":
			return left.base.kind === "symbol" && /^[a-z]$/.test(left.base.name) && left.exponent.kind === "number";
		case "call":
			return left.name === "abs" && left.args[0].kind === "symbol" && /^[x-z]$/.test(left.args[0].name);
		default:
			return false;
	}
}

/** What an answer `a = b \approx c` may have meant as its result, the likeliest first. */
export function claimedValues({ operands, signs }: Relation): readonly Node[] {
	if (!signs.every((sign) => sign === "=" || sign === "~")) return [];
	const last = operands[operands.length - 1];
	// `2x - y - 18 = 0` is the equation of a line, not the number 0.
	if (
		last.kind === "number" &&
		last.value.n === 0n &&
		!isName(operands[0]) &&
		symbolsOf(operands[0]).size > 0
	)
		return [];
	if (operands.length === 2 && isToSolve(operands[0])) return [];
	const values = isName(last) && !isName(operands[0]) && operands.length === 2 ? [operands[0], last] : [last];
	const rounded = signs.indexOf("~");
	if (rounded > 0 || (rounded === 0 && !isName(operands[0]))) values.push(operands[rounded]);
	return values;
}

/** `x = a = b` -> `x = b`; `(x, y) = (1, 2)` -> two relations; others as they are. */
export function simplifyRelation(relation: Relation): readonly Relation[] {
	const value = definedValue(relation);
	if (value === null) return [relation];
	const name = isName(relation.operands[0]) ? relation.operands[0] : relation.operands[1];
	if (name.kind === "sequence" && value.kind === "sequence" && name.items.length === value.items.length)
		return name.items.map((item, i) => ({
			kind: "relation",
			operands: [item, value.items[i]],
			signs: ["="],
		}));
	return [{ kind: "relation", operands: [name, value], signs: ["="] }];
}

/** Whether two relations say the same up to a factor, the side and the order that they are written in. */
export function sameRelation(
	a: Relation,
	b: Relation,
	same: (a: Node, b: Node) => boolean,
	context: Context,
): boolean {
	if (a.signs.length !== b.signs.length) return false;
	if (a.signs.length > 1) return sameChain(a, b, same) || sameChain(a, mirror(b), same);
	const [sign, other] = [a.signs[0], b.signs[0]];
	if (sign === "in" || other === "in")
		return sign === other && same(a.operands[0], b.operands[0]) && same(a.operands[1], b.operands[1]);
	const right =
		plain(sign) === plain(other) ? b : plain(mirror(b).signs[0]) === plain(sign) ? mirror(b) : undefined;
	if (right === undefined) return false;
	if (same(a.operands[0], right.operands[0]) && same(a.operands[1], right.operands[1])) return true;
	const symmetric = sign === "=" || sign === "~" || sign === "!=";
	if (symmetric && same(a.operands[0], right.operands[1]) && same(a.operands[1], right.operands[0]))
		return true;
	const factor = constantRatio(difference(a), difference(right), context);
	return factor !== undefined && (symmetric || factor > 0);
}

const plain = (sign: string) => (sign === "~" ? "=" : sign);

function sameChain(a: Relation, b: Relation, same: (a: Node, b: Node) => boolean): boolean {
	return (
		a.signs.every((sign, i) => sign === b.signs[i]) &&
		a.operands.every((operand, i) => same(operand, b.operands[i]))
	);
}

const mirrored = {
	"<": ">",
	">": "<",
	"<=": ">=",
	">=": "<=",
	"=": "=",
	"!=": "!=",
	in: "in",
	"~": "~",
} as const;

function mirror({ operands, signs }: Relation): Relation {
	return {
		kind: "relation",
		operands: [...operands].reverse(),
		signs: [...signs].reverse().map((sign) => mirrored[sign]),
	};
}

function difference({ operands: [left, right] }: Relation): Node {
	return { kind: "sum", terms: [left, { kind: "negative", of: right }] };
}

/**
 * The sign of c where a = c b everywhere with a constant c other than 0; of rational expressions after their
 * denominators are cleared. Where a denominator has variables the sign means nothing, and is 0.
 */
function constantRatio(a: Node, b: Node, context: Context): number | undefined {
	const names = [...symbolsOf(a)].sort();
	if (names.length === 0 || names.join() !== [...symbolsOf(b)].sort().join()) return undefined;
	if (some(a, isNoValue) || some(b, isNoValue)) return undefined;
	try {
		if (!isRational(a, context.budget) || !isRational(b, context.budget))
			return numericRatio(a, b, names, context);
		const [f, g] = [asFraction(a), asFraction(b)];
		if (!proportional(f.over, g.over, context)) return undefined;
		return symbolsOf(g.under, symbolsOf(f.under)).size > 0 ? 0 : numericRatio(a, b, names, context);
	} catch (error) {
		if (error instanceof TooLarge || error instanceof NoValue) return undefined;
		throw error;
	}
}

const enoughRatios = 3;

function numericRatio(a: Node, b: Node, names: readonly string[], context: Context): number | undefined {
	let first: complex.Complex | undefined;
	let agreed = 0;
	for (const point of samplePoints(names, [a, b], context.seed)) {
		const [f, g] = [a, b].map((node) => valueAt(node, point, context));
		if (f === undefined || g === undefined || complex.isZero(f) || complex.isZero(g)) continue;
		const ratio = complex.divide(f, g);
		if (!complex.isReal(ratio)) continue;
		first ??= ratio;
		if (!complex.agree(ratio, first)) return undefined;
		if (++agreed === enoughRatios) return first.re.m > 0n ? 1 : -1;
	}
	return undefined;
}

function isNoValue({ kind }: Node): boolean {
	return (
		kind === "relation" ||
		kind === "text" ||
		kind === "sequence" ||
		kind === "sets" ||
		kind === "named-set" ||
		kind === "matrix"
	);
}

/** Whether two rational expressions are constant multiples of each other, neither of them 0. */
function proportional(a: Node, b: Node, { seed, budget }: Context): boolean {
	const at = (node: Node, point: number) => modularValue(node, seed + point, budget);
	const [a1, b1] = [at(a, 0), at(b, 0)];
	if (a1 === undefined || b1 === undefined || a1 === 0n || b1 === 0n) return false;
	return [1, 2, 3].every((point) => {
		const [a2, b2] = [at(a, point), at(b, point)];
		return a2 !== undefined && b2 !== undefined && (a1 * b2 - a2 * b1) % fieldSize === 0n;
	});
}

/** A rational expression over one denominator. */
function asFraction(node: Node): { over: Node; under: Node } {
	const oneNode: Node = { kind: "number", value: { n: 1n, d: 1n }, literal: "1" };
	const product = (...factors: Node[]): Node => ({ kind: "product", factors });
	switch (node.kind) {
		case "negative": {
			const { over, under } = asFraction(node.of);
			return { over: { kind: "negative", of: over }, under };
		}
		case "sum":
			return node.terms.map(asFraction).reduce((left, right) =>
				left.under === right.under || sameUnder(left.under, right.under)
					? { over: { kind: "sum", terms: [left.over, right.over] }, under: left.under }
					: left.under === oneNode
						? {
								over: { kind: "sum", terms: [product(left.over, right.under), right.over] },
								under: right.under,
							}
						: {
								over: {
									kind: "sum",
									terms: [product(left.over, right.under), product(right.over, left.under)],
								},
								under: product(left.under, right.under),
							},
			);
		case "product":
			return node.factors.map(asFraction).reduce((left, right) => ({
				over: product(left.over, right.over),
				under: product(left.under, right.under),
			}));
		case "quotient": {
			const [over, under] = [asFraction(node.over), asFraction(node.under)];
			return { over: product(over.over, under.under), under: product(over.under, under.over) };
		}
		default:
			return { over: node, under: oneNode };
	}
}

function sameUnder(a: Node, b: Node): boolean {
	return a.kind === "number" && b.kind === "number" && a.value.n === b.value.n && a.value.d === b.value.d;
}
