import { withoutNoise, withoutReversedBrackets } from "./noise.ts";

/**
 * One spelling for what is written in several: unicode, spacing and size commands, and the many names of a fraction.
 * Nothing here changes what a text means. Linear in its length.
 */
export function normalise(text: string): string {
	let out = withoutNoise(text);
	if (/[^\x20-\x7e]/.test(out))
		out = out
			.replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+/g, (run) => `^{${run.replace(/./g, (c) => superscripts.get(c)!)}}`)
			.replace(/[₀₁₂₃₄₅₆₇₈₉]+/g, (run) => `_{${run.replace(/./g, (c) => String(subscripts.indexOf(c)))}}`)
			.replace(/√\s*(\d+(?:\.\d+)?|[A-Za-z])/g, "\\sqrt{$1}")
			.replace(/[^\x20-\x7e]/g, (c) => characters.get(c) ?? c);
	out = withoutReversedBrackets(out)
		// `1.2 x 10^3`, `12'345`, `0.1(6)`
		.replace(/(\d)\s*[xX]\s*(?=10\s*\^)/g, "$1*")
		.replace(/(?<=(?<![\d.'])\d{1,3}(?:'\d{3})*)'(?=\d{3}(?:'\d{3})*(?![\d']))/g, ",")
		.replace(/(?<![\d.])(\d+\.\d{0,9})\((\d{1,9})\)(?![\d^!.])/g, "$1\\overline{$2}");
	if (!out.includes("\\") && !out.includes("{,")) return out;
	// A command whose backslash was doubled by somebody's quoting: no row of a matrix starts with such a word.
	if (!out.includes("\\begin") || out.includes("\\\\begin")) out = out.replace(doubled, "\\");
	return out
		.replace(/(\d)(?:\{,\}|,\\!|\\!,|\\!\{,\}|\{,\}\\!|\{\s*,\s*\})\s*(?=\d{3}(?!\d))/g, "$1,")
		.replace(/(\d)\s+\{\s*,\s*\}\s*(?=\d{3}(?!\d))/g, "$1,")
		.replace(/(\d,\d{3})(?:\\!)(?=\D|$)/g, "$1")
		.replace(spacing, (_, row: string | undefined) => row ?? " ")
		.replace(sizes, (_, fence: string | undefined) => (fence === "." ? " " : (fence ?? "")))
		.replace(/\\!/g, "")
		.replace(/\\[dtc]frac(?![A-Za-z])/g, "\\frac")
		.replace(/\\[dt]binom(?![A-Za-z])/g, "\\binom");
}

const doubled =
	/(?:\\\\)+(?=(?:[dtc]?frac|sqrt|left|right|pi|text|mathrm|mathbb|cdot|times|infty|cup|cap|leq?|geq?|neq?|pm|circ|begin|end|boxed|log|ln|sin|cos|tan|theta|alpha|beta|binom|in|sum|overline|ldots|dots|[%${}])(?![A-Za-z]))/g;

const spacing =
	/(\\\\)|\\[,;:> ]|\\(?:quad|qquad|thinspace|enspace|space|displaystyle|textstyle|scriptstyle|limits|nolimits|nobreak|hfill|noindent|allowbreak)(?![A-Za-z])|~|\\(?:hspace|vspace|hskip|phantom|hphantom|vphantom)\*?\s*(?:\{[^{}]*\}|-)/g;

const sizes =
	/\\(?:left|right|middle|bigl|bigr|bigm|big|Bigl|Bigr|Bigm|Big|biggl|biggr|bigg|Biggl|Biggr|Bigg)(?![A-Za-z])\s*(\.)?/g;

const subscripts = "₀₁₂₃₄₅₆₇₈₉";
const superscripts = new Map("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ".split("").map((c, i) => [c, "0123456789-+n"[i]] as const));

const characters = new Map<string, string>([
	...["\u2212", "\u2013", "\u2014", "\u2010", "\u2011", "\uff0d"].map((c) => [c, "-"] as const),
	...["\u00d7", "\u2a2f", "\u2217", "\u22c5", "\u00b7", "\u2219", "\u2022"].map((c) => [c, "*"] as const),
	...["\u00f7", "\u2044", "\u2215", "\uff0f"].map((c) => [c, "/"] as const),
	...[
		"\u00a0",
		"\u2009",
		"\u202f",
		"\u2002",
		"\u2003",
		"\u2005",
		"\u2006",
		"\u2007",
		"\u2008",
		"\u3000",
		"\t",
		"\r",
		"\n",
	].map((c) => [c, " "] as const),
	...["\u200b", "\u2060", "\u2061", "\u2062", "\ufeff", "\u200e", "\u200f"].map((c) => [c, ""] as const),
	...["\uff0b"].map((c) => [c, "+"] as const),
	["\uff1d", "="],
	["\uff08", "("],
	["\uff09", ")"],
	["\uff0c", ","],
	["\uff1a", ":"],
	["\u2236", ":"],
	["\u3002", "."],
	["\u2018", "'"],
	["\u2019", "'"],
	["\u2032", "'"],
	["\u201c", '"'],
	["\u201d", '"'],
	["\u2026", "\\ldots "],
	["\u22ef", "\\ldots "],
	["√", "\\sqrt "],
	["∛", "\\sqrt[3]"],
	["∜", "\\sqrt[4]"],
	["π", "\\pi "],
	["Π", "\\Pi "],
	["θ", "\\theta "],
	["α", "\\alpha "],
	["β", "\\beta "],
	["γ", "\\gamma "],
	["δ", "\\delta "],
	["λ", "\\lambda "],
	["μ", "\\mu "],
	["µ", "\\mu "],
	["φ", "\\phi "],
	["ω", "\\omega "],
	["σ", "\\sigma "],
	["Σ", "\\sum "],
	["∑", "\\sum "],
	["∏", "\\prod "],
	["∫", "\\int "],
	["∞", "\\infty "],
	["≤", "\\le "],
	["⩽", "\\le "],
	["≦", "\\le "],
	["≥", "\\ge "],
	["⩾", "\\ge "],
	["≧", "\\ge "],
	["≠", "\\ne "],
	["≈", "\\approx "],
	["≡", "\\equiv "],
	["±", "\\pm "],
	["∓", "\\mp "],
	["°", "^{\\circ}"],
	["º", "^{\\circ}"],
	["∪", "\\cup "],
	["∩", "\\cap "],
	["∈", "\\in "],
	["∅", "\\emptyset "],
	["ℝ", "\\mathbb{R}"],
	["ℤ", "\\mathbb{Z}"],
	["ℕ", "\\mathbb{N}"],
	["ℚ", "\\mathbb{Q}"],
	["ℂ", "\\mathbb{C}"],
	["∖", "\\setminus "],
	["⟨", "\\langle "],
	["⟩", "\\rangle "],
	["⌊", "\\lfloor "],
	["⌋", "\\rfloor "],
	["⌈", "\\lceil "],
	["⌉", "\\rceil "],
	["∠", "\\angle "],
	["△", "\\triangle "],
	["→", "\\to "],
	["⇒", "\\Rightarrow "],
	["½", "\\frac{1}{2}"],
	["⅓", "\\frac{1}{3}"],
	["⅔", "\\frac{2}{3}"],
	["¼", "\\frac{1}{4}"],
	["¾", "\\frac{3}{4}"],
	["⅕", "\\frac{1}{5}"],
	["⅖", "\\frac{2}{5}"],
	["⅗", "\\frac{3}{5}"],
	["⅘", "\\frac{4}{5}"],
	["⅙", "\\frac{1}{6}"],
	["⅚", "\\frac{5}{6}"],
	["⅛", "\\frac{1}{8}"],
	["⅜", "\\frac{3}{8}"],
	["⅝", "\\frac{5}{8}"],
	["⅞", "\\frac{7}{8}"],
	["¢", "\\text{ cents}"],
	["€", "\\$"],
	["£", "\\$"],
	["¥", "\\$"],
	["₹", "\\$"],
	["％", "\\%"],
]);
