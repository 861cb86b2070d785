import { ThaliaError } from "../../errors.ts";

/** A text with holes: `{question}` is filled in; `{{` and `}}` are braces, and so is `{}` (as in `\boxed{}`). */
export interface Template {
	/** Names of its holes, each once. */
	readonly names: readonly string[];
	/** @param valueOf the text of a name */
	fill(valueOf: (name: string) => string): string;
}

/** @throws ThaliaError `template-invalid` for a brace that is neither */
export function parseTemplate(text: string, subject = "a template"): Template {
	const parts = text.split(/(\{\{|\}\}|\{\}|\{[A-Za-z_][\w.-]*\})/);
	const stray = parts.find((part, i) => i % 2 === 0 && /[{}]/.test(part));
	if (stray !== undefined) {
		const at = /.{0,20}[{}].{0,20}/s.exec(stray)?.[0] ?? stray;
		throw new ThaliaError(
			"template-invalid",
			`Expected {name}, {} or doubled braces in ${subject} but received ${JSON.stringify(at)}`,
			{ fix: "write {{ and }} for braces that stay" },
		);
	}
	const isHole = (part: string, i: number) => i % 2 === 1 && /^\{[^{}]/.test(part);
	const literal: Record<string, string> = { "{{": "{", "}}": "}" };
	return {
		names: [...new Set(parts.filter(isHole).map((part) => part.slice(1, -1)))],
		fill: (valueOf) =>
			parts
				.map((part, i) => (isHole(part, i) ? valueOf(part.slice(1, -1)) : (literal[part] ?? part)))
				.join(""),
	};
}

/** A value within a running text: lists and objects as JSON, with a space after each comma of a list. */
export function show(value: unknown): string {
	if (typeof value === "string") return value;
	if (Array.isArray(value)) return `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
	return JSON.stringify(value);
}

/** `A. first`, `B. second`, ... a line each. */
export function showChoices(choices: readonly string[]): string {
	return choices.map((choice, i) => `${letterOf(i)}. ${choice}`).join("\n");
}

/** Of a choice, from 0. */
export function letterOf(index: number): string {
	return String.fromCharCode(65 + index);
}
