import type { z } from "zod";

/** What a verifier says of a completion. */
export interface Verdict {
	readonly correct: boolean;
	/** The answer that was found in the completion; null where there is none. */
	readonly extracted: string | null;
	/** Why, in one line. */
	readonly reason: string;
}

export interface VerifierInput {
	/** The right answer as the data set has it. */
	readonly gold: string;
	/** The sampled text. */
	readonly completion: string;
	/** Of a multiple-choice question, in the order of its letters. */
	readonly choices?: readonly string[];
	/** Aborted when the time for this completion is over. */
	readonly signal?: AbortSignal;
}

/** Decides whether a completion answers a problem. */
export interface Verifier {
	/**
	 * Finds the answer in running text and compares it. What it cannot decide it throws: that is recorded as an error of
	 * the verifier and is no verdict.
	 * @throws ThaliaError `gold-invalid` for a gold answer that is none
	 */
	verify(input: VerifierInput): Verdict | Promise<Verdict>;
	/** Compares an answer that stands alone, without looking for it. @throws as `verify` */
	compare(gold: string, answer: string): Verdict | Promise<Verdict>;
}

/** A kind of verifier: what it is for, its options, and how it is made from them. */
export interface VerifierKind<S extends z.ZodType = z.ZodType> {
	readonly name: string;
	/** One line for `thalia verify --help`. */
	readonly description: string;
	/** Every option has a default. */
	readonly options: S;
	create(options: z.output<S>): Verifier;
}
