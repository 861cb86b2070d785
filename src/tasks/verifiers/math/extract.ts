import { some } from "./ast.ts";
import { boxes } from "./boxes.ts";
import { parse } from "./latex-parser.ts";
import { mathSpans, type Span } from "./math-spans.ts";
import { unitOf } from "./units.ts";

/**
 * The answer in running text, by the first of these that it has:
 *
 * 1. what follows the last `</think>`, and of that the last `<answer>...</answer>`, where there are such;
 * 2. the last box that holds something, or a "final answer is" with a formula or a number after it; boxes with nothing
 *    but "and", "or" or a comma between them are one list. A last box that is empty is no answer;
 * 3. what follows the last `####`;
 * 4. what the last "answer is", "answer:" and the like is followed by;
 * 5. the whole text where it is one short line;
 * 6. the last formula or the last number, whichever comes later.
 *
 * Takes time linear in the length of the text.
 * @returns the readings of that answer, of which one must be right: none where nothing is found, and two for boxes that
 * were taken as a list, the list and its last box
 */
export function extractAnswers(completion: string): readonly string[] {
	const text = relevantPart(completion);
	const box = lastBoxes(text);
	const stated = lastStatement(text, box === undefined ? 0 : box.end, box !== undefined);
	if (stated !== null && box !== undefined) return [stated];
	if (box !== undefined) return box.contents;
	const hashes = text.lastIndexOf("####");
	if (hashes !== -1) {
		const line = firstLine(text.slice(hashes + 4)).trim();
		if (line !== "") return [clean(line)];
	}
	const found = stated ?? shortLine(text) ?? lastOf(text);
	return found === null ? [] : [found];
}

const markup = /<\|[a-z_]+\|>|<\/?s>|<\/?(?:answer|think)>/g;

function relevantPart(completion: string): string {
	const thought = completion.lastIndexOf("</think>");
	let text = thought === -1 ? completion : completion.slice(thought + 8);
	if (text.trim() === "") text = completion;
	const close = text.lastIndexOf("</answer>");
	const open = text.lastIndexOf("<answer>", close === -1 ? text.length : close);
	if (open !== -1) {
		const inside = text.slice(open + 8, close > open ? close : text.length);
		if (inside.trim() !== "") text = inside;
	}
	return text.includes("<") ? text.replace(markup, " ") : text;
}

const joiner =
	/^(?:[\s$.;,*&]|[A-Za-z](?:_\{?\d\}?)?\s*=|\\[()[\],;:! ]|\\quad|\\qquad|\\text\s*\{\s*,?\s*(?:and|or)?\s*\}|and|or)*$/;

/** The last box, joined with those before it that only "and", "or" or a comma separate from it, and alone. */
function lastBoxes(text: string): { contents: readonly string[]; end: number } | undefined {
	const all = boxes(text);
	let at = all.length - 1;
	if (at < 0) return undefined;
	const { content, end } = all[at];
	const last = content.trim();
	if (last === "") return { contents: [], end };
	const joined = [last];
	for (; at > 0 && joined.length < mostJoined; at--) {
		const before = all[at - 1];
		const between = text.slice(before.end, all[at].start);
		// A full stop or a paragraph ends one answer and begins another.
		if (between.length > 60 || !joiner.test(between) || /[.]\s|\n\s*\n/.test(between)) break;
		if (before.content.trim() === "") break;
		joined.unshift(before.content.trim());
	}
	const list = [...new Set(joined)];
	return { contents: list.length > 1 ? [list.join(", "), last] : [last], end };
}

/** Boxes that are taken together as one answer. */
const mostJoined = 50;

