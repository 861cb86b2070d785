import { normalise } from "./normalise.ts";

/** Whether two answers in words are the same: case, white space, punctuation and a letter's parentheses do not count. */
export function sameText(a: string, b: string): boolean {
	const [left, right] = [wordsOf(a), wordsOf(b)];
	return left !== "" && left === right;
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
		.replace(/(?<=\d) (?=[ap]m\b)/, "")
		.replace(/^(?:the|a|an) /, "")
		.replace(/(\d)(?:st|nd|rd|th)\b/g, "$1")
		.replace(/\s*([^a-z0-9 ])\s*/g, "$1")
		.replace(/[.'"]/g, "")
		// `\text{H}_2\text{O}`
		.replace(/(?<=_\d) (?=[a-z]\b)/g, "");
	return aliases.get(word) ?? word;
}

const aliases = new Map([
	["true", "true"],
	["none of these", "none"],
	["none of the above", "none"],
	["no solutions", "no solution"],
	["no real solutions", "no real solution"],
	["there is no solution", "no solution"],
	["there are no solutions", "no solution"],
	["infinitely many solutions", "infinitely many"],
	["infinite solutions", "infinitely many"],
	["dne", "does not exist"],
]);

/** A formula that nobody can read, without its white space but for that between two numbers: braces count, as `\frac{1}{23}` is not `\frac{12}{3}`. */
export function strictText(text: string): string {
	return normalise(text)
		.replace(/(?<=\d)\s+(?=\d)/g, "_")
		.replace(/[\s$]/g, "");
}
