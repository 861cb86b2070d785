import type { Family } from "../family.ts";
import { number } from "./arithmetic.ts";

export const comparison: Family = {
	name: "cmp",
	levels: 4,
	draw(level, random) {
		const a = String(number(level, random));
		// Half of the pairs share their first digits, so that the sign is not settled at once.
		const shared = random.int(0, level);
		const other = String(number(level, random));
		const b = random.unit() < 0.5 ? other : a.slice(0, shared) + other.slice(shared);
		const sign = (x: string | number, y: string | number) => (x < y ? "<" : x > y ? ">" : "=");
		const steps: string[] = [];
		for (let i = 0; i < level; i++) {
			const s = sign(a[i], b[i]);
			steps.push(`${a[i]}${s}${b[i]}`);
			if (s !== "=") break;
		}
		return { question: `${a} ${b}`, steps, answer: sign(Number(a), Number(b)) };
	},
};

export const sorting: Family = {
	name: "sort",
	levels: 4,
	draw(level, random) {
		const digits = Array.from({ length: level + 2 }, () => random.int(0, 9));
		const sorted = [...digits].sort((a, b) => a - b);
		return { question: digits.join(""), steps: sorted.map(String), answer: sorted.join("") };
	},
};

export const maximum: Family = {
	name: "max",
	levels: 3,
	draw(level, random) {
		const numbers = Array.from({ length: level + 2 }, () => random.int(10, 99));
		let best = 0;
		const steps = numbers.map((n) => String((best = Math.max(best, n))));
		return { question: numbers.join(" "), steps, answer: String(best) };
	},
};
