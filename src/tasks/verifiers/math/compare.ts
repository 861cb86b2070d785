import { type Node, partsOf, type Relation, some } from "./ast.ts";
import { claimedValues, definedValue, sameRelation, simplifyRelation } from "./compare-relations.ts";
import { exactValue, valueInBase } from "./evaluate-exact.ts";
import { expandSigns } from "./expand-signs.ts";
import { familyOf, sameFamily, unsaidFamily } from "./families.ts";
import { isTrigonometric } from "./functions.ts";
import { bare } from "./latex-operands.ts";
import { fromNestedLists, shapeOf, toMatrix, withoutDeterminants } from "./matrices.ts";
import {
	asPoints,
	eachName,
	inOrderOfNames,
	withoutIndices,
	withSameArgument,
	withSameConstant,
} from "./namings.ts";
import { keyOf } from "./node-key.ts";
import { toQuantity } from "./quantities.ts";
import { isSetLike, sameRealSet } from "./real-sets.ts";
import { type Context, sameValue } from "./same-value.ts";
import { sameText } from "./text-answer.ts";
import { unitOf } from "./units.ts";
import { withoutUnitVectors } from "./vectors.ts";

/** Items of unordered lists up to here are matched with each other. */
const mostItems = 200;

/** Whether an answer says what the gold answer says. Not symmetric: the gold answer decides what must be said. */
export function sameAnswer(gold: Node, answer: Node, context: Context): boolean {
	context.budget.spend(1);
	const same = (a: Node, b: Node) => sameAnswer(a, b, context);
	if (keyOf(gold) === keyOf(answer)) return true;
	const [family, other] = [familyOf(gold), familyOf(answer)];
	if (family !== undefined || other !== undefined) {
		const [a, b] = [
			family ?? unsaidFamily(gold, other!.domain),
			other ?? unsaidFamily(answer, family!.domain),
		];
		return a !== undefined && b !== undefined && sameFamily(a, b, same, context);
	}
	const vectors = withoutUnitVectors(gold, answer, context);
	if (vectors !== undefined) return same(...vectors);
	if (hasDeterminant(gold) || hasDeterminant(answer)) {
		const [a, b] = [withoutDeterminants(gold), withoutDeterminants(answer)];
		if (!hasDeterminant(a) && !hasDeterminant(b)) return same(a, b);
	}
	if (hasSign(gold) || hasSign(answer)) return same(withoutSigns(gold), withoutSigns(answer));
	if (gold.kind === "text" || answer.kind === "text") return sameWords(gold, answer, context);
	if (gold.kind === "relation" || answer.kind === "relation") return sameAsRelation(gold, answer, context);
	const [nestedGold, nestedAnswer] = [fromNestedLists(gold), fromNestedLists(answer)];
	if (nestedGold !== undefined && answer.kind === "matrix") return same(nestedGold, answer);
	if (nestedAnswer !== undefined && gold.kind === "matrix") return same(gold, nestedAnswer);
	const [goldPoint, answerPoint] = [pointOf(gold), pointOf(answer)];
	if (goldPoint !== gold && answer.kind === "sequence") return same(goldPoint, answer);
	if (answerPoint !== answer && gold.kind === "sequence") return same(gold, answerPoint);
	if (isSetLike(gold) || isSetLike(answer)) return sameSets(gold, answer, context);
	if (gold.kind === "sequence" || answer.kind === "sequence") return sameSequences(gold, answer, context);
	const [goldMatrix, answerMatrix] = [toMatrix(gold), toMatrix(answer)];
	if (goldMatrix !== undefined || answerMatrix !== undefined) {
		if (
			goldMatrix === undefined ||
			answerMatrix === undefined ||
			shapeOf(goldMatrix) !== shapeOf(answerMatrix)
		)
			return false;
		const entries = answerMatrix.rows.flat();
		return goldMatrix.rows.flat().every((entry, i) => same(entry, entries[i]));
	}
	if (gold.kind === "ratio" || answer.kind === "ratio") return sameRatio(gold, answer, context);
	if (gold.kind === "based" || answer.kind === "based") return sameInBase(gold, answer, context);
	if (!unitsAgree(gold, answer)) {
		const [a, b] = [toQuantity(gold), toQuantity(answer)];
		return a !== undefined && a.dimension === b?.dimension && sameValue(a.value, b.value, context);
	}
	if (isCongruence(gold) || isCongruence(answer)) return sameModulo(gold, answer, context);
	if (gold.kind === "percent" || answer.kind === "percent") return samePercent(gold, answer, context);
	if (isCapitals(gold) && isCapitals(answer)) return false;
	if (sameValue(gold, withSameConstant(gold, answer), context)) return true;
	const combinations = [binomialOf(gold) ?? gold, binomialOf(answer) ?? answer] as const;
	if (combinations[0] !== gold || combinations[1] !== answer) return sameValue(...combinations, context);
	return sameStructure(gold, answer, context);
}

