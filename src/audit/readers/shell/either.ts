import { mayTellOfKl } from "../tells.ts";
import type { Pieces, Variable } from "./expand.ts";

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
	const pieces = "array" in variable ? variable.array : [variable.value];
	const words = pieces.flatMap((word) => marked(word).trim().split(/\s+/)).filter((word) => word !== "");
	const isHidden = words.some(
		(word, i) => word.startsWith(unknownMark) && (i === 0 || !words[i - 1].startsWith("-")),
	);
	return isHidden ? null : words.filter((word) => !word.startsWith(unknownMark));
}

/** Stands for what is not known. */
const unknownMark = "\0";

function marked(word: Pieces): string {
	return word.map((piece) => ("text" in piece ? piece.text : unknownMark)).join("");
}
