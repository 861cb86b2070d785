import type { Node } from "./ast.ts";
import type { Budget } from "./budget.ts";
import { exactValue, valueInBase } from "./evaluate-exact.ts";
import { hash } from "./hash.ts";

/** A Mersenne prime: two different rational functions agree at a random point of its field with a chance of about 1e-36. */
const p = 2n ** 127n - 1n;
export const fieldSize = p;

/** Factorials up to here are multiplied out. */
const mostFactorial = 5000n;

/**
 * Sums, products, quotients and whole powers of numbers and variables, and nothing else: then equality in the field of p
 * decides.
 */
export function isRational(node: Node, budget: Budget): boolean {
	budget.spend(1);
	switch (node.kind) {
		case "number":
		case "symbol":
		case "based":
			return true;
		case "negative":
		case "percent":
		case "degrees":
		case "quantity":
			return isRational(node.of, budget);
		case "sum":
			return node.terms.every((term) => isRational(term, budget));
		case "product":
			return node.factors.every((factor) => isRational(factor, budget));
		case "quotient":
			return isRational(node.over, budget) && isRational(node.under, budget);
		case "power":
			return isRational(node.base, budget) && exactValue(node.exponent, budget)?.d === 1n;
		case "call": {
			if (node.name !== "factorial") return exactValue(node, budget) !== undefined;
			const of = exactValue(node.args[0], budget);
			return of !== undefined && of.d === 1n && of.n >= 0n && of.n <= mostFactorial;
		}
		default:
			return false;
	}
}

/**
 * The value modulo p, with every variable at a random point that depends on its name and the seed. What the field has no
 * operation for (roots, logarithms, powers too large) becomes a random function of its arguments: equal where those are.
 * @returns undefined after a division by 0
 */
export function modularValue(node: Node, seed: number, budget: Budget): bigint | undefined {
	budget.spend(2);
	const of = (part: Node) => modularValue(part, seed, budget);
	switch (node.kind) {
		case "number":
			return divide(reduce(node.value.n), reduce(node.value.d), budget);
		case "based": {
			const value = valueInBase(node.digits, node.base);
			return divide(reduce(value.n), reduce(value.d), budget);
		}
		case "symbol":
			return hash(node.name, seed) % p;
		case "negative": {
			const value = of(node.of);
			return value === undefined ? undefined : reduce(-value);
		}
		case "percent": {
			const value = of(node.of);
			return value === undefined ? undefined : divide(value, 100n, budget);
		}
		case "degrees":
		case "quantity":
			return of(node.of);
		case "sum":
		case "product": {
			let total = node.kind === "sum" ? 0n : 1n;
			for (const part of node.kind === "sum" ? node.terms : node.factors) {
				const value = of(part);
				if (value === undefined) return undefined;
				total = (node.kind === "sum" ? total + value : total * value) % p;
			}
			return total;
		}
		case "quotient": {
			const [over, under] = [of(node.over), of(node.under)];
			return over === undefined || under === undefined ? undefined : divide(over, under, budget);
		}
		case "power": {
			const base = of(node.base);
			if (base === undefined) return undefined;
			const exponent = exactValue(node.exponent, budget);
			if (exponent?.d === 1n) {
				if (exponent.n === 0n) return base === 0n ? undefined : 1n;
				const inverted = exponent.n < 0n ? divide(1n, base, budget) : base;
				return inverted === undefined
					? undefined
					: raise(inverted, exponent.n < 0n ? -exponent.n : exponent.n, budget);
			}
			const value = of(node.exponent);
			return value === undefined ? undefined : hash(`^ ${base} ${value}`, seed) % p;
		}
		case "call": {
			if (node.name === "factorial") {
				const n = exactValue(node.args[0], budget);
				if (n !== undefined && n.d === 1n && n.n >= 0n && n.n <= mostFactorial) return factorial(n.n, budget);
			}
			const exact = exactValue(node, budget);
			if (exact !== undefined) return divide(reduce(exact.n), reduce(exact.d), budget);
			return opaque(node.name, node.args);
		}
		case "constant":
			return hash(`constant ${node.name}`, seed) % p;
		case "bound":
			return opaque(`${node.operator} ${node.name}`, node.args);
		case "text":
			return hash(`text ${node.text}`, seed) % p;
		default:
			return undefined;
	}

	function opaque(name: string, args: readonly Node[]): bigint | undefined {
		const values = args.map(of);
		return values.includes(undefined) ? undefined : hash(`${name} ${values.join(" ")}`, seed) % p;
	}
}

function reduce(a: bigint): bigint {
	const rest = a % p;
	return rest < 0n ? rest + p : rest;
}

function divide(over: bigint, under: bigint, budget: Budget): bigint | undefined {
	if (under === 0n) return undefined;
	if (under === 1n) return over;
	return (over * raise(under, p - 2n, budget)) % p;
}

function raise(base: bigint, exponent: bigint, budget: Budget): bigint {
	const bits = exponent.toString(2);
	budget.spend(bits.length);
	let result = 1n;
	for (const bit of bits) {
		result = (result * result) % p;
		if (bit === "1") result = (result * base) % p;
	}
	return result;
}

function factorial(n: bigint, budget: Budget): bigint {
	budget.spend(Number(n));
	let product = 1n;
	for (let k = 2n; k <= n; k++) product = (product * k) % p;
	return product;
}