/** `C(5, 2)`, where it is no point. */
function binomialOf(node: Node): Node | undefined {
	if (node.kind !== "product" || node.factors.length !== 2) return undefined;
	const [name, args] = node.factors;
	return name.kind === "symbol" && name.name === "C" && args.kind === "sequence" && args.items.length === 2
		? { kind: "call", name: "binom", args: args.items }
		: undefined;
}

/** `P(1, 2)` -> `(1, 2)`; anything else as it is. */
function pointOf(node: Node): Node {
	if (node.kind !== "product" || node.factors.length !== 2) return node;
	const [name, point] = node.factors;
	return name.kind === "symbol" &&
		/^[A-Z]'*$/.test(name.name) &&
		point.kind === "sequence" &&
		point.open === "("
		? point
		: node;
}

/** `BD` is a segment, a word or a product of matrices: its letters have an order. */
function isCapitals(node: Node): boolean {
	return (
		node.kind === "product" &&
		node.factors.every((factor) => factor.kind === "symbol" && /^[A-Z]$/.test(factor.name))
	);
}

const hasDeterminant = (node: Node) =>
	some(node, (part) => part.kind === "call" && part.name === "det" && part.args[0].kind !== "symbol");
const hasSign = (node: Node) => some(node, ({ kind }) => kind === "either-sign");

/** Every expression with a plus-minus sign becomes the list of its values. */
function withoutSigns(node: Node): Node {
	if (node.kind !== "sequence" || (node.open !== "" && node.open !== "{")) {
		const values = expandSigns(node);
		return values.length === 1 ? values[0] : bare(values);
	}
	return { ...node, items: node.items.flatMap(expandSigns) };
}

function sameWords(gold: Node, answer: Node, context: Context): boolean {
	// "A, C" in one text, or as a list of letters.
	const [left, right] = [lettersOf(gold), lettersOf(answer)];
	if (left !== undefined && right !== undefined) return [...left].sort().join() === [...right].sort().join();
	const [a, b] = [plainText(gold), plainText(answer)];
	if (a !== undefined && b !== undefined && sameText(a, b)) return true;
	if (gold.kind !== answer.kind && sameRealSet(gold, answer, context) === true) return true;
	return false;
}

/** Of a list of single letters; undefined for anything else. */
function lettersOf(node: Node): readonly string[] | undefined {
	if (node.kind === "text") {
		const letters = node.text.split(/\s*(?:,|\band\b|\s)\s*/).filter((part) => part !== "");
		return letters.length > 1 && letters.every((letter) => /^\(?(?:[A-Z]|[IVX]+)\)?$/.test(letter))
			? letters.map((letter) => letter.replace(/[()]/g, ""))
			: undefined;
	}
	if (node.kind !== "sequence" || (node.open !== "" && node.open !== "{" && node.open !== "("))
		return undefined;
	const letters = node.items.map((item) => plainText(item)?.replace(/[()]/g, "") ?? "");
	return letters.every((letter) => /^(?:[A-Z]|[IVX]+)$/.test(letter)) ? letters : undefined;
}

/** What a node would say as a word: `E`, `CBAD`, `\text{even}`. */
function plainText(node: Node): string | undefined {
	switch (node.kind) {
		case "text":
			return node.text;
		case "symbol":
		case "constant":
			return node.name;
		case "number":
			return node.literal;
		case "product": {
			const words = node.factors.map(plainText);
			return words.includes(undefined)
				? undefined
				: words.join(node.factors.some(({ kind }) => kind === "text") ? " " : "");
		}
		case "quantity": {
			const of = plainText(node.of);
			return of === undefined ? undefined : `${of} ${node.unit}`;
		}
		case "ratio": {
			const parts = node.parts.map(plainText);
			return parts.includes(undefined) ? undefined : parts.join(":");
		}
		case "sequence": {
			const items = node.items.map(plainText);
			return items.includes(undefined) || node.open !== "" ? undefined : items.join(", ");
		}
		default:
			return undefined;
	}
}

