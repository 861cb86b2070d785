import { type Node, partsOf, type Relation, type RelationSign, symbolsOf, withParts } from "./ast.ts";
import * as real from "./big-float.ts";
import { exactValue } from "./evaluate-exact.ts";
import { add, inverse, multiply, negate, type Rational } from "./rational.ts";
import { type Context, realValue, sameValue } from "./same-value.ts";

/** A bound of an interval; "-" and "+" stand for the infinities. */
type End = Node | "-" | "+";

/** A set of real numbers, as a tree of set operations over intervals. */
type RealSet =
	| {
			readonly kind: "interval";
			readonly low: End;
			readonly high: End;
			readonly lowIn: boolean;
			readonly highIn: boolean;
	  }
	| {
			readonly kind: "join";
			readonly operator: "union" | "intersection" | "difference";
			readonly parts: readonly RealSet[];
	  };

const none: RealSet = { kind: "join", operator: "union", parts: [] };
const all: RealSet = { kind: "interval", low: "-", high: "+", lowIn: false, highIn: false };

/** Whether a node can be nothing but a set of numbers, or a condition on one. */
export function isSetLike(node: Node): boolean {
	if (node.kind === "sequence")
		return (
			node.items.length === 2 && (node.open === "(" || node.open === "[") && node.open + node.close !== "()"
		);
	if (node.kind === "relation") return node.signs.some((sign) => sign !== "=" && sign !== "~");
	return (
		isDifference(node) ||
		node.kind === "sets" ||
		node.kind === "named-set" ||
		(node.kind === "call" && node.name === "such-that")
	);
}

/** `\mathbb{R} - \{0\}` */
function isDifference(node: Node): node is Node & { kind: "sum" } {
	return (
		node.kind === "sum" &&
		node.terms[0].kind === "named-set" &&
		node.terms
			.slice(1)
			.every((term) => term.kind === "negative" && term.of.kind === "sequence" && term.of.open === "{")
	);
}

/** Undefined where one of them is no set of real numbers with bounds that can be computed. */
export function sameRealSet(a: Node, b: Node, context: Context): boolean | undefined {
	const variables = new Set([...variablesOf(a), ...variablesOf(b)]);
	if (variables.size > 1) return undefined;
	const [left, right] = [toSet(a, context), toSet(b, context)];
	if (left === undefined || right === undefined) return undefined;
	const ends = sortedEnds([left, right], context);
	if (ends === undefined) return undefined;
	// At every bound, and in every gap between two.
	for (let at = 0; at <= 2 * ends.length; at++)
		if (contains(left, at, ends, context) !== contains(right, at, ends, context)) return false;
	return true;
}

/** The names that conditions are about. */
function variablesOf(node: Node): string[] {
	if (node.kind === "relation") return [...symbolsOf(node)];
	if (node.kind === "sequence" && node.open === "") return node.items.flatMap(variablesOf);
	return [];
}

function toSet(node: Node, context: Context): RealSet | undefined {
	switch (node.kind) {
		case "sequence": {
			if (node.open === "{") return union(node.items.map((item) => pointSet(item)));
			if (node.open === "") return conditions(node.items, node.joiner, context);
			if (node.items.length !== 2 || node.open === "<") return undefined;
			const [low, high] = node.items.map(toEnd);
			return low === undefined || high === undefined || !rises(low, high, context)
				? undefined
				: {
						kind: "interval",
						low,
						high,
						lowIn: node.open === "[" && low !== "-",
						highIn: node.close === "]" && high !== "+",
					};
		}
		case "sets": {
			const parts = node.parts.map((part) => toSet(part, context));
			return parts.includes(undefined)
				? undefined
				: { kind: "join", operator: node.operator, parts: parts as RealSet[] };
		}
		case "named-set":
			if (node.name === "empty") return none;
			if (/^R(?:[\^_]\+|[\^_]>0|\+)$/.test(node.name)) return ray(">", zeroNode);
			if (/^R[\^_]?(?:>=0|\\?geq?0)$/.test(node.name)) return ray(">=", zeroNode);
			if (/^R(?:[\^_]-|[\^_]<0|-)$/.test(node.name)) return ray("<", zeroNode);
			if (/^R\^[*]$/.test(node.name)) return ray("!=", zeroNode);
			return node.name === "R" ? all : undefined;
		case "relation":
			return condition(node, context);
		case "text":
			return /^(?:all real numbers|all reals|all real x|the real numbers|any real number|all real values(?: of x)?)$/i.test(
				node.text.trim(),
			)
				? all
				: /^(?:(?:there (?:is|are) )?no (?:real )?(?:solutions?|roots?)|none|empty set|the empty set)$/i.test(
							node.text.trim(),
						)
					? none
					: undefined;
		case "call":
			return node.name === "such-that" ? suchThat(node.args[0], node.args[1], context) : undefined;
		case "sum": {
			if (!isDifference(node)) return pointSet(node);
			const [from, ...taken] = node.terms.map((term) =>
				toSet(term.kind === "negative" ? term.of : term, context),
			);
			return from === undefined || taken.includes(undefined)
				? undefined
				: { kind: "join", operator: "difference", parts: [from, ...(taken as RealSet[])] };
		}
		case "number":
		case "quotient":
		case "negative":
		case "product":
			return pointSet(node);
		default:
			return undefined;
	}
}

