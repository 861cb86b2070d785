import { z } from "zod";
import { expected, ThaliaError } from "../../errors.ts";
import type { Verifier, VerifierKind } from "./verifier.ts";

const options = z.strictObject({
	/** JavaScript's flags: i, m, s, u, v. */
	flags: z
		.string()
		.regex(/^[imsuv]*$/)
		.default("u"),
	/** Where the pattern must match: all of the trimmed text, its end, or anywhere. */
	match: z.enum(["whole", "end", "anywhere"]).default("whole"),
});

/**
 * The gold answer is a regular expression. Its author is trusted: a pattern that backtracks without end takes the time of
 * the run.
 */
export const regexVerifier: VerifierKind<typeof options> = {
	name: "regex",
	description: "the text matches the gold answer, which is a regular expression",
	options,
	create({ flags, match }): Verifier {
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
			const found = patternOf(gold).exec(answer.trim());
			return {
				correct: found !== null,
				extracted: found === null ? null : (found.at(1) ?? found[0]),
				reason: found === null ? "no match" : "a match",
			};
		};
		return { verify: ({ gold, completion }) => compare(gold, completion), compare };
	},
};
