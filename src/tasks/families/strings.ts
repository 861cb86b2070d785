import type { Family } from "../family.ts";

const letters: readonly string[] = Array.from("abcdefghij");
const abc = letters.slice(0, 3);

export const counting: Family = {
	name: "count",
	levels: 4,
	draw(level, random) {
		const text = Array.from({ length: 3 + 2 * level }, () => random.pick(abc));
		const letter = random.pick(abc);
		let count = 0;
		const steps = [text.map((c) => (c === letter ? String(++count) : "-")).join("")];
		return { question: `${letter} ${text.join("")}`, steps, answer: String(count) };
	},
};

export const brackets: Family = {
	name: "bal",
	levels: 4,
	draw(level, random) {
		const pairs = random.int(level + 2, level + 3);
		const text: string[] = [];
		let depth = 0;
		for (let left = 2 * pairs; left > 0; left--) {
			const open = depth === 0 || (depth < left && random.unit() < 0.5);
			text.push(open ? "(" : ")");
			depth += open ? 1 : -1;
		}
		// Half of the strings have one bracket turned round, and are balanced no more.
		if (random.unit() < 0.5) {
			const at = random.int(0, text.length - 1);
			text[at] = text[at] === "(" ? ")" : "(";
		}
		const depths: number[] = [];
		for (const bracket of text) {
			depths.push((depths.at(-1) ?? 0) + (bracket === "(" ? 1 : -1));
			if (depths.at(-1)! < 0) break;
		}
		const balanced = depths.length === text.length && depths.at(-1) === 0;
		const steps = [depths.map((d) => (d < 0 ? "x" : String(d))).join("")];
		return { question: text.join(""), steps, answer: balanced ? "yes" : "no" };
	},
};

export const reversal: Family = {
	name: "rev",
	levels: 4,
	draw(level, random) {
		const text = Array.from({ length: level + 2 }, () => random.pick(letters));
		const reversed = [...text].reverse();
		return { question: text.join(""), steps: reversed, answer: reversed.join("") };
	},
};
