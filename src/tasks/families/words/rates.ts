import { chain, type Story, step } from "./story.ts";

/** Work done, and what it earns. */
export const rates: readonly Story[] = [
	{
		id: "two-days",
		level: 1,
		numbers: (random) => [random.int(2, 40), random.int(2, 40)],
		tell: ([a, b], { people: [x] }) => [
			`${x.name} earns $${a} on Saturday and $${b} on Sunday. How many dollars does ${x.name} earn in all?`,
			`${x.name} reads ${a} pages before dinner and ${b} pages after. How many pages does ${x.name} read?`,
		],
		solve: ([a, b]) => chain(a, ["In all", "+", b]),
	},
	{
		id: "still-to-do",
		level: 1,
		numbers: (random) => {
			const a = random.int(6, 60);
			return [a, random.int(2, a - 2)];
		},
		tell: ([a, b], { people: [x] }) => [
			`${x.name} has to wash ${a} plates and has washed ${b}. How many plates are still to be washed?`,
			`A book has ${a} pages. ${x.name} has read ${b} of them. How many pages are left?`,
		],
		solve: ([a, b]) => chain(a, ["Left", "-", b]),
	},
	{
		id: "three-days",
		level: 2,
		numbers: (random) => [random.int(2, 30), random.int(2, 30), random.int(2, 30)],
		tell: ([a, b, c], { people: [x] }) => [
			`${x.name} picks ${a} baskets of berries on Monday, ${b} on Tuesday and ${c} on Wednesday. How many baskets is that in all?`,
			`A baker makes ${a} loaves in the morning, ${b} at noon and ${c} in the evening. How many loaves does the baker make?`,
		],
		solve: ([a, b, c]) => chain(a, ["The first two", "+", b], ["In all", "+", c]),
	},
	{
		id: "earn-and-spend",
		level: 2,
		numbers: (random) => {
			const [a, b] = [random.int(3, 40), random.int(3, 40)];
			return [a, b, random.int(2, a + b - 2)];
		},
		tell: ([a, b, c], { people: [x], goods: [g] }) => [
			`${x.name} earns $${a} for painting a fence and $${b} for cleaning windows, and then spends $${c} on ${g}. How many dollars are left?`,
			`A machine makes ${a} parts in the first hour and ${b} in the second. ${c} of the parts are bad. How many parts are good?`,
		],
		solve: ([a, b, c]) => chain(a, ["In all", "+", b], ["Left", "-", c]),
	},
	{
		id: "hours-and-tip",
		level: 3,
		numbers: (random) => [random.int(3, 15), random.int(2, 9), random.int(2, 30)],
		tell: ([a, b, c], { people: [x] }) => [
			`${x.name} earns $${a} an hour. ${x.name} works ${b} hours and gets a tip of $${c}. How many dollars does ${x.name} earn?`,
			`A machine makes ${a} parts an hour. It runs for ${b} hours, and ${c} parts were there before. How many parts are there now?`,
		],
		solve: ([a, b, c]) => chain(a, ["By the hour", "*", b], ["In all", "+", c]),
	},
	{
		id: "pages-left",
		level: 3,
		numbers: (random) => {
			const [b, c] = [random.int(3, 15), random.int(2, 9)];
			return [b * c + random.int(2, 50), b, c];
		},
		tell: ([a, b, c], { people: [x] }) => [
			`A book has ${a} pages. ${x.name} reads ${b} pages a day for ${c} days. How many pages are left?`,
			`${x.name} must pack ${a} parcels and packs ${b} an hour. How many parcels are left after ${c} hours?`,
		],
		solve: ([a, b, c]) => {
			const done = step("Done", b, "*", c);
			return [done, step("Left", a, "-", done.result)];
		},
	},
	{
		id: "hours-and-days",
		level: 4,
		numbers: (random) => {
			const [a, b, c] = [random.int(2, 9), random.int(2, 8), random.int(2, 5)];
			return [a, b, c, random.int(2, a * b * c - 2)];
		},
		tell: ([a, b, c, d], { people: [x] }) => [
			`A machine makes ${a} parts an hour and runs ${b} hours a day for ${c} days. ${d} of the parts are bad. How many parts are good?`,
			`${x.name} earns $${a} an hour and works ${b} hours a day for ${c} days. Then ${x.he} spends $${d}. How many dollars does ${x.name} have left?`,
		],
		solve: ([a, b, c, d]) => chain(a, ["A day", "*", b], ["All days", "*", c], ["Left", "-", d]),
	},
	{
		id: "two-jobs",
		level: 4,
		numbers: (random) => [random.int(3, 15), random.int(2, 9), random.int(3, 15), random.int(2, 9)],
		tell: ([a, b, c, d], { people: [x, y] }) => [
			`${x.name} earns $${a} an hour in a shop and works there for ${b} hours. Then ${x.he} earns $${c} an hour in a garden for ${d} hours. How many dollars does ${x.name} earn in all?`,
			`${x.name} folds ${a} letters a minute for ${b} minutes, and ${y.name} folds ${c} letters a minute for ${d} minutes. How many letters do they fold together?`,
		],
		solve: ([a, b, c, d]) => {
			const [first, second] = [step("The first", a, "*", b), step("The second", c, "*", d)];
			return [first, second, step("In all", first.result, "+", second.result)];
		},
	},
];
