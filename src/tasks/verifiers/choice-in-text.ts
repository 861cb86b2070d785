import { lastBoxed } from "./last-boxed.ts";

/** The letters that a text names as its answer: one, or several where it is not to be decided, or none. */
export interface Found {
	readonly letters: readonly string[];
	/** How they were found, or why there are none. */
	readonly reason: string;
}

/** What may stand around a letter; bounded, so that no text takes long. */
const open = String.raw`(?:[\s*_"'“‘(\[<$]|\\(?:text|textbf|textit|mathrm|mathbf|boxed|fbox)\{){0,12}`;
const verb = String.raw`(?:is|are|was|be|would be|must be|should be|will be|has to be|:|=|-|–|—)`;
const adverb = String.raw`(?:(?:therefore|thus|hence|then|clearly|simply|probably|most likely|indeed)[,:]?\s)?`;
const noun = String.raw`(?:the\s)?(?:(?:correct|right|best)\s)?(?:(?:answer|option|choice|letter)\s?)?`;

/** Ways to state an answer; each ends just before its letter. */
const statements = [
	new RegExp(
		String.raw`\b(?:answer|option|choice|letter)\b[*_]{0,2}\s{0,3}${adverb}${verb}[*_]{0,2}\s{0,3}:?\s{0,3}${adverb}${noun}${open}`,
		"gi",
	),
	new RegExp(String.raw`\b[Aa]nswer[*_]{0,2}\s{1,3}${noun}${open}(?=[A-Z][)\].*_]{0,4}\s{0,3}(?:\n|$))`, "g"),
	new RegExp(String.raw`\b(?:choose|pick|select|go with|going with)\s{1,3}${noun}${open}`, "gi"),
	// (B) is correct
	new RegExp(
		String.raw`(?<![A-Za-z0-9])${open}(?=[A-Z][)\]"'*_.]{0,4}\s{1,3}is\s{1,3}(?:the\s)?(?:correct|right|best)\b)`,
		"g",
	),
];

