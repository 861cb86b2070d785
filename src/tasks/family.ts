import type { Random } from "./random.ts";

/** A question with one right answer. */
export interface Problem {
	/** Stable: the same problem has the same id wherever it comes up. */
	readonly id: string;
	readonly family: string;
	/** How hard, from 1; 0 where a data set does not say. */
	readonly level: number;
	readonly prompt: string;
	readonly answer: string;
	/** A right completion: a short chain of thought and the answer, as a base model is taught it. */
	readonly solution: string;
	/** Of a multiple-choice question, in the order of its letters. */
	readonly choices?: readonly string[];
}

/** What a family draws: the text after its name, the steps of a chain of thought, and the answer. */
export interface Draw {
	readonly question: string;
	readonly steps: readonly string[];
	readonly answer: string;
}

/** A kind of problem at graded difficulty. */
export interface Family {
	readonly name: string;
	/** Levels are 1 to this number. */
	readonly levels: number;
	draw(level: number, random: Random): Draw;
}

/** What a family of problems in words draws. */
export interface WrittenDraw {
	/** What makes it the same problem as another one, in whatever words: train and test share none. */
	readonly key: string;
	readonly prompt: string;
	readonly answer: string;
	/** A right completion. */
	readonly solution: string;
}

/** A kind of problem that is told in words and judged by a verifier. */
export interface WrittenFamily {
	readonly name: string;
	/** Levels are 1 to this number. */
	readonly levels: number;
	/** Name of its verifier. */
	readonly verifier: string;
	write(level: number, random: Random): WrittenDraw;
}

/** The one format of prompts and solutions: `add 47+85\n` and `7+5=12 4+8+1=13 #132`, or `#132` without working. */
export function makeProblem(family: Family, level: number, random: Random, working = true): Problem {
	const { question, steps, answer } = family.draw(level, random);
	const prompt = `${family.name} ${question}\n`;
	const solution = [...(working ? steps : []), `#${answer}`].join(" ");
	return { id: prompt.trim(), family: family.name, level, prompt, answer, solution };
}

/** What follows the last `#` of a completion, to the character: anything after the answer is a different answer. */
export function answerOf(completion: string): string | null {
	const marker = completion.lastIndexOf("#");
	return marker === -1 ? null : completion.slice(marker + 1);
}

/** Whether a completion's answer is the problem's, to the character. */
export function isCorrect(problem: Problem, completion: string): boolean {
	return answerOf(completion) === problem.answer;
}
