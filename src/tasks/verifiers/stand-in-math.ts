import { z } from "zod";
import type { VerifierKind } from "./verifier.ts";

// Stands in for the verifier of mathematics until that is merged: the last box, or the last number, to the letter.
const options = z.strictObject({});

export const standInMath: VerifierKind<typeof options> = {
	name: "math",
	description: "stand-in",
	options,
	create() {
		const compare = (gold: string, answer: string | null) => ({
			correct: answer === gold,
			extracted: answer,
			reason: "stand-in",
		});
		return {
			compare,
			verify: ({ gold, completion }) =>
				compare(
					gold,
					/.*\\boxed\{(.*?)\}/s.exec(completion)?.[1] ?? completion.match(/-?\d+/g)?.at(-1) ?? null,
				),
		};
	},
};
