import type { Family } from "../family.ts";
import type { Random } from "../random.ts";

/** A whole number of exactly `digits` digits. */
export function number(digits: number, random: Random): number {
	return random.int(digits === 1 ? 0 : 10 ** (digits - 1), 10 ** digits - 1);
}

/** Digits from the lowest. */
function digitsOf(n: number): number[] {
	return Array.from(String(n), Number).reverse();
}

export const addition: Family = {
	name: "add",
	levels: 4,
	draw(level, random) {
		const [a, b] = [number(level, random), number(level, random)];
		const steps: string[] = [];
		let carry = 0;
		const [x, y] = [digitsOf(a), digitsOf(b)];
		for (let i = 0; i < level; i++) {
			const sum = x[i] + y[i] + carry;
			steps.push(`${x[i]}+${y[i]}${carry > 0 ? "+1" : ""}=${sum}`);
			carry = sum > 9 ? 1 : 0;
		}
		return { question: `${a}+${b}`, steps, answer: String(a + b) };
	},
};

export const subtraction: Family = {
	name: "sub",
	levels: 4,
	draw(level, random) {
		const [a, b] = [number(level, random), number(level, random)].sort((p, q) => q - p);
		const steps: string[] = [];
		let borrow = 0;
		const [x, y] = [digitsOf(a), digitsOf(b)];
		for (let i = 0; i < level; i++) {
			const lent = x[i] - borrow < y[i] ? 10 : 0;
			steps.push(`${x[i] + lent}-${y[i]}${borrow > 0 ? "-1" : ""}=${x[i] + lent - y[i] - borrow}`);
			borrow = lent > 0 ? 1 : 0;
		}
		return { question: `${a}-${b}`, steps, answer: String(a - b) };
	},
};

export const multiplication: Family = {
	name: "mul",
	levels: 4,
	draw(level, random) {
		const [a, b] = [number(level, random), random.int(2, 9)];
		const steps: string[] = [];
		let carry = 0;
		for (const digit of digitsOf(a)) {
			const product = digit * b + carry;
			steps.push(`${digit}*${b}${carry > 0 ? `+${carry}` : ""}=${product}`);
			carry = Math.floor(product / 10);
		}
		return { question: `${a}*${b}`, steps, answer: String(a * b) };
	},
};

export const modulo: Family = {
	name: "mod",
	levels: 3,
	draw(level, random) {
		const b = random.int(2, 9);
		const a = random.int(b, [29, 59, 99][level - 1]);
		const quotient = Math.floor(a / b);
		const steps = [`${b}*${quotient}=${b * quotient}`, `${a}-${b * quotient}=${a % b}`];
		return { question: `${a}%${b}`, steps, answer: String(a % b) };
	},
};

export const digitSum: Family = {
	name: "dsum",
	levels: 4,
	draw(level, random) {
		const a = number(level + 1, random);
		let sum = 0;
		const steps = Array.from(String(a), (digit) => String((sum += Number(digit))));
		return { question: String(a), steps, answer: String(sum) };
	},
};

export const nextTerm: Family = {
	name: "next",
	levels: 3,
	draw(level, random) {
		const step = random.int(1, [5, 9, 19][level - 1]);
		const start = random.int(1, [9, 29, 59][level - 1]);
		const [a, b, c] = [start, start + step, start + 2 * step];
		return {
			question: `${a} ${b} ${c}`,
			steps: [`${c}-${b}=${step}`, `${c}+${step}=${c + step}`],
			answer: String(c + step),
		};
	},
};
