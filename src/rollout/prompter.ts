import { ThaliaError } from "../errors.ts";
import type { Tokenizer } from "../formats/tokenizer.ts";
import type { Problem } from "../tasks/family.ts";
import type { Task } from "../tasks/task.ts";

export interface PromptOptions {
	/** Whether a problem is put as a user's turn in the model's chat template; "auto": where it has one. Default "auto". */
	readonly chat?: boolean | "auto" | undefined;
	/** What the system says before it; only with a chat template. */
	readonly system?: string | undefined;
	/** Solved examples before it: earlier turns of the conversation, or text above. Default 0. */
	readonly shots?: number | undefined;
}

/** Problems with solutions that stand for a problem as examples, never the problem itself. */
export type Examples = (problem: PromptedProblem, count: number) => readonly Problem[];

/** The tokens that a policy reads of a problem. */
export type Prompter = (problem: PromptedProblem) => Int32Array;

type PromptedProblem = Pick<Problem, "id" | "family" | "prompt">;

/**
 * A problem's text becomes the user's turn of a conversation, with the beginning of the assistant's; or, without a
 * chat template, it is read as it is, after the tokens that the model's tokenizer begins every text with.
 * @throws ThaliaError `chat-template` where one is asked for and the model has none, or it renders no such conversation
 */
export function makePrompter(
	tokenizer: Tokenizer,
	{ chat = "auto", system, shots = 0 }: PromptOptions = {},
	examples?: Examples,
): Prompter {
	const shotsOf = (problem: PromptedProblem) =>
		shots === 0 || examples === undefined ? [] : examples(problem, shots);
	const template = chat === false ? null : tokenizer.chatTemplate;
	if (template === null) {
		if (chat === true || system !== undefined)
			throw noTemplate(chat === true ? "chat: true" : "a system prompt");
		return (problem) => {
			const above = shotsOf(problem).map(({ prompt, solution }) => `${line(prompt)}${solution}\n\n`);
			const text = [...above, problem.prompt].join("");
			return Int32Array.from(tokenizer.encode(text, { addSpecialTokens: true }));
		};
	}
	return (problem) => {
		const messages = [
			...(system === undefined ? [] : [{ role: "system", content: system }]),
			...shotsOf(problem).flatMap(({ prompt, solution }) => [
				{ role: "user", content: prompt },
				{ role: "assistant", content: solution },
			]),
			{ role: "user", content: problem.prompt },
		];
		return Int32Array.from(tokenizer.encode(template.render(messages, { addGenerationPrompt: true })));
	};
}

/** A solution begins on a line of its own. */
function line(text: string): string {
	return text.endsWith("\n") ? text : `${text}\n`;
}

/**
 * Examples from tasks' training problems: the same ones for all problems of a family.
 * @throws ThaliaError `prompt-shots` where a family has not so many with a solution
 */
export function examplesOf(tasks: readonly Pick<Task, "problems">[]): Examples {
	let pool: readonly Problem[] | undefined;
	return ({ id, family }, count) => {
		pool ??= tasks.flatMap((task) => trainingProblems(task));
		const ofFamily = pool.filter((other) => other.family === family);
		// A data set for testing alone has shots of its own, or none.
		if (ofFamily.length === 0) return [];
		const own = ofFamily.filter((other) => other.id !== id && other.solution !== "");
		const distinct = [...new Map(own.map((other) => [other.id, other])).values()].slice(0, count);
		if (distinct.length === count) return distinct;
		throw new ThaliaError(
			"prompt-shots",
			`Expected ${count} training problems of ${family} with solutions for prompt.shots but there are ${distinct.length}`,
			{ fix: "ask for fewer, or take the shots of the data set's own card" },
		);
	};
}

/** None of a task that is for testing alone. */
function trainingProblems(task: Pick<Task, "problems">): readonly Problem[] {
	try {
		return task.problems("train", poolSize, 0);
	} catch {
		return [];
	}
}

/** Enough that each of a dozen families has its examples. */
const poolSize = 512;

function noTemplate(what: string): ThaliaError {
	return new ThaliaError(
		"chat-template",
		`Expected a chat template in the model's folder for ${what} but there is none`,
		{
			fix: "use an instruction-tuned model, or leave it out",
		},
	);
}
