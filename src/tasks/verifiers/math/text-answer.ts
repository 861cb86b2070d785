import { normalise } from "./normalise.ts";

/** Whether two answers in words are the same: case, white space, punctuation and a letter's parentheses do not count. */
export function sameText(a: string, b: string): boolean {
	const [left, right] = [wordsOf(a), wordsOf(b)];
	return left !== "" && left === right;
}

const numerals = new Map(
	"zero one two three four five six seven eight nine ten eleven twelve"
		.split(" ")
		.map((word, i) => [word, String(i)] as const),
);

/** The number that a word says: "four" -> "4". */
export function numeralOf(text: string): string | undefined {
	return numerals.get(text.trim().toLowerCase());
}

function wordsOf(text: string): string {
	const plain = normalise(text)
		.replace(
			/\\(?:text|textbf|textit|textrm|textnormal|mbox|hbox|mathrm|mathbf|mathit|operatorname|emph|bf|rm|it)(?![A-Za-z])\s*/g,
			" ",
		)
		.replace(/[{}$~]/g, " ")
		.replace(/\\\s/g, " ")
		.toLowerCase()
		.trim()
		.replace(/[.,;:!?\s]+$/, "")
		.replace(/\s+/g, " ")
		.trim();
	const bracketed = /^[([]\s*([a-z0-9 ]+)\s*[)\]]$/.exec(plain)?.[1] ?? plain;
	const word = bracketed
		.replace(/\b([ap])\s*\.\s*m\b\.?/g, "$1m")
		.replace(/^(?:the|a|an) /, "")
		.replace(/\s*([^a-z0-9 ])\s*/g, "$1")
		.replace(/[.'"]/g, "");
	return aliases.get(word) ?? word;
}

const aliases = new Map([
	["true", "true"],
	["none of these", "none"],
	["none of the above", "none"],
	["no solutions", "no solution"],
	["no real solutions", "no real solution"],
]);

/** A formula that nobody can read, without its white space: braces count, as `\frac{1}{23}` is not `\frac{12}{3}`. */
export function strictText(text: string): string {
	return normalise(text).replace(/[\s$]/g, "");
}
