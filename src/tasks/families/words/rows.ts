import { chain, type Story, step } from "./story.ts";

/** Things in rows and rooms. */
export const rows: readonly Story[] = [
	{
		id: "brought-in",
		level: 1,
		numbers: (random) => [random.int(2, 40), random.int(2, 30)],
		tell: ([a, b], { people: [x] }) => [
			`There are ${a} chairs in a room. ${x.name} brings in ${b} more. How many chairs are in the room now?`,
			`${a} people sit in a bus, and ${b} more get on. How many people are in the bus now?`,
		],
		solve: ([a, b]) => chain(a, ["Now", "+", b]),
	},
	{
		id: "taken-out",
		level: 1,
		numbers: (random) => {
			const a = random.int(6, 50);
			return [a, random.int(2, a - 2)];
		},
		tell: ([a, b], { people: [x] }) => [
			`A hall has ${a} chairs. ${x.name} carries ${b} of them outside. How many chairs are still in the hall?`,
			`A garden had ${a} flowers, and ${x.name} picked ${b}. How many flowers are left in the garden?`,
		],
		solve: ([a, b]) => chain(a, ["Left", "-", b]),
	},
	{
		id: "on-and-off",
		level: 2,
		numbers: (random) => {
			const [a, b] = [random.int(3, 30), random.int(3, 30)];
			return [a, b, random.int(2, a + b - 2)];
		},
		tell: ([a, b, c], { vehicle, place }) => [
			`A ${vehicle} sets off to ${place} with ${a} people. At the first stop ${b} get on, and at the second stop ${c} get off. How many people are on board then?`,
			`A library shelf has ${a} books. ${b} books are brought back, and ${c} are lent out. How many books are on the shelf now?`,
		],
		solve: ([a, b, c]) => chain(a, ["After the first", "+", b], ["Now", "-", c]),
	},
	{
		id: "off-and-on",
		level: 2,
		numbers: (random) => {
			const a = random.int(6, 50);
			return [a, random.int(2, a - 2), random.int(2, 30)];
		},
		tell: ([a, b, c], { people: [x], things: [t] }) => [
			`A shop has ${a} ${t}. It sells ${b} and then gets ${c} new ones. How many ${t} does the shop have now?`,
			`${a} birds sit in a tree. ${x.name} claps and ${b} fly away, but soon ${c} others come. How many birds are in the tree now?`,
		],
		solve: ([a, b, c]) => chain(a, ["After the first", "-", b], ["Now", "+", c]),
	},
	{
		id: "rows-and-more",
		level: 3,
		numbers: (random) => [random.int(2, 12), random.int(2, 12), random.int(2, 25)],
		tell: ([a, b, c], { people: [x] }) => [
			`A hall has ${a} rows of ${b} chairs and ${c} more chairs at the back. How many chairs are in the hall?`,
			`${x.name} plants ${a} rows of ${b} trees, and ${c} trees along the fence. How many trees does ${x.name} plant?`,
		],
		solve: ([a, b, c]) => chain(a, ["In the rows", "*", b], ["In all", "+", c]),
	},
	{
		id: "rows-and-empty",
		level: 3,
		numbers: (random) => {
			const [a, b] = [random.int(2, 12), random.int(3, 12)];
			return [a, b, random.int(2, a * b - 2)];
		},
		tell: ([a, b, c], { people: [x] }) => [
			`A theater has ${a} rows of ${b} seats. Tonight ${c} seats are empty. How many seats are taken?`,
			`${x.name} bakes ${a} trays of ${b} rolls. ${c} rolls are burnt. How many rolls are good?`,
		],
		solve: ([a, b, c]) => chain(a, ["In all", "*", b], ["The others", "-", c]),
	},
	{
		id: "two-halls",
		level: 4,
		numbers: (random) => [random.int(2, 12), random.int(2, 12), random.int(2, 12), random.int(2, 12)],
		tell: ([a, b, c, d], { people: [x] }) => [
			`One hall has ${a} rows of ${b} chairs. Another hall has ${c} rows of ${d} chairs. How many chairs are in the two halls?`,
			`${x.name} fills ${a} shelves with ${b} books each and ${c} shelves with ${d} books each. How many books are on the shelves?`,
		],
		solve: ([a, b, c, d]) => {
			const [first, second] = [step("The first", a, "*", b), step("The second", c, "*", d)];
			return [first, second, step("In all", first.result, "+", second.result)];
		},
	},
	{
		id: "boxes-on-shelves",
		level: 4,
		numbers: (random) => {
			const [a, b, c] = [random.int(2, 6), random.int(2, 6), random.int(2, 9)];
			return [a, b, c, random.int(2, a * b * c - 2)];
		},
		tell: ([a, b, c, d], { people: [x], things: [t] }) => [
			`A store has ${a} shelves with ${b} boxes on each, and there are ${c} ${t} in every box. ${d} of the ${t} are sold. How many ${t} are left?`,
			`${x.name} packs ${a} crates. Each crate has ${b} bags, and each bag has ${c} ${t}. On the way ${d} ${t} are lost. How many ${t} arrive?`,
		],
		solve: ([a, b, c, d]) => chain(a, ["Boxes", "*", b], ["In all", "*", c], ["Left", "-", d]),
	},
];
