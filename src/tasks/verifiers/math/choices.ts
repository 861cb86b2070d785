import { normalise } from "./normalise.ts";

interface Choice {
	readonly letter: string;
	/** What the choice says; empty where the letter stands alone. */
	readonly says: string;
}

/** `(B) 4`, `\textbf{(B)}\ 4`, `B. 4`, `B: 4`, "option B" -> its letter and what it says. */
export function choiceOf(text: string): Choice | undefined {
	const plain = normalise(text)
		.replace(/^\s*\\(?:text|textbf|textrm|mathrm|mathbf|mbox)\s*\{\s*([^{}]*)\}/, "$1 ")
		.replace(/^\s*(?:the\s+)?(?:option|choice|answer)\s+(?=\(?[A-J]\b)/i, "")
		.trim();
	const marked = /^(?:\([A-J]\)|[A-J][.):])/.exec(plain)?.[0];
	if (marked !== undefined)
		return { letter: marked.replace(/[().:]/g, ""), says: plain.slice(marked.length).trim() };
	return /^[A-J]$/.test(plain) ? { letter: plain, says: "" } : undefined;
}