/** `\{x \in \mathbb{R} \mid x > 3\}`, `\{x : x > 3\}`: what the condition says of the name before it. */
function suchThat(member: Node, condition: Node, context: Context): RealSet | undefined {
	const within = member.kind === "relation" && member.signs.join() === "in" ? member : undefined;
	const name = within === undefined ? member : within.operands[0];
	if (name.kind !== "symbol" || [...symbolsOf(condition)].some((other) => other !== name.name))
		return undefined;
	const [domain, set] = [
		within === undefined ? all : toSet(within.operands[1], context),
		toSet(condition, context),
	];
	return domain === undefined || set === undefined
		? undefined
		: { kind: "join", operator: "intersection", parts: [domain, set] };
}

/** Of two bounds: whether numbers can lie between them. `(0, 0)` is a point and no empty interval. */
function rises(low: End, high: End, context: Context): boolean {
	if (typeof low === "string" || typeof high === "string") return low !== "+" && high !== "-";
	const [from, to] = [realValue(low, context), realValue(high, context)];
	return (
		from === undefined || to === undefined || (real.compare(from, to) < 0 && !sameValue(low, high, context))
	);
}

const zeroNode: Node = { kind: "number", value: { n: 0n, d: 1n }, literal: "0" };

function union(parts: readonly (RealSet | undefined)[]): RealSet | undefined {
	return parts.includes(undefined)
		? undefined
		: { kind: "join", operator: "union", parts: parts as RealSet[] };
}

function pointSet(node: Node): RealSet | undefined {
	return symbolsOf(node).size > 0
		? undefined
		: { kind: "interval", low: node, high: node, lowIn: true, highIn: true };
}

function toEnd(node: Node): End | undefined {
	if (isInfinity(node)) return "+";
	if (node.kind === "negative" && isInfinity(node.of)) return "-";
	return symbolsOf(node).size > 0 ? undefined : node;
}

const isInfinity = (node: Node) => node.kind === "constant" && node.name === "infinity";

/** `x < 1 or x > 3` is a union; `x > 1, x < 3` both at once, unless nothing were left. */
function conditions(
	items: readonly Node[],
	joiner: "and" | "or" | undefined,
	context: Context,
): RealSet | undefined {
	if (!items.some((item) => item.kind === "relation")) {
		// `(-\infty, 1), (3, \infty)`: the parts of a union.
		return items.every(isSetLike) || items.every((item) => item.kind === "sequence" && item.open !== "")
			? union(items.map((item) => toSet(item, context)))
			: items.every((item) => item.kind !== "sequence")
				? union(items.map(pointSet))
				: undefined;
	}
	const either = union(eachWithItsName(items).map((item) => toSet(item, context)));
	if (either === undefined || either.kind !== "join" || joiner === "or") return either;
	const both: RealSet = { ...either, operator: "intersection" };
	const ends = sortedEnds([both], context);
	if (ends === undefined) return undefined;
	for (let at = 0; at <= 2 * ends.length; at++) if (contains(both, at, ends, context)) return both;
	return either;
}

/** `x \ne 1, 2` -> `x \ne 1, x \ne 2` */
function eachWithItsName(items: readonly Node[]): readonly Node[] {
	const named: Node[] = [];
	for (const item of items) {
		const before = named.at(-1);
		const goesOn = item.kind !== "relation" && before?.kind === "relation" && before.signs.join() === "!=";
		named.push(goesOn ? { ...before, operands: [before.operands[0], item] } : item);
	}
	return named;
}

function condition({ operands, signs }: Relation, context: Context): RealSet | undefined {
	const parts: RealSet[] = [];
	for (const [i, sign] of signs.entries()) {
		const part =
			sign === "in"
				? signs.length === 1 && operands[0].kind === "symbol"
					? toSet(operands[1], context)
					: undefined
				: inequality(operands[i], sign, operands[i + 1], context);
		if (part === undefined) return undefined;
		parts.push(part);
	}
	return { kind: "join", operator: "intersection", parts };
}

const mirrored: Readonly<Record<string, RelationSign>> = { "<": ">", ">": "<", "<=": ">=", ">=": "<=" };

