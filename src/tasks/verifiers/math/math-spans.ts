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
		const [whole] = match;
		const inline = match.at(4);
		const content = match.at(1) ?? match.at(2) ?? match.at(3) ?? inline ?? "";
		// "$5 and $6" are two sums of money: a formula is not closed by a dollar sign after white space that it did not open with.
		if (
			inline !== undefined &&
			/\s$/.test(content) &&
			!/^\s/.test(content) &&
			/^\d.*[A-Za-z]/.test(content)
		) {
			span.lastIndex = match.index + whole.length - 1;
			continue;
		}
		if (content.trim() !== "")
			found.push({ content: content.trim(), start: match.index, end: match.index + whole.length });
	}
	return found;
}
