import type { Node } from "./ast.ts";
import { Budget, OutOfSteps } from "./budget.ts";
import { choiceOf } from "./choices.ts";
import { sameAnswer } from "./compare.ts";
import type { Conventions } from "./evaluate-numeric.ts";
import { parse } from "./latex-parser.ts";
import { sameText, strictText } from "./text-answer.ts";
import { unwrap } from "./unwrap.ts";

export interface Equivalence {
	readonly equal: boolean;
	/** Why, in one line. */
	readonly reason: string;
}

export interface EquivalenceOptions {
	/** Of the random points at which expressions are compared. */
	readonly seed?: number;
	/** After so many steps what is left is compared as text. */
	readonly steps?: number;
}

export const defaultSteps = 200_000;
/** Longer answers are compared as they stand. */
const mostCharacters = 10_000;

/**
 * Whether an answer says the same as the gold answer; both stand alone, with or without `$...$`, `\boxed{}` and the like.
 * The same arguments give the same verdict everywhere: steps are counted, not time.
 */
export function equivalent(gold: string, answer: string, options: EquivalenceOptions = {}): Equivalence {
	const { seed = 20_240_229, steps = defaultSteps } = options;
	const [left, right] = [unwrap(gold), unwrap(answer)];
	if (right === "") return { equal: false, reason: "the answer is empty" };
	if (left === right) return { equal: true, reason: "the same text" };
	if (left.length > mostCharacters || right.length > mostCharacters)
		return verdict(
			left.replace(/\s+/g, "") === right.replace(/\s+/g, ""),
			"the same text",
			"too long to be read, and another text",
		);
	const budget = new Budget(steps);
	try {
		let parsed = false;
		for (const thousands of readings(left, right)) {
			const [a, b] = [left, right].map((text) => parse(text, { thousands }));
			if (a === undefined || b === undefined) continue;
			parsed = true;
			for (const conventions of conventionsOf(left, right))
				if (sameAnswer(a, b, { conventions, seed, budget })) return { equal: true, reason: reasonFor(a) };
		}
		if (sameDecimalComma(left, right) || sameDecimalComma(right, left))
			return { equal: true, reason: "the same number" };
		const choice = sameChoice(left, right, options);
		if (choice !== undefined) return verdict(choice, "the same choice", "another choice");
		const metres = inMetres(left, right);
		if (metres !== undefined) return equivalent(left, metres, options);
		if (parsed && !isWords(left, right)) return { equal: false, reason: "not the same value" };
		if (!parsed && strictText(left) === strictText(right)) return { equal: true, reason: "the same text" };
	} catch (error) {
		if (!(error instanceof OutOfSteps)) throw error;
		return { equal: false, reason: "too much to compute, and another text" };
	}
	return verdict(isWords(left, right) && sameText(left, right), "the same words", "another text");
}

function verdict(equal: boolean, yes: string, no: string): Equivalence {
	return { equal, reason: equal ? yes : no };
}

function reasonFor({ kind }: Node): string {
	if (kind === "text") return "the same words";
	if (kind === "relation") return "the same relation";
	if (kind === "sequence" || kind === "sets" || kind === "named-set") return "the same elements";
	if (kind === "matrix") return "the same entries";
	return "the same value";
}

/** A comma before three digits is read as one that groups them, and as one between two numbers. */
function readings(...texts: string[]): readonly boolean[] {
	return texts.some((text) => /\d(?:,|\s)\d{3}(?!\d)/.test(text)) ? [true, false] : [true];
}

function conventionsOf(...texts: string[]): readonly Conventions[] {
	const text = texts.join(" ");
	const logs: Conventions["log"][] = /log/.test(text) ? ["e", "10"] : ["e"];
	const degrees = /circ|degree|°/.test(text) && /sin|cos|tan|sec|csc|cot/.test(text) ? [true, false] : [true];
	return logs.flatMap((log) => degrees.map((asDegrees) => ({ log, degrees: asDegrees })));
}

/** `2,74` as it is written in half of Europe, against `2.74`. One digit after the comma could as well be a list. */
function sameDecimalComma(a: string, b: string): boolean {
	const decimal = /^([-+]?\d+),(\d{2}|\d{4,}|(?<=^[-+]?0,)\d+)$/.exec(a);
	return decimal !== null && /^[-+]?\d*\.\d+$/.test(b) && Number(`${decimal[1]}.${decimal[2]}`) === Number(b);
}

/** Of choices by letters, one of which says more than its letter; undefined for anything else. */
function sameChoice(gold: string, answer: string, options: EquivalenceOptions): boolean | undefined {
	const [a, b] = [choiceOf(gold), choiceOf(answer)];
	if (a === undefined || (a.says === "" && (b === undefined || answer === b.letter))) return undefined;
	// The letter was left out.
	if (b === undefined) return equivalent(a.says, answer, options).equal;
	return (
		a.letter === b.letter && (a.says === "" || b.says === "" || equivalent(a.says, b.says, options).equal)
	);
}

/** `5m`, `5 m²`: where the gold answer is a number alone, the letter is a unit and no variable. */
function inMetres(gold: string, answer: string): string | undefined {
	if (!/^\\?\$?[-+\d.,/ ]+$/.test(gold)) return undefined;
	return /^([-+\d.,/ ]*\d)\s*m(?:\^\{?[23]\}?|[²³])?$/.exec(answer)?.[1];
}

/** Whether one of them is in words rather than in formulas. */
function isWords(...texts: string[]): boolean {
	return texts.some(
		(text) =>
			/\\(?:text|mbox|mathrm|operatorname)/.test(text) ||
			/[A-Za-z]{3}/.test(text.replace(/\\[A-Za-z]+/g, "")),
	);
}
