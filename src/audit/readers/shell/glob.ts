/** Whether a text is what a shell's pattern stands for; null of a pattern that is not read. */
export function matches(text: string, pattern: string): boolean | null {
	const expression = expressionOf(pattern);
	return expression === null ? null : new RegExp(`^(?:${expression})$`, "s").test(text);
}

/** `${NAME#pattern}`, `##`, `%`, `%%`; null of a pattern that is not read. */
export function trimmed(text: string, operator: string, pattern: string): string | null {
	const expression = expressionOf(pattern, operator.length === 1);
	if (expression === null) return null;
	if (operator.startsWith("#")) return text.replace(new RegExp(`^(?:${expression})`, "s"), "");
	// The shortest end begins last, the longest first.
	const whole = new RegExp(`^(?:${expressionOf(pattern)!})$`, "s");
	const starts = Array.from({ length: text.length + 1 }, (_, i) => (operator === "%" ? text.length - i : i));
	const at = starts.find((start) => whole.test(text.slice(start)));
	return at === undefined ? text : text.slice(0, at);
}

function expressionOf(pattern: string, isLazy = false): string | null {
	// A class or a repeated star would need more than this.
	if (/[[\]()]|\*.*\*.*\*/.test(pattern) || pattern.length > 200) return null;
	return pattern
		.replaceAll(/\\(.)/gs, "$1")
		.replaceAll(/[.+^${}|\\/-]/g, "\\$&")
		.replaceAll("*", isLazy ? ".*?" : ".*")
		.replaceAll("?", ".");
}
