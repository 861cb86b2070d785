export interface Span {
	readonly content: string;
	readonly start: number;
	readonly end: number;
}

const span =
	/(?<!\\)\$\$([^$]{1,2000})\$\$|\\\[((?:[^\\]|\\[^\]]){0,2000})\\\]|\\\(((?:[^\\]|\\[^)]){0,2000})\\\)|(?<!\\)\$((?:\\[\s\S]|[^$\\\n]){1,2000})\$(?!\d)/g;

/** The formulas of a text between `$...$`, `$$...$$`, `\(...\)` and `\[...\]`, in order. */
export function mathSpans(text: string): Span[] {
	if (!/[$\\]/.test(text)) return [];
	const found: Span[] = [];
	span.lastIndex = 0;
	for (let match = span.exec(text); match !== null; match = span.exec(text)) {
		const content = match[1] ?? match[2] ?? match[3] ?? match[4];
		// "$5 and $6" are two sums of money: a formula is not closed by a dollar sign after white space that it did not open with.
		if (match[4] !== undefined && /\s$/.test(content) && !/^\s/.test(content) && /^\d/.test(content)) {
			span.lastIndex = match.index + match[0].length - 1;
			continue;
		}
		if (content.trim() !== "")
			found.push({ content: content.trim(), start: match.index, end: match.index + match[0].length });
	}
	return found;
}
