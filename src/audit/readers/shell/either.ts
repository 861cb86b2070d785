import { mayTellOfKl } from "../tells.ts";
import { plainText, type Variable } from "./expand.ts";

/**
 * Options of which a condition takes one set or another, where none of them says anything of a KL: the longest; null
 * where they may.
 */
export function eitherOptions(ends: readonly (Variable | undefined)[]): Variable | null {
	const texts = ends.map((end) => (end === undefined ? [] : wordsOf(end)));
	const known = texts.filter((words) => words !== null);
	if (known.length < texts.length) return null;
	// What all begin with is no choice.
	const others = known.slice(1);
	const alike = known[0].findIndex((word, i) => others.some((words) => words.at(i) !== word));
	const shared = alike === -1 ? known[0].length : alike;
	const rests = known.map((words) => words.slice(shared));
	if (rests.flat().some((word) => mayTellOfKl(word))) return null;
	if (!rests.every((words) => words.length === 0 || /^[-+]|^\w[\w.]*=/.test(words[0].trim()))) return null;
	const longest = Math.max(...known.map((words) => words.join(" ").length));
	return ends[known.findIndex((words) => words.join(" ").length === longest)] ?? null;
}

/** A variable's words, an option's value that is not known as nothing; null where more is not known. */
function wordsOf(variable: Variable): string[] | null {
	const words = "array" in variable ? variable.array : [variable.value];
	const texts = words.map((word) => plainText(word));
	const isHidden = texts.some((text, i) => text === null && (i === 0 || !/^-/.test(texts[i - 1] ?? "")));
	return isHidden
		? null
		: texts.flatMap((text) => (text === null || text === "" ? [] : text.trim().split(/\s+/)));
}
