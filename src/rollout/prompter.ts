import { ThaliaError } from "../errors.ts";
import type { Tokenizer } from "../formats/tokenizer.ts";
import type { Problem } from "../tasks/family.ts";

export interface PromptOptions {
	/** Whether a problem is put as a user's turn in the model's chat template; "auto": where it has one. Default "auto". */
	readonly chat?: boolean | "auto" | undefined;
	/** What the system says before it; only with a chat template. */
	readonly system?: string | undefined;
}

/** The tokens that a policy reads of a problem. */
export type Prompter = (problem: Pick<Problem, "prompt">) => Int32Array;

/**
 * A problem's text becomes the user's turn of a conversation, with the beginning of the assistant's; or, without a
 * chat template, it is read as it is, after the tokens that the model's tokenizer begins every text with.
 * @throws ThaliaError `chat-template` where one is asked for and the model has none, or it renders no such conversation
 */
export function makePrompter(tokenizer: Tokenizer, { chat = "auto", system }: PromptOptions = {}): Prompter {
	const template = chat === false ? null : tokenizer.chatTemplate;
	if (template === null) {
		if (chat === true || system !== undefined)
			throw noTemplate(chat === true ? "chat: true" : "a system prompt");
		return ({ prompt }) => Int32Array.from(tokenizer.encode(prompt, { addSpecialTokens: true }));
	}
	return ({ prompt }) => {
		const messages = [
			...(system === undefined ? [] : [{ role: "system", content: system }]),
			{ role: "user", content: prompt },
		];
		return Int32Array.from(tokenizer.encode(template.render(messages, { addGenerationPrompt: true })));
	};
}

function noTemplate(what: string): ThaliaError {
	return new ThaliaError(
		"chat-template",
		`Expected a chat template in the model's folder for ${what} but there is none`,
		{
			fix: "use an instruction-tuned model, or leave it out",
		},
	);
}
