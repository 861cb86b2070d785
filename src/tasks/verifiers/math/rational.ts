/** An exact fraction in lowest terms, d > 0. */
export interface Rational {
	readonly n: bigint;
	readonly d: bigint;
}

/** A result with more bits than this is not computed: it would take memory and time without end. */
export const mostBits = 20_000;

export const zero: Rational = { n: 0n, d: 1n };
export const one: Rational = { n: 1n, d: 1n };

export function rational(n: bigint, d = 1n): Rational {
	if (d === 1n) return { n, d };
	if (d < 0n) return rational(-n, -d);
	const g = gcd(n < 0n ? -n : n, d);
	return g === 1n ? { n, d } : { n: n / g, d: d / g };
}

/** `12`, `.5`, `3.`, `1.25` */
export function fromDecimal(literal: string): Rational {
	const [whole, fraction = ""] = literal.split(".");
	return rational(BigInt(`${whole}${fraction}` || "0"), 10n ** BigInt(fraction.length));
}

export const add = (a: Rational, b: Rational): Rational => rational(a.n * b.d + b.n * a.d, a.d * b.d);
export const multiply = (a: Rational, b: Rational): Rational => rational(a.n * b.n, a.d * b.d);
export const negate = (a: Rational): Rational => ({ n: -a.n, d: a.d });
export const equal = (a: Rational, b: Rational): boolean => a.n === b.n && a.d === b.d;

/** Undefined for 0. */
export function inverse(a: Rational): Rational | undefined {
	if (a.n === 0n) return undefined;
	return a.n < 0n ? { n: -a.d, d: -a.n } : { n: a.d, d: a.n };
}

/** Undefined for 0 to a power below 1, and for what would be longer than `mostBits`. */
export function power(a: Rational, exponent: bigint): Rational | undefined {
	if (exponent === 0n) return a.n === 0n ? undefined : one;
	if (exponent < 0n) {
		const inverted = inverse(a);
		return inverted && power(inverted, -exponent);
	}
	const bits = BigInt(Math.max(bitLength(a.n), bitLength(a.d)));
	if (bits > 1n && bits * exponent > BigInt(mostBits)) return undefined;
	// Of 0, 1 and -1 only whether the exponent is odd matters.
	const small = bits > 1n ? exponent : 2n - (exponent & 1n);
	return { n: a.n ** small, d: a.d ** small };
}

export function bitLength(a: bigint): number {
	const hex = (a < 0n ? -a : a).toString(16);
	return hex.length * 4 - Math.clz32(Number.parseInt(hex[0], 16)) + 28;
}

export function gcd(a: bigint, b: bigint): bigint {
	while (b !== 0n) [a, b] = [b, a % b];
	return a;
}

/** Good to double precision, whatever the sizes. */
export function toNumber({ n, d }: Rational): number {
	const [shiftN, shiftD] = [n, d].map((part) => Math.max(0, bitLength(part) - 1000));
	return (Number(n >> BigInt(shiftN)) / Number(d >> BigInt(shiftD))) * 2 ** (shiftN - shiftD);
}
