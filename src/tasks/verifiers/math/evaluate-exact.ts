import type { Node } from "./ast.ts";
import type { Budget } from "./budget.ts";
import {
	add,
	bitLength,
	fromDecimal,
	inverse,
	mostBits,
	multiply,
	negate,
	one,
	power,
	type Rational,
	rational,
	zero,
} from "./rational.ts";

/** The value of a node that is a rational number of moderate size; undefined for any other. */
export function exactValue(node: Node, budget: Budget): Rational | undefined {
	budget.spend(1);
	switch (node.kind) {
		case "number":
			return node.value;
		case "negative": {
			const of = exactValue(node.of, budget);
			return of && negate(of);
		}
		case "percent": {
			const of = exactValue(node.of, budget);
			return of && multiply(of, { n: 1n, d: 100n });
		}
		case "degrees":
		case "quantity":
			return exactValue(node.of, budget);
		case "sum":
		case "product": {
			const parts = node.kind === "sum" ? node.terms : node.factors;
			const combine = node.kind === "sum" ? add : multiply;
			let total = node.kind === "sum" ? zero : one;
			for (const part of parts) {
				const value = exactValue(part, budget);
				if (value === undefined) return undefined;
				total = combine(total, value);
				if (tooLong(total, budget)) return undefined;
			}
			return total;
		}
		case "quotient": {
			const over = exactValue(node.over, budget);
			const under = over && exactValue(node.under, budget);
			const inverted = under && inverse(under);
			return inverted && multiply(over, inverted);
		}
		case "power": {
			const exponent = exactValue(node.exponent, budget);
			if (exponent?.d !== 1n) return undefined;
			const base = exactValue(node.base, budget);
			const result = base && power(base, exponent.n);
			return result === undefined || tooLong(result, budget) ? undefined : result;
		}
		case "based":
			return valueInBase(node.digits, node.base);
		case "call":
			return exactCall(node.name, node.args, budget);
		default:
			return undefined;
	}
}

function exactCall(name: string, args: readonly Node[], budget: Budget): Rational | undefined {
	if (name === "root") {
		const degree = exactValue(args[0], budget);
		const of = degree && exactValue(args[1], budget);
		if (of === undefined || degree!.d !== 1n || degree!.n < 2n || degree!.n > 64n) return undefined;
		const [n, d] = [integerRoot(of.n, Number(degree!.n)), integerRoot(of.d, Number(degree!.n))];
		return n === undefined || d === undefined ? undefined : { n, d };
	}
	if (!/^(?:factorial|double-factorial|binom|abs|floor|ceil|mod|gcd|lcm|max|min)$/.test(name))
		return undefined;
	const values: Rational[] = [];
	for (const arg of args) {
		const value = exactValue(arg, budget);
		if (value === undefined) return undefined;
		values.push(value);
	}
	const [a] = values;
	const b = values.at(1);
	if (name === "abs") return a.n < 0n ? negate(a) : a;
	if (name === "floor") return rational(floorDivide(a.n, a.d));
	if (name === "ceil") return rational(-floorDivide(-a.n, a.d));
	if (name === "max" || name === "min") {
		if (values.length === 0) return undefined;
		const first = name === "max" ? 1n : -1n;
		return values.reduce((best, value) =>
			(value.n * best.d - best.n * value.d) * first > 0n ? value : best,
		);
	}
	if (values.some(({ d }) => d !== 1n)) return undefined;
	if (name === "factorial" || name === "double-factorial") {
		if (a.n < 0n || a.n > 1000n) return undefined;
		let product = 1n;
		for (let k = a.n; k > 1n; k -= name === "factorial" ? 1n : 2n) product *= k;
		budget.spend(Number(a.n));
		return rational(product);
	}
	if (name === "binom") {
		if (b === undefined || b.n < 0n || a.n < 0n) return undefined;
		if (b.n > a.n) return zero;
		const k = b.n * 2n > a.n ? a.n - b.n : b.n;
		if (k > 1000n || a.n > 10n ** 30n) return undefined;
		let product = 1n;
		for (let i = 0n; i < k; i++) product = (product * (a.n - i)) / (i + 1n);
		budget.spend(Number(k));
		return rational(product);
	}
	if (name === "mod")
		return b === undefined || b.n <= 0n ? undefined : rational(a.n - floorDivide(a.n, b.n) * b.n);
	if (values.length < 2) return undefined;
	const magnitude = (x: bigint) => (x < 0n ? -x : x);
	return rational(
		values
			.map(({ n }) => magnitude(n))
			.reduce((x, y) => {
				const g = greatest(x, y);
				return name === "gcd" ? g : g === 0n ? 0n : (x / g) * y;
			}),
	);
}

function greatest(x: bigint, y: bigint): bigint {
	while (y !== 0n) [x, y] = [y, x % y];
	return x;
}

export function floorDivide(n: bigint, d: bigint): bigint {
	const quotient = n / d;
	return n < 0n && quotient * d !== n ? quotient - 1n : quotient;
}

export function valueInBase(digits: string, base: number): Rational {
	const [whole, fraction = ""] = digits.split(".");
	let n = 0n;
	for (const c of whole + fraction) n = n * BigInt(base) + BigInt(Number.parseInt(c, 36));
	return base === 10 ? fromDecimal(digits) : rational(n, BigInt(base) ** BigInt(fraction.length));
}

/** The whole root, where there is one. */
function integerRoot(n: bigint, degree: number): bigint | undefined {
	if (n < 0n) {
		const root = degree % 2 === 1 ? integerRoot(-n, degree) : undefined;
		return root === undefined ? undefined : -root;
	}
	if (n < 2n) return n;
	const k = BigInt(degree);
	let x = 1n << BigInt(Math.ceil(bitLength(n) / degree));
	for (;;) {
		const y = ((k - 1n) * x + n / x ** (k - 1n)) / k;
		if (y >= x) break;
		x = y;
	}
	return x ** k === n ? x : undefined;
}

function tooLong(value: Rational, budget: Budget): boolean {
	const bits = Math.max(bitLength(value.n), bitLength(value.d));
	budget.spend(bits >> 8);
	return bits > mostBits;
}
