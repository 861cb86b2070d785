import { z } from "zod";
import { expected } from "../../errors.ts";
import { type Expression, evaluate, parseExpression } from "./countdown-expression.ts";
import { lastBoxed } from "./last-boxed.ts";
import type { Verdict, VerifierKind } from "./verifier.ts";

const options = z.strictObject({});

interface Game {
	readonly nums: readonly bigint[];
	readonly target: bigint;
}

/** Whether an expression uses every number of a game once and comes to its target, in exact fractions. */
export const countdown: VerifierKind<typeof options> = {
	name: "countdown",
	description: "an expression of given numbers, each used once, that equals a target",
	options,
	create: () => ({
		verify({ gold, completion }) {
			const game = parseGame(gold);
			const answer = extract(completion);
			if (answer === null) return { correct: false, extracted: null, reason: "no expression was found" };
			return judge(game, answer);
		},
		compare: (gold, answer) => judge(parseGame(gold), answer),
	}),
};

/** `{"nums":[44,19,35],"target":98}`, or `44 19 35 -> 98`. @throws ThaliaError `gold-invalid` */
function parseGame(gold: string): Game {
	const arrow = /^\s*\[?([-\d\s,]+?)\]?\s*->\s*(-?\d+)\s*$/.exec(gold);
	const [nums, target]: readonly unknown[] =
		arrow === null
			? fromJson(gold)
			: [
					arrow[1]
						.split(/[\s,]+/)
						.filter(Boolean)
						.map(Number),
					Number(arrow[2]),
				];
	const valid =
		Array.isArray(nums) && nums.length > 0 && [...(nums as unknown[]), target].every(Number.isSafeInteger);
	if (!valid)
		throw expected(
			"gold-invalid",
			'{"nums":[whole numbers],"target":whole number}',
			"a countdown's gold",
			gold,
		);
	return { nums: (nums as number[]).map(BigInt), target: BigInt(target as number) };
}

function fromJson(gold: string): unknown[] {
	try {
		const { nums, target } = JSON.parse(gold) as { nums?: unknown; target?: unknown };
		return [nums, target];
	} catch {
		return [];
	}
}

/**
 * The text that is meant as the answer: in the last `<answer>`, in the last box, behind the last "answer:" or "answer
 * is", or the end of the last line. Null where there is nothing.
 */
function extract(completion: string): string | null {
	const tag = completion.lastIndexOf("<answer>");
	if (tag !== -1) {
		const start = tag + "<answer>".length;
		const end = completion.indexOf("</answer>", start);
		return completion.slice(start, end === -1 ? undefined : end).trim();
	}
	const boxed = lastBoxed(completion);
	if (boxed !== null) return boxed;
	const lines = completion.trimEnd().split("\n");
	const marked = lines.findLast((line) => /\banswer(?:\s+is)?\b/i.test(line));
	// Words stand before an expression, and are none of it.
	const tail = tailOf(marked ?? lines[lines.length - 1]);
	return tail === "" ? null : tail;
}

/** What follows the last word; of a line longer than any expression, of its end. */
function tailOf(line: string): string {
	const end = line.slice(-2000);
	// A command such as \times is no word.
	const words = end.replaceAll(/\\(?:times|div|cdot|left|right|[dt]?frac)/g, (command) =>
		" ".repeat(command.length),
	);
	const after = words.search(/(?<=[A-WYZa-wyz:;!?])[^A-WYZa-wyz:;!?]*$/);
	return end
		.slice(Math.max(0, after))
		.replace(/^[\s*`$_]+/, "")
		.replace(/[\s*`$_.]+$/, "");
}

function judge({ nums, target }: Game, answer: string): Verdict {
	const extracted = answer.length > 200 ? `${answer.slice(0, 197)}...` : answer;
	const wrong = (reason: string): Verdict => ({ correct: false, extracted, reason });
	const sides = answer.split("=");
	if (sides.length > 2) return wrong("more than one equals sign");
	// Not more numbers than there are: whatever the length of the text, what is computed is small.
	const parsed = sides.map((side) => parseExpression(side, nums.length));
	const [left, right] = [parsed[0], parsed.at(1)];
	if (typeof left === "string") return wrong(left);
	let expression: Expression = left;
	if (right !== undefined) {
		if (typeof right === "string") return wrong(`${right} after the equals sign`);
		const [formula, claim] = isNumber(left) && !isNumber(right) ? [right, left] : [left, right];
		if (!isNumber(claim) || evaluate(claim)?.[0] !== target)
			return wrong(`what it claims to equal is not ${target}`);
		expression = formula;
	}
	const misuse = misused(expression.numbers, nums);
	if (misuse !== null) return wrong(misuse);
	const value = evaluate(expression);
	if (value === null) return wrong("it divides by zero");
	const [top, bottom] = value;
	if (bottom === 1n && top === target) return { correct: true, extracted, reason: `it equals ${target}` };
	return wrong(`it equals ${bottom === 1n ? String(top) : `${top}/${bottom}`}, not ${target}`);
}

function isNumber({ numbers, postfix }: Expression): boolean {
	return numbers.length === 1 && postfix.slice(1).every((item) => item === "negate");
}

/** What is wrong with the numbers that are used, or null. */
function misused(used: readonly bigint[], nums: readonly bigint[]): string | null {
	const left = [...nums];
	for (const number of used) {
		const at = left.indexOf(number);
		if (at === -1)
			return nums.includes(number) ? `it uses ${number} too often` : `${number} is none of the numbers`;
		left.splice(at, 1);
	}
	return left.length === 0 ? null : `it does not use ${left.join(", ")}`;
}
