import { bitLength } from "./rational.ts";

/** m 2^e, with about `precision` bits in m. The exponent has no bounds that matter, so nothing underflows. */
export interface Big {
	readonly m: bigint;
	readonly e: number;
}

export const precision = 224;
/** Of the fixed-point numbers in the series below. */
const guarded = precision + 48;

/** Beyond this, exponential and power have no value here. */
export class TooLarge extends Error {}

export const zero: Big = { m: 0n, e: 0 };
export const one: Big = { m: 1n, e: 0 };

export function big(m: bigint, e = 0): Big {
	if (m === 0n) return zero;
	const excess = m.toString(16).length * 4 - precision;
	if (excess <= 3) return { m, e };
	const shift = BigInt(excess);
	// Rounds to nearest: the added half is at the first bit that is dropped.
	return { m: (m + (1n << (shift - 1n))) >> shift, e: e + excess };
}

export function fromFraction(n: bigint, d: bigint): Big {
	if (d === 1n) return big(n);
	const shift = Math.max(0, precision + bitLength(d) - bitLength(n));
	return big((n << BigInt(shift)) / d, -shift);
}

export function fromNumber(x: number): Big {
	if (x === 0) return zero;
	const e = Math.floor(Math.log2(Math.abs(x))) - 52;
	return { m: BigInt(Math.round(x * 2 ** -e)), e };
}

/** Above log2 |a| by less than 1; -Infinity for 0. */
export function magnitude({ m, e }: Big): number {
	return m === 0n ? Number.NEGATIVE_INFINITY : bitLength(m) + e;
}

export const negate = ({ m, e }: Big): Big => ({ m: -m, e });
export const absolute = (a: Big): Big => (a.m < 0n ? negate(a) : a);

export function add(a: Big, b: Big): Big {
	if (a.m === 0n) return b;
	if (b.m === 0n) return a;
	const [high, low] = a.e >= b.e ? [a, b] : [b, a];
	const shift = high.e - low.e;
	// What is too small to be seen in the sum.
	if (shift > 3 * precision) return high;
	return big((high.m << BigInt(shift)) + low.m, low.e);
}

export const subtract = (a: Big, b: Big): Big => add(a, negate(b));
export const multiply = (a: Big, b: Big): Big => big(a.m * b.m, a.e + b.e);

export function divide(a: Big, b: Big): Big {
	const shift = Math.max(0, precision + bitLength(b.m) - bitLength(a.m) + 4);
	return big((a.m << BigInt(shift)) / b.m, a.e - b.e - shift);
}

export function sqrt(a: Big): Big {
	if (a.m === 0n) return zero;
	let shift = 2 * precision - bitLength(a.m);
	if (shift < 0) shift = 0;
	if ((a.e - shift) % 2 !== 0) shift++;
	return big(wholeSqrt(a.m << BigInt(shift)), (a.e - shift) / 2);
}

function wholeSqrt(n: bigint): bigint {
	let x = 1n << BigInt((bitLength(n) + 1) >> 1);
	for (;;) {
		const y = (x + n / x) >> 1n;
		if (y >= x) return x;
		x = y;
	}
}

export const compare = (a: Big, b: Big): number => {
	const { m } = subtract(a, b);
	return m > 0n ? 1 : m < 0n ? -1 : 0;
};

export function toNumber(a: Big): number {
	if (a.m === 0n) return 0;
	const shift = Math.max(0, bitLength(a.m) - 64);
	const exponent = a.e + shift;
	return exponent > 1100 ? Math.sign(Number(a.m)) * Infinity : Number(a.m >> BigInt(shift)) * 2 ** exponent;
}

/** The nearest whole number. */
export function round(a: Big): bigint {
	if (a.e >= 0) {
		if (a.e > 4096) throw new TooLarge();
		return a.m << BigInt(a.e);
	}
	if (-a.e > bitLength(a.m) + 1) return 0n;
	const shift = BigInt(-a.e);
	return (a.m + (1n << (shift - 1n))) >> shift;
}

/** In units of 2^-bits. */
function fixed(a: Big, bits = guarded): bigint {
	const shift = a.e + bits;
	if (shift >= 0) return a.m << BigInt(shift);
	return -shift > bitLength(a.m) + 1 ? 0n : a.m >> BigInt(-shift);
}

const one_ = 1n << BigInt(guarded);
const shiftBits = BigInt(guarded);