function inequality(left: Node, sign: RelationSign, right: Node, context: Context): RealSet | undefined {
	if (sign === "~") return undefined;
	const [leftVariables, rightVariables] = [symbolsOf(left).size, symbolsOf(right).size];
	if (leftVariables + rightVariables === 0) return undefined;
	if (leftVariables === 0) return inequality(right, mirrored[sign] ?? sign, left, context);
	if (left.kind === "call" && left.name === "abs" && rightVariables === 0) {
		const outer: Node = { kind: "negative", of: right };
		if (sign === "<" || sign === "<=") {
			const parts = [
				inequality(left.args[0], sign, right, context),
				inequality(left.args[0], mirrored[sign], outer, context),
			];
			return parts.includes(undefined)
				? undefined
				: { kind: "join", operator: "intersection", parts: parts as RealSet[] };
		}
		if (sign === ">" || sign === ">=")
			return union([
				inequality(left.args[0], sign, right, context),
				inequality(left.args[0], mirrored[sign], outer, context),
			]);
		return undefined;
	}
	if (left.kind === "symbol" && rightVariables === 0) {
		const end = toEnd(right);
		return end === undefined ? undefined : ray(sign, end);
	}
	const linear = linearBound(left, right, context);
	if (linear === undefined) return undefined;
	const bound: Node = { kind: "number", value: linear.bound, literal: "" };
	return ray(linear.rising ? sign : (mirrored[sign] ?? sign), bound);
}

function ray(sign: RelationSign, end: End): RealSet | undefined {
	switch (sign) {
		case "<":
		case "<=":
			return { kind: "interval", low: "-", high: end, lowIn: false, highIn: sign === "<=" && end !== "+" };
		case ">":
		case ">=":
			return { kind: "interval", low: end, high: "+", lowIn: sign === ">=" && end !== "-", highIn: false };
		default: {
			if (end === "-" || end === "+") return undefined;
			const point: RealSet = { kind: "interval", low: end, high: end, lowIn: true, highIn: true };
			return sign === "=" ? point : { kind: "join", operator: "difference", parts: [all, point] };
		}
	}
}

/** Of `a x + b` against `c x + d`: where they are equal, and whether left less right rises there. */
function linearBound(
	left: Node,
	right: Node,
	context: Context,
): { bound: Rational; rising: boolean } | undefined {
	const [name, ...others] = symbolsOf(right, symbolsOf(left));
	if (others.length > 0) return undefined;
	const at = (n: bigint): Rational | undefined => {
		const [l, r] = [left, right].map((side) => exactValue(substitute(side, name, n), context.budget));
		return l && r && add(l, negate(r));
	};
	const [zero, one, two, seven] = [0n, 1n, 2n, 7n].map(at);
	if (zero === undefined || one === undefined || two === undefined || seven === undefined) return undefined;
	const slope = add(one, negate(zero));
	const line = (n: bigint) => add(zero, multiply(slope, { n, d: 1n }));
	const same = (a: Rational, b: Rational) => a.n === b.n && a.d === b.d;
	const inverted = inverse(slope);
	if (inverted === undefined || !same(two, line(2n)) || !same(seven, line(7n))) return undefined;
	return { bound: negate(multiply(zero, inverted)), rising: slope.n > 0n };
}

function substitute(node: Node, name: string, n: bigint): Node {
	if (node.kind === "symbol" && node.name === name)
		return { kind: "number", value: { n, d: 1n }, literal: String(n) };
	const parts = partsOf(node);
	return parts.length === 0
		? node
		: withParts(
				node,
				parts.map((part) => substitute(part, name, n)),
			);
}

/** Every finite bound once, in order. */
function sortedEnds(
	sets: readonly RealSet[],
	context: Context,
): { node: Node; value: real.Big }[] | undefined {
	const ends: { node: Node; value: real.Big }[] = [];
	const collect = (set: RealSet): boolean => {
		if (set.kind === "join") return set.parts.every(collect);
		for (const end of [set.low, set.high]) {
			if (typeof end === "string" || ends.some(({ node }) => node === end || sameValue(node, end, context)))
				continue;
			const value = realValue(end, context);
			if (value === undefined) return false;
			ends.push({ node: end, value });
		}
		return true;
	};
	if (!sets.every(collect)) return undefined;
	return ends.sort((a, b) => real.compare(a.value, b.value));
}

/** Places are numbered from the left: odd ones are the bounds, even ones the gaps before, between and after them. */
function contains(set: RealSet, at: number, ends: readonly { node: Node }[], context: Context): boolean {
	if (set.kind === "join") {
		const [first, ...others] = set.parts;
		const holds = (part: RealSet) => contains(part, at, ends, context);
		if (set.operator === "union") return set.parts.some(holds);
		if (set.operator === "intersection") return set.parts.every(holds);
		return holds(first) && !others.some(holds);
	}
	const place = (end: End): number => {
		if (end === "-") return -1;
		if (end === "+") return 2 * ends.length + 1;
		return 2 * ends.findIndex(({ node }) => node === end || sameValue(node, end, context)) + 1;
	};
	const [low, high] = [place(set.low), place(set.high)];
	return (at > low || (at === low && set.lowIn)) && (at < high || (at === high && set.highIn));
}
