/** What a file says that is not known from the file alone, with the reason, as a sentence's end. */
export interface Unknown {
	readonly unknown: string;
}

export type Scalar = string | number | boolean | null;
export type Value = Scalar | Unknown;

export function isUnknown(value: unknown): value is Unknown {
	return typeof value === "object" && value !== null && "unknown" in value;
}

/** A bare word as hydra, argparse and YAML have it: True, 0.001, 1e-3, null, or text. */
export function scalarOf(word: string): Scalar {
	const text = unquoted(word.trim());
	if (/^(true|yes|on)$/i.test(text)) return true;
	if (/^(false|no|off)$/i.test(text)) return false;
	if (/^(null|none|~)$/i.test(text)) return null;
	return numberOf(text) ?? text;
}

/** The number that a text is, in Python's or YAML's writing; undefined where it is none. */
export function numberOf(text: string): number | undefined {
	if (!/^[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
	const value = Number(text.replaceAll("_", ""));
	return Number.isFinite(value) ? value : undefined;
}

/** hydra lets quotes stand within an override: `key='value'` that the shell has kept. */
function unquoted(text: string): string {
	return /^(["']).*\1$/s.test(text) && text.length > 1 ? text.slice(1, -1) : text;
}

/** As a file would write it. */
export function showValue(value: Value): string {
	if (isUnknown(value)) return "?";
	return value === null ? "null" : String(value);
}

/** Whether a value is nothing, 0 or a switch that is off. */
export function isOff(value: Value): boolean {
	return !isUnknown(value) && /^(|-?0|-?0?\.0+|false|none|null)$/i.test(String(value));
}
