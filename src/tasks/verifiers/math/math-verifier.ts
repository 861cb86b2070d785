import { z } from "zod";
import { expected } from "../../../errors.ts";
import type { Verdict, Verifier, VerifierKind } from "../verifier.ts";
import { defaultSteps, equivalent } from "./equivalence.ts";
import { extractAnswers, saysAnswer } from "./extract.ts";
import { unwrap } from "./unwrap.ts";

const options = z.strictObject({
	/** Of the random points at which expressions with variables are compared. */
	seed: z.int().min(0).default(20_240_229),
	/** Steps of one comparison; what takes more is compared as text. */
	steps: z.int().min(1000).max(100_000_000).default(defaultSteps),
});

/** Answers of mathematics, in LaTeX or plainly written. */
export const mathVerifier: VerifierKind<typeof options> = {
	name: "math",
	description: "mathematical answers: finds them in running text, and compares what they mean",
	options,
	create: (settings) => verifierOf(extractAnswers, settings),
};

/** Answers of GSM8K: a number after `####`, else as `math` finds it. */
export const gsm8kVerifier: VerifierKind<typeof options> = {
	name: "gsm8k",
	description: "the number after the last ####, or as math finds it, compared as math does",
	options,
	create: (settings) => verifierOf(afterHashes, settings),
};

function afterHashes(completion: string): readonly string[] {
	const at = completion.lastIndexOf("####");
	if (at === -1) return extractAnswers(completion);
	const line = completion
		.slice(at + 4)
		.trimStart()
		.split("\n", 1)[0]
		.trim();
	return line === "" ? [] : [line];
}

/** `\text{The answer is } 5` -> "The answer is 5" */
function withoutTextCommands(text: string): string {
	return text.length > 2000 ? text : text.replace(/\\text\s*\{([^{}]*answer[^{}]*)\}/gi, "$1");
}

function verifierOf(
	extract: (completion: string) => readonly string[],
	settings: z.output<typeof options>,
): Verifier {
	const check = (gold: string) => {
		if (unwrap(gold) === "") throw expected("gold-invalid", "an answer", "gold", gold);
	};
	return {
		verify({ gold, completion }) {
			check(gold);
			let verdict: Verdict = { correct: false, extracted: null, reason: "no answer found" };
			for (const answer of extract(completion)) {
				const { equal, reason } = equivalent(gold, answer, settings);
				if (equal) return { correct: true, extracted: answer, reason };
				if (verdict.extracted === null) verdict = { correct: false, extracted: answer, reason };
			}
			return verdict;
		},
		compare(gold, answer) {
			check(gold);
			// "The answer is 5" is no answer that stands alone, but it is clear which one it has.
			const alone = saysAnswer(answer)
				? (extractAnswers(withoutTextCommands(answer)).at(0) ?? answer)
				: answer;
			const { equal, reason } = equivalent(gold, alone, settings);
			return { correct: equal, extracted: unwrap(alone), reason };
		},
	};
}
