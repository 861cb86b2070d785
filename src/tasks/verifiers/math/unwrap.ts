import { boxes } from "./boxes.ts";

/** Longer texts are no answers that stand alone. */
const mostCharacters = 10_000;

const delimiters: readonly (readonly [open: string, close: string])[] = [
	["$$", "$$"],
	["$", "$"],
	["\\(", "\\)"],
	["\\[", "\\]"],
	["**", "**"],
	["`", "`"],
	["__", "__"],
	["*", "*"],
	["_", "_"],
	["'", "'"],
	['"', '"'],
];

/** An answer without what is around it: math delimiters, a box, emphasis, a last full stop. Linear. */
export function unwrap(text: string): string {
	let out = text.trim();
	if (out.length > mostCharacters) return boxes(out).at(-1)?.content.trim() ?? out;
	for (;;) {
		const before = out;
		const found = boxes(out);
		if (found.length > 0) out = found.map(({ content }) => content.trim()).join(", ");
		out = withoutPunctuation(out);
		for (const [open, close] of delimiters)
			if (out.length >= open.length + close.length && out.startsWith(open) && out.endsWith(close)) {
				const inner = out.slice(open.length, out.length - close.length);
				// `$1$ and $2$` are two.
				if (!inner.includes(open === "\\(" || open === "\\[" ? close : open)) out = inner.trim();
			}
		if (out === before || found.length > 1) break;
	}
	// `$5` is money, `$5$` is not.
	if (/^\$\s*[\d.]/.test(out) && out.indexOf("$", 1) === -1) out = `\\${out}`;
	else if (/[\d]\s*\$$/.test(out) && out.indexOf("$") === out.length - 1 && !out.endsWith("\\$"))
		out = out.slice(0, -1);
	return out.trim();
}

/** What ends a sentence belongs to no answer; `3!` and `\ldots` do. */
function withoutPunctuation(text: string): string {
	if (!/[.,;:\s]$/.test(text) || text.endsWith("...") || /\\[,;:]$/.test(text))
		return text.replace(/\\[,;: ]$/, "").trim();
	return text.replace(/\s*[.,;:]\s*$/, "").trim();
}
