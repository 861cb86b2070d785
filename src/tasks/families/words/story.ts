import type { Random } from "../../random.ts";
import type { Cast } from "./cast.ts";

/** A step of a solution: what is computed, how, and what it comes to. */
export interface Step {
	readonly what: string;
	readonly sum: string;
	readonly result: number;
}

type Operator = "+" | "-" | "*" | "/";

/** A word problem with its numbers left open. */
export interface Story {
	/** Unique within its family. */
	readonly id: string;
	/** 1: one addition or subtraction; 2: two; 3: two steps, one a multiplication or division; 4: three such steps. */
	readonly level: 1 | 2 | 3 | 4;
	/** Draws the numbers, in the order in which the text has them; each 2 or more, for the sake of grammar. */
	readonly numbers: (random: Random) => readonly number[];
	/** Wordings of the question, with no other numbers in digits. */
	readonly tell: (numbers: readonly number[], cast: Cast) => readonly string[];
	readonly solve: (numbers: readonly number[]) => readonly Step[];
}

export function step(what: string, a: number, operator: Operator, b: number): Step {
	const result = { "+": a + b, "-": a - b, "*": a * b, "/": a / b }[operator];
	return { what, sum: `${a} ${operator} ${b}`, result };
}

/** Steps that each go on from the result of the one before. */
export function chain(start: number, ...steps: readonly (readonly [string, Operator, number])[]): Step[] {
	let value = start;
	return steps.map(([what, operator, operand]) => {
		const next = step(what, value, operator, operand);
		value = next.result;
		return next;
	});
}
