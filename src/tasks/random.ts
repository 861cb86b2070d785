import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { expected } from "../errors.ts";

/** A seeded stream of random choices. */
export interface Random {
	/** A whole number from low to high, both included. */
	int(low: number, high: number): number;
	/** A number in [0, 1). */
	unit(): number;
	pick<T>(items: readonly T[]): T;
}

/** @param seed a safe integer
 * @throws ThaliaError `seed-invalid` */
export function seededRandom(seed: number): Random {
	if (!Number.isSafeInteger(seed)) throw expected("seed-invalid", "a whole number", "a seed", seed);
	const generator = xoroshiro128plus(stir(stir(seed ^ 0x9e3779b9) ^ Math.floor(seed / 2 ** 32)));
	const int = (low: number, high: number) => uniformInt(generator, low, high);
	return { int, unit: () => uniformFloat64(generator), pick: (items) => items[int(0, items.length - 1)] };
}

/** The finaliser of MurmurHash3: the generator's first numbers are linear in its seed, so neighbouring seeds are set apart. */
function stir(seed: number): number {
	let h = seed;
	h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
	h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
	return h ^ (h >>> 16);
}
