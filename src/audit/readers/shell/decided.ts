import { expandWord, plainText, type Variables } from "./expand.ts";
import type { Word } from "./words.ts";

/** What a test comes to, `[ "$X" = yes ]` and the like, where all that it looks at is known; null where it is not. */
export function decided(condition: readonly Word[], variables: Variables): boolean | null {
	const words = condition.flatMap((word) => {
		// A test of what a caller gives is one of a caller that is not known.
		const isOfCaller = word.parts.some((part) => part.kind === "variable" && /^[\d@*#]+$/.test(part.name));
		return isOfCaller ? [null] : expandWord(word, variables).map((pieces) => plainText(pieces));
	});
	if (words.includes(null)) return null;
	const [open, ...inner] = words as string[];
	if (words.length === 1) return open === "true" ? true : open === "false" ? false : null;
	const close = { "[": "]", "[[": "]]" }[open];
	if (close !== undefined && inner.pop() !== close) return null;
	if (close === undefined && open !== "test") return null;
	if (inner.length === 2) {
		if (inner[0] === "-n") return inner[1] !== "";
		return inner[0] === "-z" ? inner[1] === "" : null;
	}
	return inner.length === 3 ? compared(inner[0], inner[1], inner[2]) : null;
}

function compared(left: string, operator: string, right: string): boolean | null {
	if (/[*?[]/.test(right)) return null;
	if (operator === "=" || operator === "==") return left === right;
	if (operator === "!=") return left !== right;
	const difference = Number(left) - Number(right);
	if (left === "" || right === "" || Number.isNaN(difference)) return null;
	switch (operator) {
		case "-eq":
			return difference === 0;
		case "-ne":
			return difference !== 0;
		case "-gt":
			return difference > 0;
		case "-ge":
			return difference >= 0;
		case "-lt":
			return difference < 0;
		case "-le":
			return difference <= 0;
		default:
			return null;
	}
}
