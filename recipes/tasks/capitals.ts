// A task of one's own in the simple form: rows, a prompt for each, and a reward. Here: to repeat a word in capitals.
import type { CustomTask } from "thalia";

interface Row {
	readonly word: string;
}

export const task: CustomTask<Row> = {
	// Or rows themselves, or a function that gets them.
	data: "words.csv",
	prompt: ({ word }) => `up ${word}\n`,
	// The share of letters that are right, and 1 for all of them and no more. May be async; may throw.
	reward({ row, completion }) {
		const wanted = row.word.toUpperCase();
		const right = Array.from(wanted).filter((letter, i) => completion[i] === letter).length;
		return right / Math.max(wanted.length, completion.length);
	},
	testFraction: 0.2,
};