/** A line that is a letter, alone or with the text of the choice behind it: `B`, `(B)`, `**B**`, `B) 550 nm`. */
const letterLine =
	/^[\s*_>#"'(\[$-]{0,12}([A-Z])(?:[)\]}*_"'$.:\s]{0,12}$|[*_]{0,2}[).:\]][*_]{0,2}\s.{0,2000}$)/;

/** Words that go on after a letter, where others would make an A an article. */
const goesOn = /^\s+(?:because|since|as|for|and|or|is|with|which|by|due|but|not)\b/;

/**
 * The answer of a completion: the last box or statement ("the answer is (B)"), else the line that is a letter, else the
 * text of exactly one choice.
 * @param count of the choices
 * @param choices their texts, where they are known
 */
export function findChoice(completion: string, count: number, choices: readonly string[]): Found {
	const texts = new ChoiceTexts(choices);
	const stated = lastStatement(completion, texts);
	const box = completion.lastIndexOf("\\boxed{");
	if (box !== -1 && box > (stated?.at ?? -1)) {
		const content = lastBoxed(completion);
		const boxed = content === null ? { letters: [], reason: "an open box" } : standsAlone(content);
		if (boxed.letters.length > 0) return { ...boxed, reason: `boxed ${boxed.letters.join(" and ")}` };
		const said = content === null ? [] : texts.equalTo(content);
		if (said.length > 0) return { letters: said, reason: "the boxed text of a choice" };
	}
	if (stated !== undefined) return stated.found;
	const lines = completion.split("\n").filter((line) => line.trim() !== "");
	const byLine = letterOfLines(lines, count);
	if (byLine !== undefined) return byLine;
	const alone = standsAlone(completion.slice(0, 100));
	const inRange = alone.letters.every((letter) => letter.charCodeAt(0) - 65 < count);
	if (alone.letters.length > 0 && inRange && completion.length < 20) return alone;
	const whole = texts.equalTo(completion);
	if (whole.length > 0) return { letters: whole, reason: "the text of a choice" };
	const within = texts.within(lines.at(-1) ?? "");
	if (within.length > 0) return { letters: within, reason: "the text of a choice in the last line" };
	return { letters: [], reason: "no choice was found" };
}

/** A letter in an answer that is nothing else: `B`, `(B)`, `\text{B}`, `B. 550 nm`; several where it lists them. */
export function standsAlone(answer: string): Found {
	const bare = answer.replaceAll(/\\(?:text|textbf|textit|mathrm|mathbf)\s?|[{}*_$`"'\\]/g, "").trim();
	const one = /^\(?([A-Z])\)?[.:]?$/i.exec(bare) ?? /^(?:\(([A-Z])\)|([A-Z])[).:])(?=\s)/.exec(bare);
	const letter = one?.[1] ?? one?.[2];
	if (letter !== undefined)
		return { letters: [letter.toUpperCase()], reason: `it is ${letter.toUpperCase()}` };
	const several = /^\(?[A-Z]\)?(?:(?:\s?,\s?|\s?\/\s?|\s?&\s?|\s(?:or|and)\s)\(?[A-Z]\)?)+$/.test(bare);
	return several ? listed(bare.match(/[A-Z]/g) ?? []) : { letters: [], reason: "no letter" };
}

function listed(letters: readonly string[]): Found {
	const different = [...new Set(letters)];
	return { letters: different, reason: `it names ${different.join(" and ")}` };
}

/** So many statements from the end are compared with the choices' texts, which takes longer than to look for a letter. */
const mostTexts = 20;

function lastStatement(text: string, texts: ChoiceTexts): { at: number; found: Found } | undefined {
	const places = statements.flatMap((pattern) =>
		Array.from(text.matchAll(pattern), ({ index, 0: match }) => ({ from: index, at: index + match.length })),
	);
	places.sort((a, b) => b.at - a.at);
	for (const [i, { from, at }] of places.entries()) {
		const found = letterAt(text, at) ?? (i < mostTexts ? textAt(text, from, at, texts) : undefined);
		if (found !== undefined) return { at, found };
	}
	return undefined;
}

/** The letter that stands at a place, and those that it is joined to by "or" and "and". */
function letterAt(text: string, at: number): Found | undefined {
	const rest = text.slice(at, at + 80);
	const letter = /^[A-Za-z](?![\w'’^(]|-\w|\/\d|\s?[=+<>])/.exec(rest)?.[0];
	if (letter === undefined) return undefined;
	const after = rest.slice(1);
	const wrapped = /[([{*_"']/.test(text[at - 1] ?? "") && /^[)\]}*_"']/.test(after);
	const ends = /^[)\]}*_"'$\s]*(?:$|\n|[.,;!?](?:\s|$))/.test(after);
	// "The answer is a cat", and "A cat": an article.
	const isWord = /[AI]/.test(letter) && /^\s+[a-z]/.test(after) && !goesOn.test(after);
	if (!wrapped && !ends && (letter !== letter.toUpperCase() || isWord)) return undefined;
	const others =
		/^[)\]}*_"']{0,4}((?:(?:\s?,\s?|\s?\/\s?|\s?&\s?|,?\s(?:or|and|and\/or)\s)(?:either\s)?[*_(]{0,3}[A-Z](?![\w'’])[)\]*_]{0,3})+)/.exec(
			after,
		)?.[1];
	const all = [letter.toUpperCase(), ...(others?.match(/[A-Z]/g) ?? [])];
	return all.length === 1 ? { letters: all, reason: `it states ${all[0]}` } : listed(all);
}

/** The text of a choice that stands there instead: "the answer is 550 nm". */
function textAt(text: string, from: number, at: number, texts: ChoiceTexts): Found | undefined {
	// What may stand around a letter may belong to a text.
	const start = text.slice(from, at).search(/[\s:]\S*$/);
	for (const begin of [at, from + Math.max(0, start)]) {
		const line = text.slice(begin, begin + 2000).split("\n", 1)[0];
		for (const said of [line, line.split(/\.\s/, 1)[0]]) {
			const letters = texts.equalTo(said);
			if (letters.length > 0) return { letters, reason: "it states the text of a choice" };
		}
	}
	return undefined;
}

/** Of lines that are letters: theirs where it is one, or that of the last line where that is a letter alone. */
function letterOfLines(lines: readonly string[], count: number): Found | undefined {
	const letters = lines.flatMap((line) => {
		const letter = letterLine.exec(line)?.[1];
		return letter === undefined || letter.charCodeAt(0) - 65 >= count ? [] : [letter];
	});
	if (letters.length === 0) return undefined;
	const last = lines[lines.length - 1].trim().replaceAll(/[*_()[\].$]/g, "");
	if (/^[A-Z]$/.test(last)) return { letters: [last], reason: `the last line is ${last}` };
	const found = listed(letters);
	return found.letters.length === 1 ? { ...found, reason: `a line is ${letters[0]}` } : found;
}

/** Letters, spaces folded, without case or the marks around it. */
export function foldText(text: string): string {
	return text
		.slice(0, 5000)
		.toLowerCase()
		.replaceAll(/\s+/g, " ")
		.replace(/^[\s*_"'“‘(:$`]+/, "")
		.replace(/[\s*_"'”’).,;:!$`]+$/, "");
}

class ChoiceTexts {
	readonly #folded: readonly string[];

	constructor(choices: readonly string[]) {
		this.#folded = choices.map(foldText);
	}

	/** Letters of the choices with this text. */
	equalTo(text: string): string[] {
		const folded = foldText(text);
		return this.#lettersOf((choice) => choice !== "" && choice === folded);
	}

	/** Letters of the choices that a line has in it, without those that are but a part of another one there. */
	within(line: string): string[] {
		const folded = foldText(line);
		const there = this.#folded.filter((choice) => choice !== "" && hasWords(folded, choice));
		const whole = there.filter(
			(choice) => !there.some((other) => other !== choice && other.includes(choice)),
		);
		return this.#lettersOf((choice) => whole.includes(choice));
	}

	#lettersOf(is: (choice: string) => boolean): string[] {
		return this.#folded.flatMap((choice, i) => (is(choice) ? [String.fromCharCode(65 + i)] : []));
	}
}

/** Whether words stand in a text as words: 5 is not in 50, nor cat in cattle. */
function hasWords(text: string, words: string): boolean {
	for (let at = text.indexOf(words); at !== -1; at = text.indexOf(words, at + 1)) {
		const [before, after] = [text[at - 1] ?? " ", text[at + words.length] ?? " "];
		if (!/[\w.]/.test(before) && !/\w/.test(after)) return true;
	}
	return false;
}