/** arctan(1/n) or artanh(1/n), in units of 2^-bits. */
function inverseSeries(n: bigint, bits: number, alternating: boolean): bigint {
	let power = (1n << BigInt(bits)) / n;
	let total = power;
	for (let k = 3n; power !== 0n; k += 2n) {
		power /= n * n;
		total += alternating && (k & 2n) === 2n ? -(power / k) : power / k;
	}
	return total;
}

/** Sines of numbers up to 2^700 are still right. */
const piBits = 1000;
// Machin's formula.
const piFixed = 4n * (4n * inverseSeries(5n, piBits, true) - inverseSeries(239n, piBits, true));
export const pi = big(piFixed, -piBits);
// ln 2 = 2 artanh(1/3)
const ln2 = big(2n * inverseSeries(3n, guarded + 32, false), -(guarded + 32));

/** @throws TooLarge */
export function exp(x: Big): Big {
	if (x.m === 0n) return one;
	if (magnitude(x) > 48) throw new TooLarge();
	const k = round(divide(x, ln2));
	const kBits = bitLength(k);
	const ln2Fine = 2n * inverseSeriesOfLn2(kBits);
	const rest = (fixed(x, guarded + kBits) - k * ln2Fine) >> BigInt(kBits);
	const halvings = 8n;
	const r = rest >> halvings;
	let term = one_;
	let total = one_;
	for (let i = 1n; term !== 0n && term !== -1n; i++) {
		term = (term * r) / (i << shiftBits);
		total += term;
	}
	for (let i = 0n; i < halvings; i++) total = (total * total) >> shiftBits;
	return big(total, Number(k) - guarded);
}

const ln2ByBits = new Map<number, bigint>();
function inverseSeriesOfLn2(extra: number): bigint {
	let value = ln2ByBits.get(extra);
	if (value === undefined) ln2ByBits.set(extra, (value = inverseSeries(3n, guarded + extra, false)));
	return value;
}

/** Of a number above 0. */
export function ln(x: Big): Big {
	const e = magnitude(x);
	const mantissa: Big = { m: x.m, e: x.e - e };
	let y = fromNumber(Math.log(toNumber(mantissa)));
	// Halley's iteration: each triples the digits.
	for (let i = 0; i < 3; i++) {
		const power = exp(y);
		const correction = divide(subtract(mantissa, power), add(mantissa, power));
		if (correction.m === 0n) break;
		y = add(y, { m: correction.m, e: correction.e + 1 });
	}
	return add(y, multiply(big(BigInt(e)), ln2));
}

/** @throws TooLarge */
export function sinCos(x: Big): { sin: Big; cos: Big } {
	if (magnitude(x) > 600) throw new TooLarge();
	const quarter = round(divide(x, { m: pi.m, e: pi.e - 1 }));
	const rest = fixed(x, piBits) - (quarter * piFixed) / 2n;
	const r = rest >> BigInt(piBits - guarded);
	const square = (r * r) >> shiftBits;
	const series = (first: bigint, from: bigint) => {
		let term = first;
		let total = first;
		for (let i = from; term !== 0n && term !== -1n; i += 2n) {
			term = -(term * square) / ((i * (i + 1n)) << shiftBits);
			total += term;
		}
		return big(total, -guarded);
	};
	const [s, c] = [series(r, 2n), series(one_, 1n)];
	switch (Number(((quarter % 4n) + 4n) % 4n)) {
		case 0:
			return { sin: s, cos: c };
		case 1:
			return { sin: c, cos: negate(s) };
		case 2:
			return { sin: negate(s), cos: negate(c) };
		default:
			return { sin: negate(c), cos: s };
	}
}

/** The angle of (x, y), from -pi to pi. */
export function atan2(y: Big, x: Big): Big {
	if (y.m === 0n) return x.m < 0n ? pi : zero;
	const scale = Math.max(magnitude(x), magnitude(y));
	const [u, v] = [x, y].map(({ m, e }) => ({ m, e: e - scale }));
	const radius = sqrt(add(multiply(u, u), multiply(v, v)));
	let angle = fromNumber(Math.atan2(toNumber(v), toNumber(u)));
	if (angle.m === 0n) angle = divide(v, u);
	// Each step leaves the cube of the error.
	for (let i = 0; i < 3; i++) {
		const { sin, cos } = sinCos(angle);
		const correction = divide(subtract(multiply(v, cos), multiply(u, sin)), radius);
		angle = add(angle, correction);
	}
	return angle;
}
