import type { Node } from "./ast.ts";
import { multiply, power, type Rational, rational } from "./rational.ts";
import { unitOf } from "./units.ts";

/** Units of measure that convert into each other by a factor: how many of the first of its row each is. */
const scales: Readonly<Record<string, Readonly<Record<string, readonly [n: number, d: number]>>>> = {
	metre: {
		meter: [1, 1],
		millimeter: [1, 1000],
		centimeter: [1, 100],
		decimeter: [1, 10],
		kilometer: [1000, 1],
		inch: [254, 10_000],
		foot: [3048, 10_000],
		yard: [9144, 10_000],
		mile: [1_609_344, 1000],
	},
	gram: { gram: [1, 1], milligram: [1, 1000], kilogram: [1000, 1] },
	// Of the pound, as answers convert it to nothing but the units beside it.
	pound: { pound: [1, 1], ounce: [1, 16] },
	litre: { liter: [1, 1], milliliter: [1, 1000] },
	gallon: { gallon: [1, 1], quart: [1, 4], pint: [1, 8], cup: [1, 16] },
	second: { second: [1, 1], minute: [60, 1], hour: [3600, 1], day: [86_400, 1], week: [604_800, 1] },
	year: { year: [1, 1], month: [1, 12] },
	dollar: { dollar: [1, 1], cent: [1, 100] },
	hertz: { hertz: [1, 1], kilohertz: [1000, 1] },
	joule: { joule: [1, 1], kilojoule: [1000, 1] },
	watt: { watt: [1, 1], kilowatt: [1000, 1] },
};

const known = new Map(
	Object.entries(scales).flatMap(([dimension, units]) =>
		Object.entries(units).map(
			([unit, [n, d]]) => [unit, { dimension, factor: rational(BigInt(n), BigInt(d)) }] as const,
		),
	),
);

interface Measure {
	/** `metre^1 second^-1` */
	readonly dimension: string;
	readonly factor: Rational;
}

/** What a unit in the spelling of `unitOf` measures, and how much of the base unit it is. */
function measureOf(unit: string): Measure | undefined {
	const exponents = new Map<string, number>();
	let factor = rational(1n);
	for (const [i, side] of unit.split("/").entries())
		for (const part of side.split("*").filter((name) => name !== "")) {
			const [name, exponent = "1"] = part.split("^");
			const found = known.get(name);
			const times = Number(exponent) * (i === 0 ? 1 : -1);
			if (found === undefined || !Number.isInteger(times) || times === 0 || Math.abs(times) > 4)
				return undefined;
			exponents.set(found.dimension, (exponents.get(found.dimension) ?? 0) + times);
			factor = multiply(factor, power(found.factor, BigInt(times))!);
		}
	const dimension = [...exponents].map(([name, exponent]) => `${name}^${exponent}`).sort();
	return dimension.length === 0 ? undefined : { dimension: dimension.join(" "), factor };
}

export interface Quantity {
	readonly dimension: string;
	/** In the base units. */
	readonly value: Node;
}

/** A value with its unit in base units, and sums of such (`1 h 30 min`); undefined for anything else. */
export function toQuantity(node: Node): Quantity | undefined {
	switch (node.kind) {
		case "quantity": {
			const unit = unitOf(node.unit);
			const measure = unit === null ? undefined : measureOf(unit);
			if (measure === undefined) return undefined;
			const factor: Node = { kind: "number", value: measure.factor, literal: "" };
			return { dimension: measure.dimension, value: { kind: "product", factors: [node.of, factor] } };
		}
		case "negative": {
			const of = toQuantity(node.of);
			return of && { ...of, value: { kind: "negative", of: of.value } };
		}
		case "sum": {
			const terms = node.terms.map(toQuantity);
			const dimension = terms[0]?.dimension;
			if (dimension === undefined || !terms.every((term) => term?.dimension === dimension)) return undefined;
			return { dimension, value: { kind: "sum", terms: terms.map((term) => term!.value) } };
		}
		default:
			return undefined;
	}
}
