import { chain, type Story, step } from "./story.ts";

/** Who is how old. */
export const ages: readonly Story[] = [
	{
		id: "older",
		level: 1,
		numbers: (random) => [random.int(3, 40), random.int(2, 25)],
		tell: ([a, b], { people: [x, y] }) => [
			`${x.name} is ${a} years old. ${y.name} is ${b} years older. How old is ${y.name}?`,
			`${x.name} is ${a} years old today. How old will ${x.name} be in ${b} years?`,
		],
		solve: ([a, b]) => chain(a, ["Age", "+", b]),
	},
	{
		id: "younger",
		level: 1,
		numbers: (random) => {
			const a = random.int(6, 50);
			return [a, random.int(2, a - 2)];
		},
		tell: ([a, b], { people: [x, y] }) => [
			`${x.name} is ${a} years old. ${y.name} is ${b} years younger. How old is ${y.name}?`,
			`${x.name} is ${a} years old now. How old was ${x.name} ${b} years ago?`,
		],
		solve: ([a, b]) => chain(a, ["Age", "-", b]),
	},
	{
		id: "older-younger",
		level: 2,
		numbers: (random) => {
			const [a, b] = [random.int(3, 30), random.int(2, 20)];
			return [a, b, random.int(2, a + b - 2)];
		},
		tell: ([a, b, c], { people: [x, y, z] }) => [
			`${x.name} is ${a} years old. ${y.name} is ${b} years older than ${x.name}, and ${z.name} is ${c} years younger than ${y.name}. How old is ${z.name}?`,
			`At the age of ${a} ${x.name} met ${y.name}, who is ${b} years older. ${z.name} is ${c} years younger than ${y.name}. How old was ${z.name} then?`,
		],
		solve: ([a, b, c]) => chain(a, ["The second", "+", b], ["The third", "-", c]),
	},
	{
		id: "older-later",
		level: 2,
		numbers: (random) => [random.int(3, 30), random.int(2, 20), random.int(2, 20)],
		tell: ([a, b, c], { people: [x, y] }) => [
			`${x.name} is ${a} years old, and ${y.name} is ${b} years older. How old will ${y.name} be in ${c} years?`,
			`A bridge is ${a} years old, and the tower beside it is ${b} years older. How old will the tower be in ${c} years?`,
		],
		solve: ([a, b, c]) => chain(a, ["Now", "+", b], ["Later", "+", c]),
	},
	{
		id: "times-later",
		level: 3,
		numbers: (random) => [random.int(3, 15), random.int(2, 5), random.int(2, 20)],
		tell: ([a, b, c], { people: [x, y] }) => [
			`${x.name} is ${a} years old. ${y.name} is ${b} times as old as ${x.name}. How old will ${y.name} be in ${c} years?`,
			`A tree is ${a} years old, and the house beside it is ${b} times as old. How old will the house be in ${c} years?`,
		],
		solve: ([a, b, c]) => chain(a, ["Now", "*", b], ["Later", "+", c]),
	},
	{
		id: "times-younger",
		level: 3,
		numbers: (random) => {
			const [a, b] = [random.int(3, 15), random.int(2, 5)];
			return [a, b, random.int(2, a * b - 2)];
		},
		tell: ([a, b, c], { people: [x, y, z] }) => [
			`${x.name} is ${a} years old. ${y.name} is ${b} times as old as ${x.name}, and ${z.name} is ${c} years younger than ${y.name}. How old is ${z.name}?`,
			`${x.name} is ${a} years old and ${x.his} teacher is ${b} times as old. How old was the teacher ${c} years ago?`,
		],
		solve: ([a, b, c]) => chain(a, ["The second", "*", b], ["Younger", "-", c]),
	},
	{
		id: "two-together",
		level: 4,
		numbers: (random) => [random.int(3, 15), random.int(2, 5), random.int(2, 20)],
		tell: ([a, b, c], { people: [x, y, z] }) => [
			`${x.name} is ${a} years old. ${y.name} is ${b} times as old as ${x.name}, and ${z.name} is ${c} years older than ${y.name}. How old are ${y.name} and ${z.name} together?`,
			`${x.name} is ${a}. ${x.name}'s uncle is ${b} times as old, and ${x.name}'s aunt is ${c} years older than the uncle. What is the sum of the ages of uncle and aunt?`,
		],
		solve: ([a, b, c]) => {
			const [second, third] = chain(a, ["The second", "*", b], ["The third", "+", c]);
			return [second, third, step("Together", second.result, "+", third.result)];
		},
	},
	{
		id: "difference",
		level: 4,
		numbers: (random) => [random.int(3, 15), random.int(2, 5), random.int(2, 20)],
		tell: ([a, b, c], { people: [x, y, z] }) => [
			`${x.name} is ${a} years old. ${y.name} is ${b} times as old as ${x.name}, and ${z.name} is ${c} years older than ${y.name}. By how many years is ${z.name} older than ${x.name}?`,
			`A cat is ${a} years old, a parrot is ${b} times as old as the cat, and a turtle is ${c} years older than the parrot. How many years older is the turtle than the cat?`,
		],
		solve: ([a, b, c]) => chain(a, ["The second", "*", b], ["The third", "+", c], ["Difference", "-", a]),
	},
];
