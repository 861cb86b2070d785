import type { Node } from "./ast.ts";
import * as complex from "./big-complex.ts";
import { type Complex, Undefined } from "./big-complex.ts";
import * as real from "./big-float.ts";
import type { Budget } from "./budget.ts";
import { exactValue, valueInBase } from "./evaluate-exact.ts";
import { isTrigonometric } from "./functions.ts";
import { hash } from "./hash.ts";

/** How notation is read that different authors mean differently. */
export interface Conventions {
	/** The base of `\log` without one. */
	readonly log: "e" | "10";
	/** Whether a degree sign in the argument of a sine means pi/180; otherwise it says nothing. */
	readonly degrees: boolean;
}

/** Of what has no value: a set, a text, a list. */
export class NoValue extends Error {}

export type Point = ReadonlyMap<string, Complex>;

/** One evaluation at one point. */
export interface Evaluation {
	readonly point: Point;
	readonly conventions: Conventions;
	readonly budget: Budget;
	/** Set when a root or a logarithm of a negative number was taken: a real point that the expression is not made for. */
	leftReals: boolean;
}

/** Terms of a sum or a product that are added up one by one. */
const mostTerms = 400n;

/**
 * The value of an expression to about 60 digits, with every symbol at its value in `point`.
 * @throws Undefined where it has none at this point, TooLarge, NoValue, OutOfSteps
 */
export function numericValue(node: Node, at: Evaluation, inTrig = false): Complex {
	const { point, conventions, budget } = at;
	budget.spend(4);
	const of = (part: Node) => numericValue(part, at, inTrig);
	switch (node.kind) {
		case "number":
			return rationalValue(node.value);
		case "based":
			return rationalValue(valueInBase(node.digits, node.base));
		case "symbol": {
			const value = point.get(node.name);
			if (value === undefined) throw new NoValue();
			return value;
		}
		case "constant":
			if (node.name === "pi") return complex.pi;
			if (node.name === "i") return complex.i;
			if (node.name === "e") return complex.exp(complex.one);
			throw new NoValue();
		case "negative":
			return complex.negate(of(node.of));
		case "percent":
			return complex.divide(of(node.of), whole(100n));
		case "quantity":
			return of(node.of);
		case "degrees": {
			const value = of(node.of);
			return inTrig && conventions.degrees
				? complex.multiply(value, complex.divide(complex.pi, whole(180n)))
				: value;
		}
		case "sum":
			return node.terms.map(of).reduce((total, term) => complex.add(total, term));
		case "product":
			return node.factors.map(of).reduce((total, factor) => complex.multiply(total, factor));
		case "quotient":
			return complex.divide(of(node.over), of(node.under));
		case "power":
			return raised(node.base, node.exponent, of, at);
		case "call":
			return called(node.name, node.args, at, inTrig);
		case "bound":
			return bound(node, at);
		default:
			throw new NoValue();
	}
}

function whole(n: bigint): Complex {
	return complex.fromReal(real.big(n));
}

function rationalValue({ n, d }: { n: bigint; d: bigint }): Complex {
	return complex.fromReal(real.fromFraction(n, d));
}

function raised(base: Node, exponent: Node, of: (node: Node) => Complex, at: Evaluation): Complex {
	const { budget } = at;
	const exact = exactValue(exponent, budget);
	const value = of(base);
	if (exact?.d === 1n) {
		if (exact.n === 0n && complex.isZero(value)) throw new Undefined();
		budget.spend(20);
		return complex.wholePower(value, exact.n);
	}
	budget.spend(100);
	// x^(1/3) is the real root of a negative number, as the cube root sign has it.
	if (exact !== undefined && exact.d % 2n === 1n && complex.isReal(value) && value.re.m < 0n) {
		const root = complex.power(complex.negate(value), of(exponent));
		return exact.n % 2n === 0n ? root : complex.negate(root);
	}
	if (base.kind === "constant" && base.name === "e") return complex.exp(of(exponent));
	const power = of(exponent);
	const nearest = wholeNumber(power);
	if (
		nearest !== undefined &&
		nearest > -(2n ** 40n) &&
		nearest < 2n ** 40n &&
		!(nearest === 0n && complex.isZero(value))
	)
		return complex.wholePower(value, nearest);
	if (isNegative(value)) at.leftReals = true;
	return complex.power(value, power);
}

const isNegative = (value: Complex) => complex.isReal(value) && value.re.m < 0n;

/** The whole number that a value is, as far as its error lets one see. */
function wholeNumber(value: Complex): bigint | undefined {
	if (!complex.isReal(value) || complex.magnitude(value) > 200) return undefined;
	const nearest = real.round(value.re);
	return complex.agree(value, whole(nearest)) && value.err < -20 ? nearest : undefined;
}

