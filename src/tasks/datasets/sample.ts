import { seededRandom } from "../random.ts";

/** `count` different items at random, or all of them where there are not so many. The same seed gives the same ones. */
export function sample<T>(items: readonly T[], count: number, seed: number): T[] {
	if (count >= items.length && count === Number.POSITIVE_INFINITY) return [...items];
	const random = seededRandom(seed);
	const order = [...items];
	const taken = Math.min(count, order.length);
	for (let i = 0; i < taken; i++) {
		const j = random.int(i, order.length - 1);
		[order[i], order[j]] = [order[j], order[i]];
	}
	return order.slice(0, taken);
}
