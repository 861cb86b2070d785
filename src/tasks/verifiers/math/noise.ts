const entities = new Map([
	["nbsp", " "],
	["lt", "<"],
	["gt", ">"],
	["le", "\\le "],
	["ge", "\\ge "],
	["ne", "\\ne "],
	["minus", "-"],
	["times", "*"],
	["pi", "\\pi "],
	["radic", "\\sqrt "],
	["amp", "&"],
	["quot", " "],
]);

/** Commands and marks that change how an answer looks and never what it means are taken away. Linear in the length. */
export function withoutNoise(text: string): string {
	let out = withoutLastRows(text.replace(/~/g, " "));
	if (out.includes("&"))
		out = out.replace(/&([a-z]{2,5});/g, (whole, name: string) => entities.get(name) ?? whole);
	out = out.replace(/^[\s&]+/, "");
	if (!out.includes("\\") && !out.includes("{")) return out;
	return (
		out
			// What is set apart, hidden or only a name for references.
			.replace(/\\(?:tag\*?|label|ref|cite|footnote)\s*\{[^{}]*\}/g, " ")
			.replace(/\\(?:textcolor|color|colorbox|require|fontsize)\s*(?:\[[^\]{}]*\])?\s*\{[^{}]*\}/g, " ")
			.replace(/\\(?:bbox|smash|raisebox)\s*\[[^\]{}]*\]/g, "")
			.replace(
				/\\(?:underline|ensuremath|smash|mathstrut|strut|nonumber|notag|hline|normalsize|large|Large|small|centering)(?![A-Za-z])/g,
				"",
			)
			.replace(/\\(?:nicefrac|sfrac|flatfrac)(?![A-Za-z])/g, "\\frac")
			.replace(
				/\\[dt]?frac\s*\{\s*\\(?:text|mathrm)\s*\{([^{}]*)\}\s*\}\s*\{\s*\\(?:text|mathrm)\s*\{([^{}]*)\}\s*\}/g,
				"\\text{$1/$2}",
			)
			// The distance to the next row, and a row that has nothing in it.
			.replace(/\\\\\s*\[\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in|px)\s*\]/g, "\\\\")
			// A sign in braces has no space beside it.
			.replace(/\{([:=])\}/g, "$1")
	);
}

/** Line ends that nothing follows. */
function withoutLastRows(text: string): string {
	let out = text.trimEnd();
	for (let before = ""; before !== out; ) {
		before = out;
		for (const end of ["\\\\", "\\newline"]) if (out.endsWith(end)) out = out.slice(0, -end.length).trimEnd();
	}
	return out;
}

/** `]2,5[` and `[2,5[` -> `(2,5)` and `[2,5)`, as far as nothing else in brackets stands between the two. */
export function withoutReversedBrackets(text: string): string {
	if (!/\][^[\]]*[,;][^[\]]*[[\]]|\[[^[\]]*[,;][^[\]]*\[/.test(text)) return text;
	return text.replace(
		/([[\]])([^[\]]{1,200})(?=([[\]]))(?:[[\]])/g,
		(whole, open: string, inner: string, close: string) => {
			const usual = open === "[" && close === "]";
			if (usual || !/^[^,;]*[^,;\s][^,;]*[,;][^,;]*[^,;\s][^,;]*$/.test(inner) || !isBalanced(inner))
				return whole;
			return `${open === "]" ? "(" : "["}${inner}${close === "[" ? ")" : "]"}`;
		},
	);
}

function isBalanced(text: string): boolean {
	let depth = 0;
	for (const c of text) {
		if (c === "(") depth++;
		else if (c === ")" && --depth < 0) return false;
	}
	return depth === 0;
}

/**
 * With the brackets that were never closed closed at the end, and without those at the end that nothing opened. One at the
 * very start is left: of `(5` a second coordinate may have been cut off.
 */
export function withBalancedBrackets(text: string): string {
	if (/^\s*(?:\(|\[|\\\{)/.test(text) && !/[)\]}]/.test(text)) return text;
	const closers: string[] = [];
	let at = 0;
	for (; at < text.length; at++) {
		const c = text[at];
		if (c === "\\") {
			const next = text.at(at + 1);
			if (next === "{") closers.push("\\}");
			else if (next === "}" && closers.pop() !== "\\}") return text;
			at++;
		} else if (c === "{") closers.push("}");
		else if (c === "(" || c === "[") closers.push(")");
		else if (c === "}" || c === ")" || c === "]") {
			const closer = closers.pop();
			if (closer === undefined) return /^[\s)\]}.]*$/.test(text.slice(at)) ? text.slice(0, at) : text;
			if ((closer === "}") !== (c === "}")) return text;
		}
	}
	return text + closers.reverse().join("");
}