function sameAsRelation(gold: Node, answer: Node, context: Context): boolean {
	const same = (a: Node, b: Node) => sameAnswer(a, b, context);
	if (gold.kind === "relation" && answer.kind === "relation") {
		const [left, right] = [simplifyRelation(gold), simplifyRelation(withSameArgument(gold, answer))];
		if (left.length > 1 || right.length > 1)
			return left.length === right.length && left.every((relation, i) => same(relation, right[i]));
		if (sameRelation(left[0], right[0], same, context)) return true;
		return (isSetLike(gold) || isSetLike(answer)) && sameRealSet(gold, answer, context) === true;
	}
	if (gold.kind === "relation") {
		if (gold.signs.length === 1 && gold.signs[0] === "in") return same(gold.operands[1], answer);
		const value = definedValue(gold);
		if (value !== null && same(value, answer)) return true;
		const each = eachName(gold);
		if (each !== undefined && answer.kind === "sequence") return same(each, answer);
		if (answer.kind === "sequence" && answer.open === "" && simplifyRelation(gold).length > 1)
			return sameInOrder(simplifyRelation(gold), answer.items, context);
		return isSetLike(gold) && sameRealSet(gold, answer, context) === true;
	}
	const relation = answer as Relation;
	if (relation.signs.length === 1 && relation.signs[0] === "in") return same(gold, relation.operands[1]);
	if (claimedValues(relation).some((value) => same(gold, value))) return true;
	const each = eachName(relation);
	if (each !== undefined && gold.kind === "sequence") return same(gold, each);
	return isSetLike(relation) && sameRealSet(gold, relation, context) === true;
}

function sameSets(gold: Node, answer: Node, context: Context): boolean {
	if (gold.kind === "sequence" && answer.kind === "sequence" && gold.open !== "" && answer.open !== "") {
		if (gold.open === answer.open && gold.close === answer.close)
			return sameInOrder(gold.items, answer.items, context);
		if (gold.open !== "{" && answer.open !== "{") return false;
	}
	const same = sameRealSet(gold, answer, context);
	if (same !== undefined) return same;
	// Bounds with variables: the same parts.
	if (gold.kind === "sets" && answer.kind === "sets" && gold.operator === answer.operator)
		return gold.operator === "difference"
			? sameInOrder(gold.parts, answer.parts, context)
			: sameInAnyOrder(gold.parts, answer.parts, context);
	return sameStructure(gold, answer, context);
}

function sameSequences(gold: Node, answer: Node, context: Context): boolean {
	let [a, b] = [gold, answer].map(shapeOfSequence);
	// "3/5 or 0.6": one answer, said twice.
	if (a.shape === "one" && answer.kind === "sequence" && answer.joiner === "or" && answer.items.length < 4)
		return (
			answer.items.every((item) => sameAnswer(gold, item, context)) || sameConditions(gold, answer, context)
		);
	[a, b] = [
		{ ...a, items: withoutIndices(a.items, b.items) },
		{ ...b, items: withoutIndices(b.items, a.items) },
	];
	// `\{(1, 2)\}`: one point.
	if (a.shape === "set" && a.items.length === 1 && a.items[0].kind === "sequence" && b.shape === "tuple")
		return sameAnswer(a.items[0], answer, context);
	if (b.shape === "set" && b.items.length === 1 && b.items[0].kind === "sequence" && a.shape === "tuple")
		return sameAnswer(gold, b.items[0], context);
	if (a.shape === "set" || b.shape === "set") {
		if (a.shape === "tuple" || b.shape === "tuple") return false;
		return sameInAnyOrder(distinct(a.items, context), distinct(b.items, context), context);
	}
	const points = [a, b].map(({ items }) => asPoints(items));
	if (points[0] !== a.items || points[1] !== b.items) {
		const [left, right] = points.map((items, i) =>
			items.length === 1 || items === [a, b][i].items ? [gold, answer][i] : bare(items),
		);
		return sameAnswer(left, right, context);
	}
	if (a.shape === "list" && b.shape === "list") {
		if (namesDiffer(a.items) !== namesDiffer(b.items)) return sameInOrder(a.items, b.items, context);
		return sameInAnyOrder(a.items, b.items, context) || sameConditions(gold, answer, context);
	}
	if (
		a.shape === "tuple" &&
		b.shape === "tuple" &&
		bracketOf(gold) !== bracketOf(answer) &&
		!isAngled(gold) &&
		!isAngled(answer)
	)
		return false;
	if (a.shape !== "one" && b.shape !== "one")
		return (
			sameInOrder(inOrderOfNames(a.items), inOrderOfNames(b.items), context) ||
			sameConditions(gold, answer, context)
		);
	// `\langle 1, 2 \rangle` is a vector as much as a column of a matrix is.
	if (isAngled(gold)) return sameInOrder(a.items, vectorEntries(answer) ?? [], context);
	if (isAngled(answer)) return sameInOrder(vectorEntries(gold) ?? [], b.items, context);
	return sameConditions(gold, answer, context);
}

