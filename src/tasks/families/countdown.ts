import type { WrittenFamily } from "../family.ts";
import type { Random } from "../random.ts";

interface Term {
	readonly value: number;
	readonly text: string;
}

type Operator = "+" | "-" | "*" | "/";

/** By level: how many numbers, the largest of them, and what may be done with them. */
const levels: readonly { count: number; largest: number; operators: readonly Operator[] }[] = [
	{ count: 3, largest: 20, operators: ["+", "-"] },
	{ count: 3, largest: 50, operators: ["+", "-", "*", "/"] },
	{ count: 4, largest: 99, operators: ["+", "-", "*", "/"] },
	{ count: 5, largest: 99, operators: ["+", "-", "*", "/"] },
];
const largestTarget = 999;

/** Numbers and a target that an expression of them reaches; there may be other expressions as good. */
export const countdown: WrittenFamily = {
	name: "countdown-drawn",
	levels: levels.length,
	verifier: "countdown",
	write(level, random) {
		const { nums, expression } = draw(level, random);
		const target = expression.value;
		return {
			key: `${[...nums].sort((a, b) => a - b).join(" ")} = ${target}`,
			prompt:
				`Using the numbers [${nums.join(", ")}], create an equation that equals ${target}. ` +
				"You can use basic arithmetic operations (+, -, *, /) and each number must be used exactly once. " +
				"Show your work, and return the final equation in <answer> </answer> tags, " +
				"for example <answer> (1 + 2) / 3 </answer>.",
			answer: JSON.stringify({ nums, target }),
			solution: `${expression.text} = ${target}\n<answer> ${expression.text} </answer>`,
		};
	},
};

function draw(level: number, random: Random): { nums: number[]; expression: Term } {
	const { count, largest, operators } = levels[level - 1];
	for (;;) {
		const nums = Array.from({ length: count }, () => random.int(1, largest));
		const expression = combine(nums, operators, random);
		// A target that is one of the numbers is often reached by undoing oneself.
		if (expression !== undefined && expression.value <= largestTarget && !nums.includes(expression.value))
			return { nums, expression };
	}
}

/** Two terms become one, in any order, until one is left: a whole number above 0 at every step, or undefined. */
function combine(nums: readonly number[], operators: readonly Operator[], random: Random): Term | undefined {
	const terms: Term[] = nums.map((value) => ({ value, text: String(value) }));
	while (terms.length > 1) {
		const [a, b] = [take(terms, random), take(terms, random)];
		const operator = random.pick(operators);
		const value = {
			"+": a.value + b.value,
			"-": a.value - b.value,
			"*": a.value * b.value,
			"/": a.value / b.value,
		}[operator];
		if (!Number.isSafeInteger(value) || value < 1) return undefined;
		terms.push({ value, text: terms.length === 0 ? join(a, operator, b) : `(${join(a, operator, b)})` });
	}
	return terms[0];
}

function join(a: Term, operator: Operator, b: Term): string {
	return `${a.text} ${operator} ${b.text}`;
}

function take(terms: Term[], random: Random): Term {
	return terms.splice(random.int(0, terms.length - 1), 1)[0];
}
