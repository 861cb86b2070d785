export interface Box {
	readonly content: string;
	readonly start: number;
	/** After the closing brace. */
	readonly end: number;
}

const command = /\\(?:boxed|fbox|framebox)(?![A-Za-z])\s*/g;

/**
 * Every `\boxed{...}` and `\fbox{...}` of a text, outermost only, in order. One that is not closed ends with its line or
 * its formula. Linear in the length of the text.
 */
export function boxes(text: string): Box[] {
	if (!text.includes("box")) return [];
	const found: Box[] = [];
	let closers: ReadonlyMap<number, number> | undefined;
	command.lastIndex = 0;
	for (let match = command.exec(text); match !== null; match = command.exec(text)) {
		const start = match.index;
		const open = start + match[0].length;
		const pattern = text[open] === "{" ? toLineEnd : word;
		if (text[open] === "{") {
			closers ??= closingBraces(text);
			const close = closers.get(open);
			if (close !== undefined) {
				found.push({ content: text.slice(open + 1, close), start, end: close + 1 });
				command.lastIndex = close + 1;
				continue;
			}
		}
		// `\boxed 5`, or a box that nothing closes.
		pattern.lastIndex = text[open] === "{" ? open + 1 : open;
		const content = pattern.exec(text)?.[0] ?? "";
		const end = pattern.lastIndex;
		if (content !== "") found.push({ content: content.replace(/[.,;:]+$/, ""), start, end });
		command.lastIndex = Math.max(open, end);
	}
	return found;
}

const word = /[^\s$\\{}]+/y;
const toLineEnd = /(?:[^$\n\\]|\\[^)\]\n])*/y;

/** For every brace that opens, where the one that closes it is. */
function closingBraces(text: string): Map<number, number> {
	const closers = new Map<number, number>();
	const open: number[] = [];
	for (let i = 0; i < text.length; i++) {
		const c = text.charCodeAt(i);
		if (c === 92) i++;
		else if (c === 123) open.push(i);
		else if (c === 125) {
			const from = open.pop();
			if (from !== undefined) closers.set(from, i);
		}
	}
	return closers;
}
