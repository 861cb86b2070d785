import { z } from "zod";
import { describe, expected, ThaliaError } from "../../errors.ts";
import { isTimeout, withTimeLimit } from "../../time-limit.ts";
import type { Verifier, VerifierKind } from "./verifier.ts";

const options = z.strictObject({
	/** JavaScript's flags: i, m, s, u, v. */
	flags: z
		.string()
		.regex(/^[imsuv]*$/)
		.default("u"),
	/** Where the pattern must match: all of the trimmed text, its end, or anywhere. */
	match: z.enum(["whole", "end", "anywhere"]).default("whole"),
	/** A pattern that backtracks for longer than this many seconds gives no verdict. */
	seconds: z.number().positive().max(3600).default(1),
});

/** The gold answer is a regular expression. */
export const regexVerifier: VerifierKind<typeof options> = {
	name: "regex",
	description: "the text matches the gold answer, which is a regular expression",
	options,
	create({ flags, match, seconds }): Verifier {
		const compiled = new Map<string, RegExp>();
		const patternOf = (gold: string): RegExp => {
			const known = compiled.get(gold);
			if (known !== undefined) return known;
			if (gold === "") throw expected("gold-invalid", "a regular expression", "gold", gold);
			const source = match === "anywhere" ? gold : match === "end" ? `(?:${gold})$` : `^(?:${gold})$`;
			try {
				// Alone it must be one too: `a)(b` is none.
				new RegExp(gold, flags);
				const pattern = new RegExp(source, flags);
				// A data set has few patterns or one a problem; those need not all be kept.
				if (compiled.size >= 1000) compiled.clear();
				compiled.set(gold, pattern);
				return pattern;
			} catch (cause) {
				throw new ThaliaError(
					"gold-invalid",
					`Expected a regular expression for gold: ${(cause as Error).message}`,
					{ cause },
				);
			}
		};
		const compare = (gold: string, answer: string) => {
			const pattern = patternOf(gold);
			const found = limited(() => pattern.exec(answer.trim()), gold, seconds);
			return {
				correct: found !== null,
				extracted: found === null ? null : (found.at(1) ?? found[0]),
				reason: found === null ? "no match" : "a match",
			};
		};
		return { verify: ({ gold, completion }) => compare(gold, completion), compare };
	},
};

function limited<T>(work: () => T, gold: string, seconds: number): T {
	try {
		return withTimeLimit(Math.ceil(seconds * 1000), work);
	} catch (cause) {
		if (!isTimeout(cause)) throw cause;
		throw new ThaliaError(
			"verifier-endless",
			`Expected the regular expression ${describe(gold)} to come to an end within ${seconds} s but it did not`,
			{ fix: "write it without repetitions of repetitions, such as (a+)+", cause },
		);
	}
}
