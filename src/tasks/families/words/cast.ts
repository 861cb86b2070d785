import type { Random } from "../../random.ts";

export interface Person {
	readonly name: string;
	readonly he: string;
	readonly his: string;
}

/** Who and what a story is about. */
export interface Cast {
	readonly people: readonly [Person, Person, Person];
	/** Things that one collects, in the plural. */
	readonly things: readonly [string, string];
	/** Things that one buys one of, with their article. */
	readonly goods: readonly [string, string, string];
	/** Things that one buys several of, in the plural. */
	readonly wares: readonly [string, string];
	readonly vehicle: string;
	readonly place: string;
	readonly unit: string;
}

const girls = [
	"Anna",
	"Maya",
	"Grace",
	"Sofia",
	"Lena",
	"Ruth",
	"Aisha",
	"Clara",
	"Nina",
	"Priya",
	"Emma",
	"Zoe",
];
const boys = ["Tom", "Ben", "Omar", "Lucas", "Sam", "David", "Kenji", "Paul", "Ravi", "Jack", "Leo", "Noah"];
const people: readonly Person[] = [
	...girls.map((name) => ({ name, he: "she", his: "her" })),
	...boys.map((name) => ({ name, he: "he", his: "his" })),
];
const things = [
	...["stickers", "marbles", "pencils", "cookies", "shells", "cards", "stamps", "beads", "coins", "apples"],
	...["buttons", "candies", "crayons", "stones", "photos", "badges"],
];
const goods = [
	...["a book", "a hat", "a lamp", "a ball", "a mug", "a scarf", "a puzzle", "a bag", "a clock", "a kite"],
	...["a plant", "a belt", "an umbrella", "a poster"],
];
const wares = [
	"notebooks",
	"pens",
	"shirts",
	"tickets",
	"plates",
	"candles",
	"towels",
	"chairs",
	"toys",
	"cakes",
];
const vehicles = ["bike", "bus", "car", "train", "boat"];
const places = ["the lake", "the city", "the coast", "the next town", "the mountains", "the farm"];
const units = ["miles", "kilometers"];

export function drawCast(random: Random): Cast {
	const [x, y, z] = several(people, 3, random);
	const [t, u] = several(things, 2, random);
	const [g, h, i] = several(goods, 3, random);
	const [v, w] = several(wares, 2, random);
	return {
		people: [x, y, z],
		things: [t, u],
		goods: [g, h, i],
		wares: [v, w],
		vehicle: random.pick(vehicles),
		place: random.pick(places),
		unit: random.pick(units),
	};
}

/** Different ones. */
function several<T>(items: readonly T[], count: number, random: Random): T[] {
	const left = [...items];
	return Array.from({ length: count }, () => left.splice(random.int(0, left.length - 1), 1)[0]);
}
