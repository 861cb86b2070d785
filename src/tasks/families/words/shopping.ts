import { chain, type Story, step } from "./story.ts";

/** Prices, in whole dollars. */
export const shopping: readonly Story[] = [
	{
		id: "two-things",
		level: 1,
		numbers: (random) => [random.int(2, 30), random.int(2, 30)],
		tell: ([a, b], { people: [x], goods: [g, h] }) => [
			`${x.name} buys ${g} for $${a} and ${h} for $${b}. How many dollars does ${x.name} spend?`,
			`At the market ${g} costs $${a} and ${h} costs $${b}. ${x.name} buys both. How much does ${x.he} pay, in dollars?`,
		],
		solve: ([a, b]) => chain(a, ["Spent", "+", b]),
	},
	{
		id: "left",
		level: 1,
		numbers: (random) => {
			const a = random.int(6, 40);
			return [a, random.int(2, a - 2)];
		},
		tell: ([a, b], { people: [x], goods: [g] }) => [
			`${x.name} has $${a} and buys ${g} for $${b}. How many dollars does ${x.name} have left?`,
			`${x.name} pays $${a} for ${g} that costs $${b}. How many dollars does ${x.he} get back?`,
		],
		solve: ([a, b]) => chain(a, ["Left", "-", b]),
	},
	{
		id: "left-of-two",
		level: 2,
		numbers: (random) => {
			const [b, c] = [random.int(2, 25), random.int(2, 25)];
			return [b + c + random.int(2, 30), b, c];
		},
		tell: ([a, b, c], { people: [x], goods: [g, h] }) => [
			`${x.name} has $${a}. ${x.name} buys ${g} for $${b} and ${h} for $${c}. How many dollars are left?`,
			`With $${a} in ${x.his} pocket, ${x.name} goes shopping and pays $${b} for ${g} and $${c} for ${h}. How many dollars does ${x.name} still have?`,
		],
		solve: ([a, b, c]) => {
			const spent = step("Spent", b, "+", c);
			return [spent, step("Left", a, "-", spent.result)];
		},
	},
	{
		id: "three-things",
		level: 2,
		numbers: (random) => [random.int(2, 25), random.int(2, 25), random.int(2, 25)],
		tell: ([a, b, c], { people: [x], goods: [g, h, i] }) => [
			`${x.name} buys ${g} for $${a}, ${h} for $${b} and ${i} for $${c}. How many dollars does ${x.name} spend in all?`,
			`The prices are $${a} for ${g}, $${b} for ${h} and $${c} for ${i}. What do the three cost together, in dollars?`,
		],
		solve: ([a, b, c]) => chain(a, ["The first two", "+", b], ["All three", "+", c]),
	},
	{
		id: "several-and-one",
		level: 3,
		numbers: (random) => [random.int(2, 9), random.int(2, 12), random.int(2, 30)],
		tell: ([a, b, c], { people: [x], goods: [g], wares: [v] }) => [
			`${x.name} buys ${a} ${v} at $${b} each, and ${g} for $${c}. How many dollars does ${x.name} spend?`,
			`A bill lists ${a} ${v} for $${b} apiece and ${g} for $${c}. How many dollars is the bill?`,
		],
		solve: ([a, b, c]) => chain(a, ["The first", "*", b], ["In all", "+", c]),
	},
	{
		id: "left-of-several",
		level: 3,
		numbers: (random) => {
			const [b, c] = [random.int(2, 9), random.int(2, 12)];
			return [b * c + random.int(2, 40), b, c];
		},
		tell: ([a, b, c], { people: [x], wares: [v] }) => [
			`${x.name} has $${a} and buys ${b} ${v} that cost $${c} each. How many dollars does ${x.name} have left?`,
			`${x.name} hands over $${a} for ${b} ${v} at $${c} each. How many dollars of change does ${x.he} get?`,
		],
		solve: ([a, b, c]) => {
			const spent = step("Spent", b, "*", c);
			return [spent, step("Left", a, "-", spent.result)];
		},
	},
	{
		id: "two-kinds",
		level: 4,
		numbers: (random) => [random.int(2, 9), random.int(2, 12), random.int(2, 9), random.int(2, 12)],
		tell: ([a, b, c, d], { people: [x], wares: [v, w] }) => [
			`${x.name} buys ${a} ${v} at $${b} each and ${c} ${w} at $${d} each. How many dollars does ${x.name} spend in all?`,
			`For a party ${x.name} orders ${a} ${v} for $${b} apiece, and ${c} ${w} for $${d} apiece. What is the total in dollars?`,
		],
		solve: ([a, b, c, d]) => {
			const [first, second] = [step("The first", a, "*", b), step("The second", c, "*", d)];
			return [first, second, step("In all", first.result, "+", second.result)];
		},
	},
	{
		id: "left-of-all",
		level: 4,
		numbers: (random) => {
			const [b, c, d] = [random.int(2, 9), random.int(2, 12), random.int(2, 30)];
			return [b * c + d + random.int(2, 50), b, c, d];
		},
		tell: ([a, b, c, d], { people: [x], goods: [g], wares: [v] }) => [
			`${x.name} has $${a}. ${x.name} buys ${b} ${v} at $${c} each and ${g} for $${d}. How many dollars are left?`,
			`${x.name} saved $${a} and spends it on ${b} ${v} for $${c} apiece and on ${g} for $${d}. How many dollars of the savings remain?`,
		],
		solve: ([a, b, c, d]) => {
			const [first, spent] = chain(b, ["The first", "*", c], ["Spent", "+", d]);
			return [first, spent, step("Left", a, "-", spent.result)];
		},
	},
];
