import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A seeded stream of random choices. */
export interface Random {
	/** A whole number from low to high, both included. */
	int(low: number, high: number): number;
	/** A number in [0, 1). */
	unit(): number;
	pick<T>(items: readonly T[]): T;
}

export function seededRandom(seed: number): Random {
	// Neighbouring seeds are stirred apart before they reach the generator.
	const generator = xoroshiro128plus(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.floor(seed / 2 ** 32));
	const int = (low: number, high: number) => uniformInt(generator, low, high);
	return { int, unit: () => uniformFloat64(generator), pick: (items) => items[int(0, items.length - 1)] };
}
