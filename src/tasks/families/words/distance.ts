import { chain, type Story, step } from "./story.ts";

/** Ways to go. */
export const distance: readonly Story[] = [
	{
		id: "two-parts",
		level: 1,
		numbers: (random) => [random.int(2, 30), random.int(2, 30)],
		tell: ([a, b], { people: [x], unit }) => [
			`${x.name} walks ${a} ${unit} in the morning and ${b} ${unit} in the afternoon. How many ${unit} does ${x.name} walk in all?`,
			`A path goes ${a} ${unit} through a forest and then ${b} ${unit} along a river. How many ${unit} long is the path?`,
		],
		solve: ([a, b]) => chain(a, ["In all", "+", b]),
	},
	{
		id: "to-go",
		level: 1,
		numbers: (random) => {
			const a = random.int(6, 50);
			return [a, random.int(2, a - 2)];
		},
		tell: ([a, b], { people: [x], place, vehicle, unit }) => [
			`It is ${a} ${unit} to ${place}. ${x.name} has gone ${b} ${unit} so far. How many ${unit} are left?`,
			`A ${vehicle} trip to ${place} is ${a} ${unit} long. After ${b} ${unit} ${x.name} takes a break. How many ${unit} are still to go?`,
		],
		solve: ([a, b]) => chain(a, ["Left", "-", b]),
	},
	{
		id: "three-days",
		level: 2,
		numbers: (random) => [random.int(2, 30), random.int(2, 30), random.int(2, 30)],
		tell: ([a, b, c], { people: [x], unit }) => [
			`${x.name} runs ${a} ${unit} on Monday, ${b} ${unit} on Tuesday and ${c} ${unit} on Friday. How many ${unit} does ${x.name} run in all?`,
			`A hike has three parts of ${a}, ${b} and ${c} ${unit}. How many ${unit} long is the hike?`,
		],
		solve: ([a, b, c]) => chain(a, ["The first two", "+", b], ["In all", "+", c]),
	},
	{
		id: "to-go-after-two",
		level: 2,
		numbers: (random) => {
			const [b, c] = [random.int(2, 25), random.int(2, 25)];
			return [b + c + random.int(2, 40), b, c];
		},
		tell: ([a, b, c], { people: [x], place, vehicle, unit }) => [
			`${x.name} travels ${a} ${unit} to ${place}: ${b} ${unit} by ${vehicle}, ${c} ${unit} on horseback, and the rest on foot. How many ${unit} does ${x.name} go on foot?`,
			`The way to ${place} is ${a} ${unit}. ${x.name} goes ${b} ${unit} before lunch and ${c} ${unit} after lunch. How many ${unit} remain?`,
		],
		solve: ([a, b, c]) => {
			const gone = step("Gone", b, "+", c);
			return [gone, step("Left", a, "-", gone.result)];
		},
	},
	{
		id: "every-day",
		level: 3,
		numbers: (random) => [random.int(2, 12), random.int(2, 9), random.int(2, 30)],
		tell: ([a, b, c], { people: [x], unit }) => [
			`${x.name} rides ${a} ${unit} a day for ${b} days, and then another ${c} ${unit} on the last day. How many ${unit} does ${x.name} ride in all?`,
			`A round of the park is ${a} ${unit}. ${x.name} goes round ${b} times, and then ${c} ${unit} home. How many ${unit} is that in all?`,
		],
		solve: ([a, b, c]) => chain(a, ["The first part", "*", b], ["In all", "+", c]),
	},
	{
		id: "to-go-at-speed",
		level: 3,
		numbers: (random) => {
			const [b, c] = [random.int(2, 12), random.int(2, 9)];
			return [b * c + random.int(2, 40), b, c];
		},
		tell: ([a, b, c], { people: [x], place, vehicle, unit }) => [
			`It is ${a} ${unit} to ${place}. ${x.name} goes ${b} ${unit} an hour for ${c} hours. How many ${unit} are left?`,
			`A ${vehicle} has to go ${a} ${unit}. It covers ${b} ${unit} every hour. How many ${unit} has it still to go after ${c} hours?`,
		],
		solve: ([a, b, c]) => {
			const gone = step("Gone", b, "*", c);
			return [gone, step("Left", a, "-", gone.result)];
		},
	},
	{
		id: "two-speeds",
		level: 4,
		numbers: (random) => [random.int(2, 12), random.int(2, 9), random.int(2, 12), random.int(2, 9)],
		tell: ([a, b, c, d], { people: [x], vehicle, unit }) => [
			`${x.name} goes ${a} ${unit} an hour for ${b} hours, and then ${c} ${unit} an hour for ${d} hours. How many ${unit} does ${x.name} go in all?`,
			`A ${vehicle} makes ${a} trips of ${b} ${unit} and ${c} trips of ${d} ${unit}. How many ${unit} is that in all?`,
		],
		solve: ([a, b, c, d]) => {
			const [first, second] = [step("The first part", a, "*", b), step("The second part", c, "*", d)];
			return [first, second, step("In all", first.result, "+", second.result)];
		},
	},
	{
		id: "to-go-after-all",
		level: 4,
		numbers: (random) => {
			const [b, c, d] = [random.int(2, 12), random.int(2, 9), random.int(2, 30)];
			return [b * c + d + random.int(2, 50), b, c, d];
		},
		tell: ([a, b, c, d], { people: [x], place, unit }) => [
			`The way to ${place} is ${a} ${unit}. ${x.name} goes ${b} ${unit} a day for ${c} days, and ${d} ${unit} on the day after. How many ${unit} are left?`,
			`${x.name} plans to run ${a} ${unit} this month. ${x.name} runs ${b} ${unit} on each of ${c} days, and once ${d} ${unit}. How many ${unit} are missing?`,
		],
		solve: ([a, b, c, d]) => {
			const [first, gone] = chain(b, ["The first part", "*", c], ["Gone", "+", d]);
			return [first, gone, step("Left", a, "-", gone.result)];
		},
	},
];
