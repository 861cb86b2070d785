/** Numerator and denominator, the latter above 0, without a common factor. */
export type Fraction = readonly [bigint, bigint];

type Operator = "+" | "-" | "*" | "/" | "negate";

/** An expression in reverse Polish order. */
export interface Expression {
	readonly postfix: readonly (bigint | Operator)[];
	/** Those that it has, in their order. */
	readonly numbers: readonly bigint[];
}

/** Signs that stand for an operator. */
const signs = new Map<string, Operator>([
	...([
		["+", "+"],
		["＋", "+"],
		["-", "-"],
		["−", "-"],
		["–", "-"],
		["—", "-"],
	] as const),
	...([
		["*", "*"],
		["×", "*"],
		["·", "*"],
		["⋅", "*"],
		["∙", "*"],
		["∗", "*"],
		["x", "*"],
		["X", "*"],
	] as const),
	...([
		["/", "/"],
		["÷", "/"],
		["∕", "/"],
		["⁄", "/"],
	] as const),
	...([
		["\\times", "*"],
		["\\cdot", "*"],
		["\\div", "/"],
	] as const),
]);

const precedence: Record<Operator, number> = { "+": 1, "-": 1, "*": 2, "/": 2, negate: 3 };

const token = /\s*(?:(\d+)|(\\[a-zA-Z]+)|(\S))/suy;

/** A number longer than this is none of a game's. */
const mostDigits = 30;

/**
 * Reads + - * / with parentheses, their typographic signs, and `\frac{a}{b}`, in time linear in the text's length.
 * @returns why it is no expression, or one of more numbers than `mostNumbers`, as a text
 */
export function parseExpression(text: string, mostNumbers: number): Expression | string {
	const postfix: (bigint | Operator)[] = [];
	const numbers: bigint[] = [];
	const waiting: (Operator | "(" | "{" | "frac{")[] = [];
	let wantsOperand = true;
	const release = (least: number) => {
		for (let top = waiting.at(-1); top !== undefined && top in precedence; top = waiting.at(-1)) {
			if (precedence[top as Operator] < least) break;
			postfix.push(waiting.pop() as Operator);
		}
	};
	// Cleared of what only sets the type, and of the dollars and backticks around it.
	const clean = text.replaceAll(/\\(?:left|right|[dt](?=frac)|[,;! ])|[$`]|\\[()[\]]/g, (what) =>
		/^\\[dt]$/.test(what) ? "\\" : "",
	);
	token.lastIndex = 0;
	for (let match = token.exec(clean); match !== null; match = token.exec(clean)) {
		const [, digits, command, other] = match as (string | undefined)[];
		const sign = signs.get(command ?? other ?? "");
		if (digits !== undefined) {
			if (!wantsOperand) return `no operator before ${short(digits)}`;
			if (digits.length > mostDigits) return `${short(digits)} is none of the numbers`;
			if (numbers.length === mostNumbers) return `more than ${mostNumbers} numbers are used`;
			const number = BigInt(digits);
			numbers.push(number);
			postfix.push(number);
			wantsOperand = false;
		} else if (other === "(" || command === "\\frac") {
			if (!wantsOperand) return `no operator before ${short(other ?? command ?? "")}`;
			if (command === "\\frac") {
				const brace = token.exec(clean);
				if (brace?.[3] !== "{") return "\\frac without braces";
			}
			waiting.push(other === "(" ? "(" : "frac{");
		} else if (other === ")" || other === "}") {
			if (wantsOperand) return `nothing before ${other}`;
			release(0);
			const open = waiting.pop();
			if (open === undefined || (open === "(") !== (other === ")")) return `a ${other} that closes nothing`;
			if (open === "frac{") {
				const brace = token.exec(clean);
				if (brace?.[3] !== "{") return "\\frac without a denominator";
				waiting.push("{");
				wantsOperand = true;
			} else if (open === "{") postfix.push("/");
		} else if (sign !== undefined) {
			if (wantsOperand) {
				if (sign === "-") waiting.push("negate");
				else if (sign !== "+") return `nothing before ${short(command ?? other ?? "")}`;
				continue;
			}
			release(precedence[sign]);
			waiting.push(sign);
			wantsOperand = true;
		} else return `${short(command ?? other ?? "")} is no part of an expression`;
	}
	if (wantsOperand) return numbers.length === 0 ? "no expression was found" : "the expression breaks off";
	release(0);
	return waiting.length > 0 ? "a parenthesis that is not closed" : { postfix, numbers };
}

/** Its value; null where it divides by zero. */
export function evaluate({ postfix }: Expression): Fraction | null {
	const stack: Fraction[] = [];
	for (const item of postfix) {
		if (typeof item === "bigint") {
			stack.push([item, 1n]);
			continue;
		}
		const [c, d] = stack.pop()!;
		if (item === "negate") {
			stack.push([-c, d]);
			continue;
		}
		const [a, b] = stack.pop()!;
		if (item === "/" && c === 0n) return null;
		if (item === "+") stack.push(reduced(a * d + c * b, b * d));
		else if (item === "-") stack.push(reduced(a * d - c * b, b * d));
		else if (item === "*") stack.push(reduced(a * c, b * d));
		else stack.push(reduced(a * d, b * c));
	}
	return stack[0];
}

function reduced(top: bigint, bottom: bigint): Fraction {
	let [a, b] = [top < 0n ? -top : top, bottom < 0n ? -bottom : bottom];
	while (b > 0n) [a, b] = [b, a % b];
	const factor = bottom < 0n ? -a : a;
	return [top / factor, bottom / factor];
}

function short(text: string): string {
	return text.length > 20 ? `${text.slice(0, 20)}...` : text;
}