/** A list has no brackets, and no order that counts; a tuple has both. */
function shapeOfSequence(node: Node): { shape: "set" | "list" | "tuple" | "one"; items: readonly Node[] } {
	if (node.kind !== "sequence") return { shape: "one", items: [node] };
	return { shape: node.open === "{" ? "set" : node.open === "" ? "list" : "tuple", items: node.items };
}

const bracketOf = (node: Node) => (node.kind === "sequence" ? node.open + node.close : "");
const isAngled = (node: Node) => node.kind === "sequence" && node.open === "<";

function vectorEntries(node: Node): readonly Node[] | undefined {
	const matrix = toMatrix(node);
	if (matrix === undefined) return undefined;
	return matrix.rows.length === 1 || matrix.rows.every(({ length }) => length === 1)
		? matrix.rows.flat()
		: undefined;
}

/** Lists of conditions on a number: `x < 1 or x > 3`, `(1,2), (3,4)` against a union. */
function sameConditions(gold: Node, answer: Node, context: Context): boolean {
	const conditions = (node: Node) =>
		node.kind === "sequence" && node.open === "" && node.items.some(isSetLike);
	return (conditions(gold) || conditions(answer)) && sameRealSet(gold, answer, context) === true;
}

/** Whether a list gives values to several names: then values without names answer it in its order only. */
function namesDiffer(items: readonly Node[]): boolean {
	const names = items.map((item) => (item.kind === "relation" ? keyOf(item.operands[0]) : ""));
	return names.every((name) => name !== "") && new Set(names).size > 1;
}

function sameInOrder(gold: readonly Node[], answer: readonly Node[], context: Context): boolean {
	return gold.length === answer.length && gold.every((item, i) => sameAnswer(item, answer[i], context));
}

/** Being the same is an equivalence, so that the first match is as good as any. */
function sameInAnyOrder(gold: readonly Node[], answer: readonly Node[], context: Context): boolean {
	if (gold.length !== answer.length) return false;
	if (gold.length > mostItems) return sameInOrder(gold, answer, context);
	const left = [...answer];
	return gold.every((item, i) => {
		// Mostly they stand in the same place.
		const near = left.findIndex((other) => other === answer[i] && sameAnswer(item, other, context));
		const at = near !== -1 ? near : left.findIndex((other) => sameAnswer(item, other, context));
		if (at !== -1) left.splice(at, 1);
		return at !== -1;
	});
}

function distinct(items: readonly Node[], context: Context): readonly Node[] {
	if (items.length > mostItems) return items;
	const kept: Node[] = [];
	for (const item of items) if (!kept.some((other) => sameAnswer(other, item, context))) kept.push(item);
	return kept;
}

/** 6:4 is 3:2, and 3/2; times of the day are the same only if they read the same. */
function sameRatio(gold: Node, answer: Node, context: Context): boolean {
	if (gold.kind === "ratio" && answer.kind === "ratio") {
		if (gold.parts.length !== answer.parts.length) return false;
		if (isTime(gold.parts) || isTime(answer.parts)) return sameInOrder(gold.parts, answer.parts, context);
		const [a, b] = [gold.parts, answer.parts];
		return a.every((part, i) => i === 0 || sameAnswer(product(part, b[0]), product(a[0], b[i]), context));
	}
	const [ratio, other] = gold.kind === "ratio" ? [gold, answer] : [answer, gold];
	if (ratio.kind !== "ratio" || ratio.parts.length !== 2 || isTime(ratio.parts)) return false;
	return sameAnswer({ kind: "quotient", over: ratio.parts[0], under: ratio.parts[1] }, other, context);
}

const product = (a: Node, b: Node): Node => ({ kind: "product", factors: [a, b] });

function isTime(parts: readonly Node[]): boolean {
	const [hours, ...rest] = parts.map((part) => (part.kind === "quantity" ? part.of : part));
	return (
		hours.kind === "number" &&
		/^\d{1,2}$/.test(hours.literal) &&
		rest.every((part) => part.kind === "number" && /^[0-5]\d$/.test(part.literal)) &&
		(rest.some((part) => part.kind === "number" && part.literal.startsWith("0")) ||
			parts.some(({ kind }) => kind === "quantity"))
	);
}