function called(name: string, args: readonly Node[], at: Evaluation, inTrig: boolean): Complex {
	const { budget, conventions } = at;
	budget.spend(20);
	const trig = isTrigonometric(name);
	const values = args.map((arg) => numericValue(arg, at, inTrig || trig));
	const [a, b] = values;
	const wholes = () =>
		values.map((value) => {
			const n = wholeNumber(value);
			if (n === undefined) throw new Undefined();
			return n;
		});
	if (/^(?:ln|log)$/.test(name) && isNegative(a)) at.leftReals = true;
	switch (name) {
		case "root":
			return root(a, b, at);
		case "sin":
			return complex.sinCos(a).sin;
		case "cos":
			return complex.sinCos(a).cos;
		case "tan": {
			const { sin, cos } = complex.sinCos(a);
			return complex.divide(sin, cos);
		}
		case "cot": {
			const { sin, cos } = complex.sinCos(a);
			return complex.divide(cos, sin);
		}
		case "sec":
			return complex.divide(complex.one, complex.sinCos(a).cos);
		case "csc":
			return complex.divide(complex.one, complex.sinCos(a).sin);
		case "cis": {
			const { sin, cos } = complex.sinCos(a);
			return complex.add(cos, complex.multiply(complex.i, sin));
		}
		case "sech":
		case "csch":
		case "sinh":
		case "cosh":
		case "tanh":
		case "coth": {
			const [up, down] = [complex.exp(a), complex.exp(complex.negate(a))];
			const [sum, difference] = [complex.add(up, down), complex.subtract(up, down)];
			if (name === "tanh") return complex.divide(difference, sum);
			if (name === "coth") return complex.divide(sum, difference);
			if (name === "sech" || name === "csch")
				return complex.divide(whole(2n), name === "sech" ? sum : difference);
			return complex.divide(name === "sinh" ? difference : sum, whole(2n));
		}
		case "arcsin":
			return complex.arcsin(a);
		case "arccos":
			return complex.arccos(a);
		case "arctan":
			return complex.arctan(a);
		case "arccot":
			return complex.subtract(complex.divide(complex.pi, whole(2n)), complex.arctan(a));
		case "arcsec":
			return complex.arccos(complex.divide(complex.one, a));
		case "arccsc":
			return complex.arcsin(complex.divide(complex.one, a));
		case "ln":
			return complex.ln(a);
		case "log":
			return conventions.log === "e" ? complex.ln(a) : complex.divide(complex.ln(a), complex.ln(whole(10n)));
		case "log-base":
			return complex.divide(complex.ln(b), complex.ln(a));
		case "abs":
			return complex.absolute(a);
		case "Re":
			return { ...a, im: real.zero };
		case "Im":
			return { re: a.im, im: real.zero, err: a.err };
		case "floor":
		case "ceil": {
			if (!complex.isReal(a)) throw new Undefined();
			const near = wholeNumber(a);
			if (near !== undefined) return whole(near);
			const nearest = real.round(a.re);
			const above = real.compare(real.big(nearest), a.re) > 0;
			return whole(name === "floor" ? (above ? nearest - 1n : nearest) : above ? nearest : nearest + 1n);
		}
		case "max":
		case "min": {
			if (values.length < 2 || !values.every(complex.isReal)) throw new Undefined();
			const first = name === "max" ? 1 : -1;
			return values.reduce((best, value) => (real.compare(value.re, best.re) * first > 0 ? value : best));
		}
		case "sgn":
			if (!complex.isReal(a)) throw new Undefined();
			return whole(a.re.m > 0n ? 1n : a.re.m < 0n ? -1n : 0n);
		case "factorial":
		case "double-factorial":
		case "binom":
		case "mod":
		case "gcd":
		case "lcm": {
			const literal = wholes().map(
				(n): Node => ({ kind: "number", value: { n, d: 1n }, literal: String(n) }),
			);
			const exact = exactValue({ kind: "call", name, args: literal }, budget);
			if (exact === undefined) throw new real.TooLarge();
			return rationalValue(exact);
		}
		default:
			return unknown(name, values);
	}
}

/** Odd roots of negative numbers are real. */
function root(degree: Complex, of: Complex, at: Evaluation): Complex {
	const n = wholeNumber(degree);
	if (isNegative(of) && !(n !== undefined && n % 2n !== 0n)) at.leftReals = true;
	if (n === 2n) return complex.sqrt(of);
	if (complex.isZero(of)) return { ...of, err: -real.precision / 2 };
	const reciprocal = complex.divide(complex.one, degree);
	if (n !== undefined && n % 2n !== 0n && complex.isReal(of) && of.re.m < 0n)
		return complex.negate(complex.power(complex.negate(of), reciprocal));
	return complex.power(of, reciprocal);
}

/** A random number that depends on the name and the arguments: an unknown function is the same where they are. */
function unknown(name: string, args: readonly Complex[]): Complex {
	const key = args.map(({ re, im }) =>
		[re, im].map((part) => real.round({ m: part.m, e: part.e + 100 })).join(" "),
	);
	return complex.fromReal(real.big(hash(`${name} ${key.join(" ")}`, 7) | 1n, -127));
}

function bound(node: Node & { kind: "bound" }, at: Evaluation): Complex {
	const [lower, upper, body] = node.args;
	const from = exactValue(lower, at.budget);
	const to = exactValue(upper, at.budget);
	const within = (value: Complex): Evaluation => ({
		...at,
		point: new Map([...at.point, [node.name, value]]),
	});
	if (
		(node.operator === "sum" || node.operator === "prod") &&
		node.name !== "" &&
		from?.d === 1n &&
		to?.d === 1n
	) {
		if (to.n - from.n > mostTerms) throw new real.TooLarge();
		let total = node.operator === "sum" ? complex.fromReal(real.zero) : complex.one;
		for (let k = from.n; k <= to.n; k++) {
			const term = numericValue(body, within(whole(k)));
			total = node.operator === "sum" ? complex.add(total, term) : complex.multiply(total, term);
		}
		return total;
	}
	// Unknown, but the same for the same limits and the same term.
	const of = (part: Node) => {
		if (part.kind === "text") return complex.one;
		if (part.kind === "constant" && part.name === "infinity") return whole(2n ** 90n);
		if (part.kind === "negative" && part.of.kind === "constant" && part.of.name === "infinity")
			return whole(-(2n ** 90n));
		return numericValue(part, at);
	};
	const index = complex.fromReal(real.big(hash("bound", 11) | 1n, -127));
	return unknown(node.operator, [of(lower), of(upper), numericValue(body, within(index))]);
}
