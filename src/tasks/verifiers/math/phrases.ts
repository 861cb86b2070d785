import { multipliers, numeralOf } from "./numerals.ts";

/** A formula, or the end of one, after which nothing but the phrase follows. */
const integers = String.raw`(?:\\mathbb\s*\{?\s*Z\s*\}?|\\mathbf\s*\{\s*Z\s*\}|\\Z|Z|\\text\s*\{\s*Z\s*\})`;
const r = String.raw;
const binomial = (n: string, k: string) => r`\binom{${n}}{${k}}`;

/** English that states mathematics, and the same in signs. Each is looked for in the text without its \text{}. */
const phrases: readonly (readonly [pattern: RegExp, signs: string | ((...groups: string[]) => string)])[] = [
	[/^\s*(?:the\s+)?(?:final\s+)?(?:answer|result|solution)\s*(?:is|:|=)\s*(?=\S)/i, ""],
	[/^\s*(?:about|approximately|approx\.?|roughly|around|nearly|exactly|precisely)\s+(?=[\d$\\.-])/i, ""],
	[/\s*\(?\s*\b(?:approximately|approx)\b\.?\s*\)?\s*$/i, ""],
	[
		new RegExp(
			r`[,;]?\s*\(?\s*(?:,|where|for|with|and|any|all|every|each|some|\\forall|\\quad|\s)*\s*\b([a-zA-Z])\s*\\in\s*${integers}\s*\)?\s*\.?$`,
		),
		(k) => r`, ${k}\in\mathbb{Z}`,
	],
	[
		/[,;]?\s*\(?\s*\b(?:(?:where|for|with|and|any|all|every|each|some)\s+)*(?:\$\s*)?([a-z])(?:\s*\$)?\s+(?:is|being|denotes|represents)?\s*(?:an|any)\s+(?:arbitrary\s+)?integer\s*\)?\s*\.?$/i,
		(k) => r`, ${k}\in\mathbb{Z}`,
	],
	[
		/[,;]?\s*\(?\s*\b(?:where|for|with)\s+(?:any|all|every|each|some|an|arbitrary|\s)*\s*integers?\s+(?:values?\s+of\s+)?([a-z])\s*\)?\s*\.?$/i,
		(k) => r`, ${k}\in\mathbb{Z}`,
	],
	[
		/^\s*(?:x\s+(?:is|can be)\s+)?(?:all|any)\s+(?:real\s+numbers?|reals)\s+(?:x\s+)?(?:except|other than|but|not equal to)\s+(?:for\s+)?(?:[a-z]\s*=\s*)?(.+)$/i,
		(values) => r`\mathbb{R}\setminus\{${values}\}`,
	],
	[/^\s*(-?[\d.]+(?:\/\d+)?)\s+(?:is\s+)?to\s+(-?[\d.]+(?:\/\d+)?)\s*$/i, (a, b) => `${a}:${b}`],
	[
		/^\s*\(?([\dA-Fa-f]+)\)?\s*\(?\s*(?:in\s+)?base[\s-]+(\d{1,2})\s*\)?\s*$/i,
		(digits, base) => `${digits}_{${base}}`,
	],
	[/^\s*(\d+)\s+(?:out\s+of|in)\s+(\d+)\s*$/i, (n, of) => r`\frac{${n}}{${of}}`],
	[/^\s*(?:[a-z]+\s+){1,4}?(?:is|equals|is\s+equal\s+to)\s+(?=[-\d$\\(.])/i, ""],
	[/(?<=\d)\s*h\s+(?=\d+\s*(?:m|min|minutes)\b)/, r`\text{ h }`],
	[/^\s*half\s+an?\s+(?=[a-z]+\s*$)/i, r`\frac{1}{2}\ `],
	[
		/(?<=\d\s*)\s(dozen|hundred|thousand|million|billion|trillion)\b(?!\s*and)/i,
		(word) => r`\cdot ${multipliers.get(word.toLowerCase())!} `,
	],
	[/^\s*(?:USD|US\s*\\?\$|Rs\.?|INR|EUR|GBP|CAD)\s*(?=\d)/, r`\$`],
	// Combinations in other countries' notation.
	[/^\s*(?:\{\s*\})?\s*[_^]\s*\{?\s*(\w+)\s*\}?\s*C\s*_\s*\{?\s*(\w+)\s*\}?\s*$/, binomial],
	[/^\s*C\s*_\s*\{?\s*(\d+)\s*\}?\s*\^\s*\{?\s*(\d+)\s*\}?\s*$/, binomial],
	[/\(\s*mod(?:ulo)?\s+(\w+)\s*\)/i, (m) => r`\pmod{${m}}`],
];

const wrappers = /\\(?:text|mbox|textrm|textnormal|mathrm|hbox)\s*\{([^{}]*)\}/g;

/** The same answer with such phrases in signs; the text itself where it has none. */
export function phrasesAsSigns(text: string): string {
	if (text.length > 400 || !/[A-Za-z]/.test(text)) return text;
	let plain = text
		.replace(wrappers, " $1 ")
		.replace(/\\[ ,;]/g, " ")
		.replace(/\s+/g, " ");
	let found = false;
	const numeral =
		/^\s*([A-Za-z]+(?:[\s-]+[A-Za-z]+)*?)((?:\s+(?:percent|degrees|dollars|cents|units))?)[\s.]*$/.exec(
			plain,
		);
	const digits = numeral === null ? undefined : numeralOf(numeral[1]);
	if (digits !== undefined) return `${digits}${numeral![2]}`;
	for (const [pattern, signs] of phrases) {
		const match = pattern.exec(plain);
		if (match === null) continue;
		const rewritten = typeof signs === "string" ? signs : signs(...match.slice(1));
		plain = plain.slice(0, match.index) + rewritten + plain.slice(match.index + match[0].length);
		found = true;
	}
	return found && plain.trim() !== "" ? plain : text;
}
