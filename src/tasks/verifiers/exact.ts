import { z } from "zod";
import type { VerifierKind } from "./verifier.ts";

const options = z.strictObject({
	/** Whether white space at both ends is left out of the comparison. */
	trim: z.boolean().default(true),
	ignoreCase: z.boolean().default(false),
});

/** The whole completion must be the gold answer, to the character. */
export const exactVerifier: VerifierKind<typeof options> = {
	name: "exact",
	description: "the whole text is the gold answer, to the character",
	options,
	create({ trim, ignoreCase }) {
		const plain = (text: string) => {
			const trimmed = trim ? text.trim() : text;
			return ignoreCase ? trimmed.toLowerCase() : trimmed;
		};
		const compare = (gold: string, answer: string) => {
			const correct = plain(gold) === plain(answer);
			return { correct, extracted: plain(answer), reason: correct ? "the same text" : "another text" };
		};
		return { verify: ({ gold, completion }) => compare(gold, completion), compare };
	},
};
