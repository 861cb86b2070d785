import { type Node, type Relation, symbolsOf } from "./ast.ts";
import { isName } from "./compare-relations.ts";
import { substitute } from "./families.ts";

type Named = Relation & { readonly signs: readonly ["="] };

/** Values of names: `y = 2, x = 1`; undefined for any other list. */
function namedValues(items: readonly Node[]): readonly Named[] | undefined {
	return items.length > 1 &&
		items.every((item) => item.kind === "relation" && item.signs.join() === "=" && isName(item.operands[0]))
		? (items as readonly Named[])
		: undefined;
}

const nameOf = ({ operands: [name] }: Relation) => (name.kind === "symbol" ? name.name : "");

/** `x_1 = 1, x_2 = 2`, several values of one unknown: without the names, which the other answer does not number. */
export function withoutIndices(items: readonly Node[], other: readonly Node[]): readonly Node[] {
	return isNumbered(items) && !isNumbered(other) ? items.map(valueOf) : items;
}

function isNumbered(items: readonly Node[]): boolean {
	const names = namedValues(items)?.map((item) => /^([A-Za-z]+)_(\d+)$/.exec(nameOf(item)));
	const bases = new Set(names?.map((match) => match?.[1]));
	const indices = new Set(names?.map((match) => match?.[2]));
	return bases.size === 1 && !bases.has(undefined) && indices.size === items.length;
}

const valueOf = (item: Node) => (item.kind === "relation" ? item.operands[item.operands.length - 1] : item);

/** `y = 2, x = 1` -> `x = 1, y = 2`: the order in which a point has its coordinates. */
export function inOrderOfNames(items: readonly Node[]): readonly Node[] {
	const named = namedValues(items);
	return named?.every((item) => /^[a-z]$/.test(nameOf(item)))
		? [...named].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0))
		: items;
}

/** `x = 1, y = 2; x = 3, y = 4` -> (1, 2), (3, 4): names that come again begin the next solution. */
export function asPoints(items: readonly Node[]): readonly Node[] {
	const named = namedValues(items);
	if (named === undefined) return items;
	const names = named.map(nameOf);
	const size = names.indexOf(names[0], 1);
	if (size < 2 || names.length % size !== 0 || names.includes("")) return items;
	if (new Set(names.slice(0, size)).size !== size || names.some((name, i) => name !== names[i % size]))
		return items;
	return Array.from({ length: names.length / size }, (_, i) => {
		const values = inOrderOfNames(named.slice(i * size, (i + 1) * size)) as readonly Named[];
		return {
			kind: "sequence",
			open: "(",
			close: ")",
			items: values.map(valueOf),
		};
	});
}

/** `f(t) = 2t` with the argument's name of the other, and `y = 2x` as `f(x) = 2x`. */
export function withSameArgument(gold: Relation, answer: Relation): Relation {
	const [left, right] = [argumentOf(gold), argumentOf(answer)];
	if (left !== undefined && right !== undefined && left !== right) {
		// The other letter would no longer be a parameter of its own.
		if (symbolsOf(answer).has(left)) return answer;
		return substitute(answer, right, { kind: "symbol", name: left }) as Relation;
	}
	const isY = ({ operands: [name], signs }: Relation) =>
		signs.join() === "=" && name.kind === "symbol" && name.name === "y";
	if ((left !== undefined && isY(answer)) || (right !== undefined && isY(gold)))
		return { ...answer, operands: [gold.operands[0], ...answer.operands.slice(1)] };
	return answer;
}

/** The x of `f(x) = ...`, the n of `a_n = ...`. */
function argumentOf({ operands: [called], signs }: Relation): string | undefined {
	if (
		signs.join() !== "=" ||
		called.kind !== "call" ||
		!/^(?:[fghFG]'*(?:\^-1)?|[A-Za-z]_)$/.test(called.name)
	)
		return undefined;
	const [argument] = called.args;
	return argument.kind === "symbol" ? argument.name : undefined;
}

/** `F + c` -> `F + C` where the other has its constant of integration so. */
export function withSameConstant(gold: Node, answer: Node): Node {
	if (gold.kind !== "sum" || answer.kind !== "sum" || symbolsOf(answer).has("C")) return answer;
	const constants = (node: Node & { kind: "sum" }, name: RegExp) =>
		node.terms.flatMap((term) => (term.kind === "symbol" && name.test(term.name) ? [term] : []));
	const found = constants(answer, /^(?:c|K|k|C_[01]|c_[01])$/);
	if (constants(gold, /^C$/).length !== 1 || found.length !== 1) return answer;
	const [constant] = found;
	const rest: Node = { ...answer, terms: answer.terms.filter((term) => term !== constant) };
	return symbolsOf(rest).has(constant.name)
		? answer
		: {
				...answer,
				terms: answer.terms.map((term) => (term === constant ? { kind: "symbol", name: "C" } : term)),
			};
}

/** `x = y = 0` -> `x = 0, y = 0` */
export function eachName({ operands, signs }: Relation): Node | undefined {
	const names = operands.slice(0, -1);
	const value = operands[operands.length - 1];
	if (names.length < 2 || value.kind === "symbol" || signs.some((sign) => sign !== "=")) return undefined;
	if (!names.every(({ kind }) => kind === "symbol")) return undefined;
	return {
		kind: "sequence",
		open: "",
		close: "",
		items: names.map((name): Node => ({ kind: "relation", operands: [name, value], signs: ["="] })),
	};
}
