import { seededRandom } from "../../random.ts";
import { type Node, some, symbolsOf } from "./ast.ts";
import * as complex from "./big-complex.ts";
import { type Complex, Undefined } from "./big-complex.ts";
import * as real from "./big-float.ts";
import { TooLarge } from "./big-float.ts";
import type { Budget } from "./budget.ts";
import { exactValue } from "./evaluate-exact.ts";
import { isRational, modularValue } from "./evaluate-modular.ts";
import { type Conventions, type Evaluation, NoValue, numericValue, type Point } from "./evaluate-numeric.ts";
import { equal } from "./rational.ts";

/** What every comparison of one pair of answers shares. */
export interface Context {
	readonly conventions: Conventions;
	readonly seed: number;
	readonly budget: Budget;
}

/** Points at which expressions with variables are compared. */
const mostPoints = 9;
const enoughPoints = 3;

/**
 * Whether two expressions have the same value wherever both have one.
 *
 * Rational functions are compared in a field of 2^127 - 1 elements at random points, which tells 2^1000000 from
 * 2^1000000 + 1. Everything else is compared to about 60 digits: at random real points where both sides are real, at
 * all points where there is no such. Too large for that, it is compared in the field with unknown functions.
 */
export function sameValue(a: Node, b: Node, context: Context): boolean {
	const { budget } = context;
	if (a.kind === "number" && b.kind === "number") return equal(a.value, b.value);
	if (isRational(a, budget) && isRational(b, budget)) return sameModular(a, b, context) === true;
	const decimal = roundedDecimal(a, b, context) ?? roundedDecimal(b, a, context);
	if (decimal !== undefined) return decimal;
	try {
		return sameNumeric(a, b, context);
	} catch (error) {
		if (error instanceof TooLarge) return sameModular(a, b, context) === true;
		if (error instanceof NoValue) return false;
		throw error;
	}
}

/** Undefined where one has no value in the field. */
function sameModular(a: Node, b: Node, { seed, budget }: Context): boolean | undefined {
	for (const point of [seed, seed + 1]) {
		const [left, right] = [modularValue(a, point, budget), modularValue(b, point, budget)];
		if (left === undefined || right === undefined) return undefined;
		if (left !== right) return false;
	}
	return true;
}

/** What a program prints of a root or of pi, in 15 digits or more that all agree, is that number. */
function roundedDecimal(literal: Node, other: Node, context: Context): boolean | undefined {
	const { of, sign } =
		literal.kind === "negative" ? { of: literal.of, sign: -1n } : { of: literal, sign: 1n };
	if (of.kind !== "number" || !/^\d*\.\d{10,}$/.test(of.literal) || symbolsOf(other).size > 0)
		return undefined;
	const digits = of.literal.replace(".", "").replace(/^0+/, "").length;
	if (digits < 15) return undefined;
	const places = of.literal.length - of.literal.indexOf(".") - 1;
	try {
		const value = numericValue(other, evaluation(new Map(), context));
		if (!complex.isReal(value)) return false;
		const difference = real.subtract(value.re, real.fromFraction(sign * of.value.n, of.value.d));
		return real.compare(real.absolute(difference), real.fromFraction(1n, 10n ** BigInt(places))) <= 0;
	} catch {
		return undefined;
	}
}

function sameNumeric(a: Node, b: Node, context: Context): boolean {
	const names = [...symbolsOf(b, symbolsOf(a))].sort();
	if (names.length === 0) {
		const [left, right] = [a, b].map((node) => valueAt(node, new Map(), context));
		if (left === undefined || right === undefined) return false;
		return complex.agree(left, right) && isSure(left, right);
	}
	let agreed = 0;
	const others: boolean[] = [];
	for (const point of samplePoints(names, [a, b], context.seed)) {
		const at = evaluation(point, context);
		const left = valueIn(a, at);
		const right = left && valueIn(b, at);
		if (left === undefined || right === undefined || !isSure(left, right)) continue;
		const agrees = complex.agree(left, right);
		if (!at.leftReals && complex.isReal(left) && complex.isReal(right)) {
			if (!agrees) return false;
			if (++agreed >= enoughPoints) return true;
		} else others.push(agrees);
	}
	if (agreed > 1) return true;
	return others.length + agreed > 1 && others.every((agrees) => agrees);
}

/** Whether enough digits are left of them to tell. */
function isSure(a: Complex, b: Complex): boolean {
	if (complex.isZero(a) && complex.isZero(b)) return Math.max(a.err, b.err) < -100;
	return complex.sureBits(a, b) > 64;
}

/** @throws TooLarge, NoValue */
export function valueAt(node: Node, point: Point, context: Context): Complex | undefined {
	return valueIn(node, evaluation(point, context));
}

function evaluation(point: Point, { conventions, budget }: Context): Evaluation {
	return { point, conventions, budget, leftReals: false };
}

function valueIn(node: Node, at: Evaluation): Complex | undefined {
	try {
		return numericValue(node, at);
	} catch (error) {
		if (error instanceof Undefined) return undefined;
		throw error;
	}
}

/** Random values of the variables: above 0, of both signs, between 0 and 1; whole ones where only those make sense. */
export function samplePoints(names: readonly string[], nodes: readonly Node[], seed: number): Point[] {
	const random = seededRandom(seed);
	const discrete = nodes.some((node) =>
		some(
			node,
			(part) => part.kind === "call" && /^(?:factorial|double-factorial|binom|mod|gcd|lcm)$/.test(part.name),
		),
	);
	return Array.from({ length: mostPoints }, (_, i) => {
		const value = (): Complex => {
			if (discrete) return complex.fromReal(real.big(BigInt(random.int(2, 14))));
			const n = BigInt(random.int(1, 2 ** 31 - 1));
			const fraction = real.big(n, i % 3 === 2 ? -31 : -29);
			return complex.fromReal(i % 3 === 1 && random.int(0, 1) === 1 ? real.negate(fraction) : fraction);
		};
		return new Map(names.map((name) => [name, value()]));
	});
}

/** The number a constant is, if it is real. */
export function realValue(node: Node, context: Context): real.Big | undefined {
	const exact = exactValue(node, context.budget);
	if (exact !== undefined) return real.fromFraction(exact.n, exact.d);
	try {
		const value = valueAt(node, new Map(), context);
		return value !== undefined && complex.isReal(value) ? value.re : undefined;
	} catch (error) {
		if (error instanceof TooLarge || error instanceof NoValue) return undefined;
		throw error;
	}
}
