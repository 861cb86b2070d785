/** The content of the last `\boxed{...}` or `\fbox{...}` that is closed; null where there is none. In linear time. */
export function lastBoxed(text: string): string | null {
	// From the end backwards only the last box can count, unless it is cut off; then the one before it does.
	for (let before = text.length, tries = 0; tries < 3; tries++) {
		const start = Math.max(text.lastIndexOf("\\boxed{", before), text.lastIndexOf("\\fbox{", before));
		if (start === -1) return null;
		const content = braced(text, text.indexOf("{", start));
		if (content !== null) return content.trim();
		if (start === 0) return null;
		before = start - 1;
	}
	return null;
}

/** What is between the brace at `open` and the one that closes it. */
function braced(text: string, open: number): string | null {
	let depth = 0;
	for (let i = open; i < text.length; i++) {
		if (text[i] === "\\") i++;
		else if (text[i] === "{") depth++;
		else if (text[i] === "}" && --depth === 0) return text.slice(open + 1, i);
	}
	return null;
}