/**
 * Numbers in a base: the same number in the same base; without a base the answer's digits are read in that of the gold.
 */
function sameInBase(gold: Node, answer: Node, context: Context): boolean {
	if (gold.kind === "based" && answer.kind === "number") {
		const digits = (text: string) => text.replace(/^0+(?=\d)/, "").replace(/\.0*$/, "");
		return digits(gold.digits) === digits(answer.literal);
	}
	if (gold.kind === "based" && answer.kind === "based") {
		const [a, b] = [gold, answer].map(({ digits, base }) => valueInBase(digits, base));
		return gold.base === answer.base && a.n === b.n && a.d === b.d;
	}
	return sameValue(gold, answer, context);
}

type Congruence = Node & { kind: "call" };

function isCongruence(node: Node): node is Congruence {
	return node.kind === "call" && node.name === "modulo";
}

/** `10 \pmod 7` and `3 \pmod 7`; without its modulus, the number alone. */
function sameModulo(gold: Node, answer: Node, context: Context): boolean {
	if (!isCongruence(gold) || !isCongruence(answer))
		return sameAnswer(
			isCongruence(gold) ? gold.args[0] : gold,
			isCongruence(answer) ? answer.args[0] : answer,
			context,
		);
	if (!sameAnswer(gold.args[1], answer.args[1], context)) return false;
	const remainder = (node: Congruence): Node => ({ kind: "call", name: "mod", args: node.args });
	return sameValue(remainder(gold), remainder(answer), context);
}

/** Of two answers with units of measure these must be the same; one alone may leave its unit out. */
function unitsAgree(gold: Node, answer: Node): boolean {
	const [a, b] = [unitsIn(gold), unitsIn(answer)];
	const [left, right] = [a, b].map((units) => [...units].sort().join());
	if (left === "" || right === "" || left === right) return true;
	// `6 \text{ square units}` of whatever length, but of an area.
	const powerOf = (unit: string) => /^[a-z]+(?:\^(\d))?$/.exec(unit)?.[1] ?? "1";
	if (/^unit\b/.test(left) || /^unit\b/.test(right)) return powerOf(left) === powerOf(right);
	// Degrees of an angle or of a temperature, which may leave out whose.
	const scale = /^(?:celsius|fahrenheit)$/;
	return (left === "degree" && scale.test(right)) || (right === "degree" && scale.test(left));
}

function unitsIn(node: Node, into = new Set<string>()): Set<string> {
	if (node.kind === "quantity") {
		const unit = unitOf(node.unit);
		if (unit !== null) into.add(unit);
	}
	if (node.kind === "degrees") into.add("degree");
	if (!(node.kind === "call" && isTrigonometric(node.name)))
		for (const part of partsOf(node)) unitsIn(part, into);
	return into;
}

/** 50% is 1/2, and 50 where the problem asks for a percentage: a literal number that is the same but for the sign. */
function samePercent(gold: Node, answer: Node, context: Context): boolean {
	if (gold.kind === "percent" && answer.kind === "percent") return sameAnswer(gold.of, answer.of, context);
	if (sameValue(gold, answer, context)) return true;
	if (gold.kind === "percent") return sameAnswer(gold.of, answer, context);
	return (
		answer.kind === "percent" &&
		answer.of.kind === "number" &&
		gold.kind === "number" &&
		sameValue(gold, answer.of, context)
	);
}

/** Of what has no value: the same shape with the same parts. */
function sameStructure(gold: Node, answer: Node, context: Context): boolean {
	if (gold.kind !== answer.kind || exactValue(gold, context.budget) !== undefined) return false;
	const [a, b] = [partsOf(gold), partsOf(answer)];
	if (a.length === 0 || a.length !== b.length || ownKey(gold) !== ownKey(answer)) return false;
	return hasNoValue(gold) && hasNoValue(answer) && a.every((part, i) => sameAnswer(part, b[i], context));
}

function hasNoValue(node: Node): boolean {
	return some(
		node,
		({ kind }) =>
			kind === "relation" ||
			kind === "sequence" ||
			kind === "sets" ||
			kind === "named-set" ||
			kind === "matrix" ||
			kind === "text" ||
			kind === "ellipsis",
	);
}

/** A node's key without those of its parts. */
function ownKey(node: Node): string {
	const { kind, name, operator, open, close, sign, signs } = node as Record<string, unknown> & Node;
	return [kind, name, operator, open, close, sign, Array.isArray(signs) ? signs.join() : ""].join(" ");
}
