import { chain, type Story, step } from "./story.ts";

/** More than, fewer than, times as many. */
export const comparing: readonly Story[] = [
	{
		id: "more",
		level: 1,
		numbers: (random) => [random.int(2, 30), random.int(2, 20)],
		tell: ([a, b], { people: [x, y], things: [t] }) => [
			`${x.name} has ${a} ${t}. ${y.name} has ${b} more than ${x.name}. How many ${t} does ${y.name} have?`,
			`There are ${a} ${t} in the red box, and ${b} more than that in the blue box. How many ${t} are in the blue box?`,
		],
		solve: ([a, b]) => chain(a, ["The second", "+", b]),
	},
	{
		id: "fewer",
		level: 1,
		numbers: (random) => {
			const a = random.int(6, 40);
			return [a, random.int(2, a - 2)];
		},
		tell: ([a, b], { people: [x, y], things: [t] }) => [
			`${x.name} has ${a} ${t}. ${y.name} has ${b} fewer than ${x.name}. How many ${t} does ${y.name} have?`,
			`${x.name} counts ${a} ${t} and ${y.name} counts ${b}. How many more ${t} does ${x.name} count than ${y.name}?`,
		],
		solve: ([a, b]) => chain(a, ["Difference", "-", b]),
	},
	{
		id: "more-together",
		level: 2,
		numbers: (random) => [random.int(2, 30), random.int(2, 20)],
		tell: ([a, b], { people: [x, y], things: [t] }) => [
			`${x.name} has ${a} ${t}. ${y.name} has ${b} more than ${x.name}. How many ${t} do they have together?`,
			`${x.name} sold ${a} ${t} in May and ${b} more than that in June. How many ${t} did ${x.name} sell in the two months?`,
		],
		solve: ([a, b]) => {
			const second = step("The second", a, "+", b);
			return [second, step("Together", a, "+", second.result)];
		},
	},
	{
		id: "fewer-together",
		level: 2,
		numbers: (random) => {
			const a = random.int(6, 40);
			return [a, random.int(2, a - 2)];
		},
		tell: ([a, b], { people: [x, y], things: [t] }) => [
			`${x.name} has ${a} ${t}. ${y.name} has ${b} fewer than ${x.name}. How many ${t} do they have together?`,
			`There are ${a} ${t} on one shelf, and ${b} fewer on the other shelf. How many ${t} are on the two shelves?`,
		],
		solve: ([a, b]) => {
			const second = step("The second", a, "-", b);
			return [second, step("Together", a, "+", second.result)];
		},
	},
	{
		id: "times-together",
		level: 3,
		numbers: (random) => [random.int(2, 20), random.int(2, 9)],
		tell: ([a, b], { people: [x, y], things: [t] }) => [
			`${x.name} has ${a} ${t}. ${y.name} has ${b} times as many. How many ${t} do they have together?`,
			`${x.name} found ${a} ${t} yesterday and ${b} times as many today. How many ${t} did ${x.name} find in the two days?`,
		],
		solve: ([a, b]) => {
			const second = step("The second", a, "*", b);
			return [second, step("Together", a, "+", second.result)];
		},
	},
	{
		id: "times-fewer",
		level: 3,
		numbers: (random) => {
			const [a, b] = [random.int(2, 15), random.int(3, 6)];
			return [a, b, random.int(2, a * b - 2)];
		},
		tell: ([a, b, c], { people: [x, y, z], things: [t] }) => [
			`${x.name} has ${a} ${t}. ${y.name} has ${b} times as many as ${x.name}, and ${z.name} has ${c} fewer than ${y.name}. How many ${t} does ${z.name} have?`,
			`A small box holds ${a} ${t}, and a large one holds ${b} times as many. ${c} ${t} are taken out of a full large box. How many ${t} stay in it?`,
		],
		solve: ([a, b, c]) => chain(a, ["The second", "*", b], ["Left", "-", c]),
	},
	{
		id: "first-and-third",
		level: 4,
		numbers: (random) => [random.int(2, 15), random.int(2, 6), random.int(2, 25)],
		tell: ([a, b, c], { people: [x, y, z], things: [t] }) => [
			`${x.name} has ${a} ${t}. ${y.name} has ${b} times as many as ${x.name}, and ${z.name} has ${c} more than ${y.name}. How many ${t} do ${x.name} and ${z.name} have together?`,
			`${x.name} makes ${a} ${t}. ${y.name} makes ${b} times as many as ${x.name}, and ${z.name} makes ${c} more than ${y.name}. What is the number of ${t} that ${x.name} and ${z.name} make in all?`,
		],
		solve: ([a, b, c]) => chain(a, ["The second", "*", b], ["The third", "+", c], ["Together", "+", a]),
	},
	{
		id: "third-over-first",
		level: 4,
		numbers: (random) => {
			const [a, b] = [random.int(4, 15), random.int(3, 6)];
			return [a, b, random.int(2, a * b - a - 2)];
		},
		tell: ([a, b, c], { people: [x, y, z], things: [t] }) => [
			`${x.name} has ${a} ${t}. ${y.name} has ${b} times as many as ${x.name}, and ${z.name} has ${c} fewer than ${y.name}. How many more ${t} than ${x.name} does ${z.name} have?`,
			`A hen house has ${a} hens. The farm has ${b} times as many hens as that, and ${c} of the hens of the farm are sold. How many more hens than in that hen house are then left on the farm?`,
		],
		solve: ([a, b, c]) => chain(a, ["The second", "*", b], ["The third", "-", c], ["Difference", "-", a]),
	},
];
