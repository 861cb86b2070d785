import type { Engine, Sequence } from "../engine/engine.ts";
import { expected } from "../errors.ts";
import type { Tokenizer } from "../formats/tokenizer.ts";
import type { Prompter } from "../rollout/prompter.ts";
import type { Problem } from "../tasks/family.ts";
import type { ProblemResult } from "./problem-result.ts";

/** What the answer begins with, up to the letter. */
const lead = "The answer is (";

/**
 * Multiple-choice problems by log-likelihood: the chosen letter is the one whose answer, `The answer is (X`, the policy
 * holds most likely after the prompt. Nothing is sampled, so a policy that cannot keep to a form is measured too; there is
 * one verdict a problem, `greedy`.
 * @throws ThaliaError `choices-missing` for a problem without choices or with a right answer that is none of their letters
 */
export async function evaluateByLikelihood(
	engine: Engine,
	tokenizer: Tokenizer,
	prompter: Prompter,
	problems: readonly Problem[],
): Promise<ProblemResult[]> {
	for (const problem of problems) assertChoices(problem);
	const candidates = problems.flatMap((problem) => {
		const prompt = prompter(problem);
		return lettersOf(problem).map((letter): Sequence => {
			const answer = tokenizer.encode(`${lead}${letter}`);
			return { tokens: Int32Array.from([...prompt, ...answer]), promptLength: prompt.length };
		});
	});
	const outputs = await engine.evaluate(candidates, "policy");
	let next = 0;
	return problems.map((problem) => {
		const letters = lettersOf(problem);
		const logprobs = letters.map(() => outputs[next++].logprobs.reduce((a, b) => a + b, 0));
		const best = logprobs.indexOf(Math.max(...logprobs));
		return {
			...{ id: problem.id, family: problem.family },
			greedy: letters[best] === problem.answer ? 1 : 0,
			rewards: [],
			errors: 0,
			choice: letters[best],
			choiceLogprobs: logprobs,
		};
	});
}

function lettersOf({ choices = [] }: Problem): string[] {
	return choices.map((_, i) => String.fromCharCode(65 + i));
}

function assertChoices(problem: Problem): void {
	const letters = lettersOf(problem);
	if (letters.length < 2)
		throw expected(
			"choices-missing",
			"two choices or more",
			`problem ${problem.id} by likelihood`,
			letters.length,
		);
	if (!letters.includes(problem.answer))
		throw expected(
			"choices-missing",
			`one of ${letters.join(", ")}`,
			`the answer of ${problem.id}`,
			problem.answer,
		);
}
