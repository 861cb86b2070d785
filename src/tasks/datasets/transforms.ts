import { lastBoxed } from "../verifiers/last-boxed.ts";
import { letterOf } from "./template.ts";

/** What a card's `as` does with a value; undefined where the value is not of that kind, which makes the row a bad one. */
export type Transform = (value: unknown) => unknown;

export const transforms = {
	/** What follows the last `####`, as GSM8K marks its answers, without commas in the number; else the whole text. */
	"after-hashes": (value) => {
		const text = textOf(value);
		const marker = text?.lastIndexOf("####") ?? -1;
		const answer = marker === -1 ? text : text?.slice(marker + 4);
		return answer?.trim().replaceAll(/(?<=\d),(?=\d)/g, "");
	},
	/** The content of the last `\boxed{...}` or `\fbox{...}`. */
	"last-boxed": (value) => lastBoxed(textOf(value) ?? "") ?? undefined,
	/** The letter of a choice: of 1 it is B; a letter stays. */
	letter: (value) => {
		const text = textOf(value)?.trim() ?? "";
		if (/^[A-Za-z]$/.test(text)) return text.toUpperCase();
		return /^\d\d?$/.test(text) && Number(text) < 26 ? letterOf(Number(text)) : undefined;
	},
	/** The first number in a text: 5 of "Level 5"; nothing where there is none. */
	number: (value) => {
		if (typeof value === "number") return value;
		const digits = /-?\d+(?:\.\d+)?/.exec(textOf(value) ?? "")?.[0];
		return digits === undefined ? undefined : Number(digits);
	},
	/** A text that holds JSON, as a list in a CSV file does. */
	json: (value) => {
		try {
			return typeof value === "string" ? (JSON.parse(value) as unknown) : value;
		} catch {
			return undefined;
		}
	},
} as const satisfies Record<string, Transform>;

export const TRANSFORMS = Object.keys(transforms) as [
	keyof typeof transforms,
	...(keyof typeof transforms)[],
];

function textOf(value: unknown): string | undefined {
	return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
