import type { Big } from "./big-float.ts";
import * as real from "./big-float.ts";

/** A complex number with a bound on its error: |error| < 2^err. */
export interface Complex {
	readonly re: Big;
	readonly im: Big;
	readonly err: number;
}

/** Of a division by what may be 0, a logarithm of it and the like. */
export class Undefined extends Error {}

export function magnitude({ re, im }: Complex): number {
	return Math.max(real.magnitude(re), real.magnitude(im)) + 0.5;
}

/** Parts that are smaller than the error are 0, so that a real number stays one. */
function complex(re: Big, im: Big, err: number): Complex {
	const size = Math.max(real.magnitude(re), real.magnitude(im));
	const bound = Math.max(err, size - real.precision + 2);
	return {
		re: real.magnitude(re) < bound ? real.zero : re,
		im: real.magnitude(im) < bound ? real.zero : im,
		err: bound,
	};
}

export const isZero = ({ re, im }: Complex): boolean => re.m === 0n && im.m === 0n;
export const isReal = ({ im }: Complex): boolean => im.m === 0n;

export function fromReal(re: Big): Complex {
	return complex(re, real.zero, Number.NEGATIVE_INFINITY);
}

export const one = fromReal(real.one);
export const i: Complex = complex(real.zero, real.one, Number.NEGATIVE_INFINITY);
export const pi = fromReal(real.pi);

export function add(a: Complex, b: Complex): Complex {
	return complex(real.add(a.re, b.re), real.add(a.im, b.im), Math.max(a.err, b.err) + 1);
}

export function negate(a: Complex): Complex {
	return { re: real.negate(a.re), im: real.negate(a.im), err: a.err };
}

export const subtract = (a: Complex, b: Complex): Complex => add(a, negate(b));

export function multiply(a: Complex, b: Complex): Complex {
	const err = Math.max(magnitude(a) + b.err, magnitude(b) + a.err, a.err + b.err) + 2;
	if (isReal(a) && isReal(b)) return complex(real.multiply(a.re, b.re), real.zero, err);
	return complex(
		real.subtract(real.multiply(a.re, b.re), real.multiply(a.im, b.im)),
		real.add(real.multiply(a.re, b.im), real.multiply(a.im, b.re)),
		err,
	);
}

/** @throws Undefined */
export function divide(a: Complex, b: Complex): Complex {
	if (isZero(b)) throw new Undefined();
	const size = magnitude(b);
	const err = Math.max(a.err - size, magnitude(a) + b.err - 2 * size) + 5;
	if (isReal(b)) {
		const part = (x: Big) => (x.m === 0n ? real.zero : real.divide(x, b.re));
		return complex(part(a.re), part(a.im), err);
	}
	const norm = real.add(real.multiply(b.re, b.re), real.multiply(b.im, b.im));
	const conjugate: Complex = { re: b.re, im: real.negate(b.im), err: b.err };
	const product = multiply(a, conjugate);
	const part = (x: Big) => (x.m === 0n ? real.zero : real.divide(x, norm));
	return complex(part(product.re), part(product.im), err);
}

/** @throws TooLarge */
export function exp(a: Complex): Complex {
	const size = real.exp(a.re);
	const err = real.magnitude(size) + a.err + 3;
	if (isReal(a)) return complex(size, real.zero, err);
	const { sin, cos } = real.sinCos(a.im);
	return complex(real.multiply(size, cos), real.multiply(size, sin), err);
}

/** The principal branch. @throws Undefined for 0 */
export function ln(a: Complex): Complex {
	if (isZero(a)) throw new Undefined();
	const err = a.err - magnitude(a) + 3;
	if (isReal(a)) return complex(real.ln(real.absolute(a.re)), a.re.m < 0n ? real.pi : real.zero, err);
	const norm = real.add(real.multiply(a.re, a.re), real.multiply(a.im, a.im));
	const half = real.ln(norm);
	return complex({ m: half.m, e: half.e - 1 }, real.atan2(a.im, a.re), err);
}

export function sqrt(a: Complex): Complex {
	if (isZero(a)) return { ...a, err: a.err / 2 };
	const err = a.err - magnitude(a) / 2 + 2;
	if (isReal(a))
		return a.re.m > 0n
			? complex(real.sqrt(a.re), real.zero, err)
			: complex(real.zero, real.sqrt(real.negate(a.re)), err);
	return exp(divide(ln(a), fromReal(real.big(2n))));
}

/** a^b, principal; of a positive real it is real. @throws Undefined, TooLarge */
export function power(a: Complex, b: Complex): Complex {
	if (isZero(a)) {
		if (isReal(b) && b.re.m > 0n) return a;
		throw new Undefined();
	}
	return exp(multiply(b, ln(a)));
}

/** @throws TooLarge */
export function wholePower(a: Complex, exponent: bigint): Complex {
	if (exponent < 0n) return divide(one, wholePower(a, -exponent));
	const bits = exponent.toString(2);
	if (bits.length > 48) throw new real.TooLarge();
	let result = one;
	for (const bit of bits) {
		result = multiply(result, result);
		if (bit === "1") result = multiply(result, a);
	}
	return result;
}

/** sin a and cos a. @throws TooLarge */
export function sinCos(a: Complex): { sin: Complex; cos: Complex } {
	if (isReal(a)) {
		const { sin, cos } = real.sinCos(a.re);
		return { sin: complex(sin, real.zero, a.err + 1), cos: complex(cos, real.zero, a.err + 1) };
	}
	const [up, down] = [exp(multiply(i, a)), exp(negate(multiply(i, a)))];
	const half = fromReal({ m: 1n, e: -1 });
	return {
		cos: multiply(half, add(up, down)),
		sin: multiply(negate(i), multiply(half, subtract(up, down))),
	};
}

export function arctan(a: Complex): Complex {
	if (isReal(a)) return complex(real.atan2(a.re, real.one), real.zero, a.err + 1);
	// (i/2) (ln(1 - ia) - ln(1 + ia))
	const ia = multiply(i, a);
	const half: Complex = complex(real.zero, { m: 1n, e: -1 }, Number.NEGATIVE_INFINITY);
	return multiply(half, subtract(ln(subtract(one, ia)), ln(add(one, ia))));
}

export function arcsin(a: Complex): Complex {
	// -i ln(ia + sqrt(1 - a^2))
	return multiply(negate(i), ln(add(multiply(i, a), sqrt(subtract(one, multiply(a, a))))));
}

export function arccos(a: Complex): Complex {
	return subtract(divide(pi, fromReal(real.big(2n))), arcsin(a));
}

export function absolute(a: Complex): Complex {
	if (isReal(a)) return { ...a, re: real.absolute(a.re) };
	const norm = real.add(real.multiply(a.re, a.re), real.multiply(a.im, a.im));
	return complex(real.sqrt(norm), real.zero, a.err + 2);
}

/** Whether they are the same as far as their errors let one see. */
export function agree(a: Complex, b: Complex): boolean {
	const difference = subtract(a, b);
	return isZero(difference) || magnitude(difference) <= difference.err + 4;
}

/** Bits that are sure, of the larger of the two. */
export function sureBits(a: Complex, b: Complex): number {
	return Math.max(magnitude(a), magnitude(b)) - Math.max(a.err, b.err);
}
