import { chain, type Story } from "./story.ts";

/** Things put together and divided. */
export const sharing: readonly Story[] = [
	{
		id: "together",
		level: 1,
		numbers: (random) => [random.int(2, 25), random.int(2, 25)],
		tell: ([a, b], { people: [x, y], things: [t] }) => [
			`${x.name} brings ${a} ${t} and ${y.name} brings ${b} ${t}. How many ${t} do they have together?`,
			`${x.name} and ${y.name} pour their ${t} into one bowl: ${a} and ${b}. How many ${t} are in the bowl?`,
		],
		solve: ([a, b]) => chain(a, ["Together", "+", b]),
	},
	{
		id: "the-rest",
		level: 1,
		numbers: (random) => {
			const a = random.int(6, 40);
			return [a, random.int(2, a - 2)];
		},
		tell: ([a, b], { people: [x, y], things: [t] }) => [
			`${x.name} and ${y.name} share ${a} ${t}. ${x.name} takes ${b} of them, and ${y.name} gets the rest. How many ${t} does ${y.name} get?`,
			`Of ${a} ${t}, ${b} are for ${x.name} and all the others for ${y.name}. How many ${t} are for ${y.name}?`,
		],
		solve: ([a, b]) => chain(a, ["The rest", "-", b]),
	},
	{
		id: "third",
		level: 2,
		numbers: (random) => {
			const [b, c] = [random.int(2, 20), random.int(2, 20)];
			return [b + c + random.int(2, 25), b, c];
		},
		tell: ([a, b, c], { people: [x, y, z], things: [t] }) => [
			`Three friends share ${a} ${t}. ${x.name} takes ${b}, ${y.name} takes ${c}, and ${z.name} gets the rest. How many ${t} does ${z.name} get?`,
			`From a bag of ${a} ${t}, ${b} go to ${x.name} and ${c} to ${y.name}. ${z.name} keeps what is left. How many ${t} does ${z.name} keep?`,
		],
		solve: ([a, b, c]) => chain(a, ["After the first", "-", b], ["The rest", "-", c]),
	},
	{
		id: "eat",
		level: 2,
		numbers: (random) => {
			const [a, b] = [random.int(3, 30), random.int(3, 30)];
			return [a, b, random.int(2, a + b - 2)];
		},
		tell: ([a, b, c], { people: [x, y, z], things: [t] }) => [
			`${x.name} has ${a} ${t} and ${y.name} has ${b}. They put them together and give ${c} to ${z.name}. How many ${t} are left?`,
			`A team collects ${a} ${t} on one day and ${b} on the next, and hands out ${c} of them. How many ${t} does the team keep?`,
		],
		solve: ([a, b, c]) => chain(a, ["Together", "+", b], ["Left", "-", c]),
	},
	{
		id: "pool",
		level: 3,
		numbers: (random) => {
			const [c, each] = [random.int(2, 9), random.int(3, 12)];
			const a = random.int(2, c * each - 2);
			return [a, c * each - a, c];
		},
		tell: ([a, b, c], { people: [x, y], things: [t] }) => [
			`${x.name} has ${a} ${t} and ${y.name} has ${b}. They put them together and share them equally among ${c} children. How many ${t} does each child get?`,
			`A basket with ${a} ${t} and another with ${b} are emptied into ${c} bowls, the same number in each. How many ${t} are in one bowl?`,
		],
		solve: ([a, b, c]) => chain(a, ["Together", "+", b], ["Each", "/", c]),
	},
	{
		id: "bags",
		level: 3,
		numbers: (random) => {
			const [first, second] = [random.int(1, 3), random.int(2, 3)];
			return [first * random.int(2, 5), second * random.int(2, 5), first * second];
		},
		tell: ([a, b, c], { people: [x], things: [t] }) => [
			`${x.name} opens ${a} bags with ${b} ${t} in each and shares all of them equally among ${c} friends. How many ${t} does each friend get?`,
			`There are ${a} rows of ${b} ${t} on a tray. ${x.name} packs them into ${c} equal boxes. How many ${t} go into each box?`,
		],
		solve: ([a, b, c]) => chain(a, ["In all", "*", b], ["Each", "/", c]),
	},
	{
		id: "after-eating",
		level: 4,
		numbers: (random) => {
			const [a, b, d] = [random.int(3, 9), random.int(4, 12), random.int(2, 5)];
			const each = random.int(2, Math.floor((a * b - 2) / d));
			return [a, b, a * b - d * each, d];
		},
		tell: ([a, b, c, d], { people: [x, y], things: [t] }) => [
			`${x.name} has ${a} packs of ${b} ${t}. ${x.name} keeps ${c} ${t} and shares the rest equally among ${d} friends. How many ${t} does each friend get?`,
			`${a} boxes hold ${b} ${t} each. After ${y.name} takes away ${c} ${t}, the others are divided equally among ${d} children. How many ${t} does a child get?`,
		],
		solve: ([a, b, c, d]) => chain(a, ["In all", "*", b], ["The rest", "-", c], ["Each", "/", d]),
	},
	{
		id: "with-more",
		level: 4,
		numbers: (random) => {
			const [a, b, d] = [random.int(2, 9), random.int(3, 9), random.int(2, 6)];
			const each = Math.ceil((a * b + 2) / d) + random.int(0, 8);
			return [a, b, d * each - a * b, d];
		},
		tell: ([a, b, c, d], { people: [x, y], things: [t] }) => [
			`${x.name} has ${a} bags of ${b} ${t}, and ${y.name} adds ${c} more ${t}. They share everything equally among ${d} people. How many ${t} does each person get?`,
			`A class collects ${a} jars of ${b} ${t} and another ${c} ${t}. The ${t} are split evenly over ${d} tables. How many ${t} are on each table?`,
		],
		solve: ([a, b, c, d]) => chain(a, ["In the bags", "*", b], ["In all", "+", c], ["Each", "/", d]),
	},
];
