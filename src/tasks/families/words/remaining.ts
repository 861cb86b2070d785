import { chain, type Story, step } from "./story.ts";

/** Things that one has, gets, and gives away. */
export const remaining: readonly Story[] = [
	{
		id: "gives",
		level: 1,
		numbers: (random) => {
			const a = random.int(5, 30);
			return [a, random.int(2, a - 2)];
		},
		tell: ([a, b], { people: [x, y], things: [t] }) => [
			`${x.name} has ${a} ${t}. ${x.name} gives ${b} of them to ${y.name}. How many ${t} does ${x.name} have left?`,
			`There were ${a} ${t} in ${x.name}'s bag. ${y.name} took ${b} of them. How many ${t} are left in the bag?`,
		],
		solve: ([a, b]) => chain(a, ["Left", "-", b]),
	},
	{
		id: "finds",
		level: 1,
		numbers: (random) => [random.int(2, 25), random.int(2, 25)],
		tell: ([a, b], { people: [x, y], things: [t] }) => [
			`${x.name} has ${a} ${t} and finds ${b} more. How many ${t} does ${x.name} have now?`,
			`${x.name} had ${a} ${t}. Then ${y.name} gave ${x.name} another ${b}. How many ${t} does ${x.name} have now?`,
		],
		solve: ([a, b]) => chain(a, ["Now", "+", b]),
	},
	{
		id: "gives-twice",
		level: 2,
		numbers: (random) => {
			const [b, c] = [random.int(2, 20), random.int(2, 20)];
			return [b + c + random.int(2, 30), b, c];
		},
		tell: ([a, b, c], { people: [x, y, z], things: [t] }) => [
			`${x.name} has ${a} ${t}. ${x.name} gives ${b} to ${y.name} and ${c} to ${z.name}. How many ${t} are left?`,
			`Of ${a} ${t}, ${x.name} lost ${b} on Monday and ${c} on Tuesday. How many ${t} remain?`,
		],
		solve: ([a, b, c]) => chain(a, ["After the first", "-", b], ["Left", "-", c]),
	},
	{
		id: "buys-loses",
		level: 2,
		numbers: (random) => {
			const [a, b] = [random.int(3, 30), random.int(3, 30)];
			return [a, b, random.int(2, a + b - 2)];
		},
		tell: ([a, b, c], { people: [x], things: [t] }) => [
			`${x.name} had ${a} ${t} and got ${b} more as a present. Later ${x.he} lost ${c}. How many ${t} does ${x.name} have now?`,
			`A box held ${a} ${t}. ${x.name} put in ${b} more, and then took out ${c}. How many ${t} are in the box?`,
		],
		solve: ([a, b, c]) => chain(a, ["Before the loss", "+", b], ["Left", "-", c]),
	},
	{
		id: "boxes",
		level: 3,
		numbers: (random) => {
			const [a, b] = [random.int(2, 9), random.int(3, 12)];
			return [a, b, random.int(2, a * b - 2)];
		},
		tell: ([a, b, c], { people: [x], things: [t] }) => [
			`${x.name} has ${a} boxes with ${b} ${t} in each. ${x.name} gives away ${c} ${t}. How many ${t} are left?`,
			`There are ${a} bags on the table, and every bag holds ${b} ${t}. ${x.name} takes ${c} ${t} out. How many ${t} stay in the bags?`,
		],
		solve: ([a, b, c]) => chain(a, ["In all", "*", b], ["Left", "-", c]),
	},
	{
		id: "each-friend",
		level: 3,
		numbers: (random) => {
			const [b, c] = [random.int(2, 9), random.int(2, 9)];
			return [b * c + random.int(2, 40), b, c];
		},
		tell: ([a, b, c], { people: [x], things: [t] }) => [
			`${x.name} has ${a} ${t} and gives ${b} of them to each of ${c} friends. How many ${t} does ${x.name} keep?`,
			`From a pile of ${a} ${t}, ${x.name} puts ${b} into each of ${c} bags. How many ${t} are still on the pile?`,
		],
		solve: ([a, b, c]) => {
			const given = step("Given", b, "*", c);
			return [given, step("Left", a, "-", given.result)];
		},
	},
	{
		id: "broken",
		level: 4,
		numbers: (random) => {
			const [a, b] = [random.int(3, 12), random.int(4, 12)];
			const c = random.int(2, a * b - 6);
			return [a, b, c, random.int(2, a * b - c - 2)];
		},
		tell: ([a, b, c, d], { people: [x, y], things: [t] }) => [
			`${x.name} buys ${a} bags of ${t} with ${b} ${t} in each. ${x.name} finds that ${c} are broken, and gives ${d} good ones to ${y.name}. How many good ${t} does ${x.name} still have?`,
			`A shop gets ${a} boxes of ${b} ${t}. It sells ${c} ${t} in the morning and ${d} in the afternoon. How many ${t} are left?`,
		],
		solve: ([a, b, c, d]) => chain(a, ["In all", "*", b], ["After the first", "-", c], ["Left", "-", d]),
	},
	{
		id: "packs",
		level: 4,
		numbers: (random) => {
			const [a, b, c] = [random.int(2, 12), random.int(3, 12), random.int(2, 40)];
			return [a, b, c, random.int(2, a * b + c - 2)];
		},
		tell: ([a, b, c, d], { people: [x, y], things: [t] }) => [
			`${x.name} buys ${a} packs of ${b} ${t} and gets ${c} more ${t} from ${y.name}. Then ${x.he} uses up ${d}. How many ${t} does ${x.name} have in the end?`,
			`In a jar there are ${a} layers of ${b} ${t}, and ${c} ${t} on top. ${y.name} takes ${d} ${t}. How many ${t} are in the jar now?`,
		],
		solve: ([a, b, c, d]) => chain(a, ["In the packs", "*", b], ["In all", "+", c], ["Left", "-", d]),
	},
];