const finalAnswer = /final\s+answer\b[^.\n]{0,100}?(?:\bis\b|\bare\b|:|=)\s*/gi;
const anyAnswer =
	/(?:\b(?:answers?|solutions?|result)(?:\s+(?:to|of|for)\s[^.\n]{0,80}?)?\s*(?:is|are|equals|would be|must be|will be)\b\s*:?|\b(?:answers?|ans)\s*(?:\*\*|\*)?\s*[:=]|\banswers?\b(?=\s*(?:\$|\\\(|\\\[))|"answer"\s*:|\b(?:correct\s+)?(?:option|choice)\s+is\b|答案[是为：:]*|(?:antwort|réponse|respuesta|resposta|risposta|ответ|答え|正解|정답|답)\s*\**\s*[:：=])\s*/gi;

/** What the text says after its last "answer is"; after a box only a final answer that is a formula or a number counts. */
function lastStatement(text: string, from: number, afterBox: boolean): string | null {
	let found: string | null = null;
	for (const pattern of afterBox ? [finalAnswer] : [finalAnswer, anyAnswer]) {
		// Statements near the end are looked at first; there may be very many.
		const ends = [...text.slice(from).matchAll(pattern)]
			.slice(-8)
			.map((match) => from + match.index + match[0].length);
		for (const end of ends.reverse()) {
			found = fromSentence(text.slice(end, end + 2000), afterBox);
			if (found !== null) return found;
		}
	}
	return found;
}

const filler =
	/^(?:[\s*_"':=]|\\[,;: ]|that\b|therefore\b|thus\b|simply\b|just\b|exactly\b|approximately\b|about\b|indeed\b|now\b|the\b(?=\s*[$\\\d]))+/i;

function fromSentence(rest: string, formulaOnly: boolean): string | null {
	const start = filler.exec(rest)?.[0] ?? "";
	const text = rest.slice(start.length);
	const spans = mathSpans(text);
	if (spans.length > 0 && spans[0].start <= 1) {
		const group = groupFrom(text, spans, 0);
		// `$5$ cm`, `$20$ percent`, `$28$ %`
		const unit = /^\s*(?:\\?%|percent(?:age)?\b|pct\b)/i.exec(text.slice(group.end))?.[0] ?? "";
		return clean(group.content + (unit === "" ? "" : "\\%"));
	}
	const line = firstSentence(text);
	const inside = spans.filter(({ end }) => end <= line.length);
	if (inside.length > 0) {
		// "the number of divisors of $N$ is 34"
		const tail = line.slice(inside.at(-1)!.end);
		const number = lastNumber(tail);
		return number ?? clean(inside.at(-1)!.content);
	}
	if (formulaOnly) return leadingNumber(line);
	const plain = clean(line);
	if (plain === "") return null;
	if (plain.length <= 40 && !isSentence(plain)) return withoutRemark(plain);
	return leadingNumber(line) ?? claimed(line) ?? lastNumber(line) ?? (plain.length <= 80 ? plain : null);
}

/** A span with those after it that only "and", "or" or a comma separate from it. */
function groupFrom(text: string, spans: readonly Span[], first: number): Span {
	let { content, end } = spans[first];
	for (const next of spans.slice(first + 1)) {
		if (!/^\s*(?:,|;|and|or|,\s*and|,\s*or)\s*$/.test(text.slice(end, next.start))) break;
		content += `, ${next.content}`;
		end = next.end;
	}
	return { content, start: spans[first].start, end };
}

/** Up to a line end, or a full stop that is none of a decimal point or an abbreviation. */
function firstSentence(text: string): string {
	const line = firstLine(text);
	const stop = /[.!?]["*)]*(?=\s+[A-Z]|\s*$)/.exec(line);
	return stop === null ? line : line.slice(0, stop.index);
}

function firstLine(text: string): string {
	const end = text.replace(/^\s+/, (space) => " ".repeat(space.length)).indexOf("\n");
	return end === -1 ? text : text.slice(0, end);
}

function clean(text: string): string {
	return text
		.trim()
		.replace(/^(?:\*\*|[*_`"'])+|(?:\*\*|[*_`"'])+$/g, "")
		.trim()
		.replace(/\s*[.,;:]+$/, "")
		.replace(/(?:\*\*|`|")+$/g, "")
		.trim();
}

const numberSource =
	"(?<![A-Za-z0-9_.])(?:[-\u2212+]?\\s?[$\u20ac\u00a3]?\\s?)(?:\\d{1,3}(?:[, ]\\d{3})+(?!\\d)(?:\\.\\d+)?|\\d+\\s+\\d+\\s*/\\s*\\d+|\\d*[.,]?\\d+)(?:\\s*[/:]\\s*\\d+(?:\\.\\d+)?)?(?:\\s*\\\\?%|\\s*percent(?:age)?\\b|\\s*pct\\b)?";

function leadingNumber(text: string): string | null {
	const match = new RegExp(`^\\s*${numberSource}(?=[\\s.,;:)*]|$)`).exec(text);
	return match === null ? null : tidyNumber(match[0]);
}

function lastNumber(text: string): string | null {
	const near = text.slice(-4000);
	const match = [...near.matchAll(new RegExp(numberSource, "g"))].at(-1);
	return match === undefined ? null : tidyNumber(match[0]);
}

function tidyNumber(text: string): string {
	return text
		.trim()
		.replace(/[$\u20ac\u00a3]/g, "")
		.replace(/percent(?:age)?|pct/, "%");
}

/** A completion that is nothing but its answer: a formula, or a few words that are no sentence around a number. */
function shortLine(text: string): string | null {
	const plain = text.trim();
	if (plain.length > 60 || plain.includes("\n") || plain === "") return null;
	if (isSentence(plain) || /^[A-Za-z]{2,}\s*:/.test(plain) || /^[A-Za-z]{2,} [A-Za-z]{2,} .*=/.test(plain))
		return null;
	return /[A-Za-z]{3}/.test(plain.replace(/\\[A-Za-z]+/g, "")) && mathSpans(plain).length > 0
		? null
		: clean(plain);
}

/** "8 of them" -> "8": several words after a number that are no unit. */
function withoutRemark(text: string): string {
	const words = /^[^A-Za-z\\]*\d[^A-Za-z\\]*(\s[A-Za-z]+(?:\s[A-Za-z]+)+)$/.exec(text)?.[1];
	const joins = words !== undefined && /\b(?:and|or|sqrt|pi)\b/.test(words);
	return words === undefined || joins || unitOf(words) !== null ? text : text.slice(0, -words.length).trim();
}

function isSentence(text: string): boolean {
	if (/\s(?:is|are|equals|so|then|we|the|because|since|which|as)\s/i.test(text)) return true;
	const words = text.match(/(?<![\\A-Za-z])[A-Za-z]{2,}/g)?.length ?? 0;
	return words > 4 || (words > 2 && /^[A-Z].*\d/.test(text));
}

function lastOf(text: string): string | null {
	const near = text.slice(-20_000);
	const spans = mathSpans(near);
	const span = spans.at(-1);
	const tail = span === undefined ? near : near.slice(span.end);
	const number = claimed(tail) ?? lastNumber(tail);
	if (number !== null) return number;
	if (span !== undefined) return clean(span.content);
	return (
		/\bno\s+(?:real\s+)?solutions?\b[^.!?\n]*[.!?]?\s*$/i.exec(near)?.[0].replace(/(solutions?).*/is, "$1") ??
		null
	);
}

/** What the last line says that something "is", or what its last equals sign has on the right, if that is a formula. */
function claimed(text: string): string | null {
	const line = text.trimEnd().split("\n").at(-1)!;
	const found = /^.*(?:\s(?:is|are|be|equals)\s|=)\s*(\S.{0,60})$/.exec(line)?.[1];
	if (found === undefined || !/\d|\u03c0|\u221e|\\[a-z]/.test(found)) return null;
	const node = parse(clean(found), { thousands: true });
	return node === undefined || some(node, ({ kind }) => kind === "text") ? null : withoutRemark(clean(found));
}

/** Whether a text that should be an answer alone says that it is the answer. */
export function saysAnswer(text: string): boolean {
	return /\banswer\b/i.test(text);
}
