import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, ThaliaError } from "../errors.ts";
import type { Tokenizer } from "../formats/tokenizer.ts";

/** Tokens given on one line of standard input. */
export interface InputLine {
	/** From 1. */
	readonly number: number;
	readonly tokens: readonly number[];
}

/**
 * Standard input as JSON lines `{"tokens":[...]}` or `{"text":"..."}`, all of it checked before anything is computed.
 * @param check called with each line's tokens; what it throws is told with the line's number
 * @throws ThaliaError `input-line`
 */
export async function readInputLines(
	tokenizer: () => Tokenizer,
	check: (tokens: readonly number[]) => void,
	stdin: Readable & { isTTY?: boolean } = process.stdin,
): Promise<InputLine[]> {
	if (stdin.isTTY === true)
		process.stderr.write('reading JSON lines from the terminal: {"text":"..."}, then Ctrl-D\n');
	const lines = (await text(stdin)).split("\n");
	return lines.flatMap((line, i) => {
		if (line.trim() === "") return [];
		const number = i + 1;
		const tokens = tokensOf(line, number, tokenizer);
		try {
			check(tokens);
		} catch (error) {
			if (!(error instanceof ThaliaError)) throw error;
			throw bad(number, error.message, error);
		}
		return [{ number, tokens }];
	});
}

function tokensOf(line: string, number: number, tokenizer: () => Tokenizer): readonly number[] {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch (cause) {
		throw bad(number, `Expected JSON: ${(cause as Error).message}`, cause);
	}
	const { tokens, text: content } = (value ?? {}) as { tokens?: unknown; text?: unknown };
	if (Array.isArray(tokens) && content === undefined) {
		const wrong = tokens.findIndex((token) => !Number.isInteger(token));
		if (wrong !== -1)
			throw bad(
				number,
				`Expected whole numbers in "tokens" but entry ${wrong} is ${JSON.stringify(tokens[wrong])}`,
			);
		return tokens as number[];
	}
	if (typeof content === "string" && tokens === undefined) {
		return tokenizer().encode(content, { addSpecialTokens: true });
	}
	throw bad(number, `Expected {"tokens":[...]} or {"text":"..."} but received ${describe(value)}`);
}

function bad(number: number, message: string, cause?: unknown): ThaliaError {
	const fix = 'a line is {"tokens":[1,2,3]} or {"text":"..."}';
	return new ThaliaError("input-line", `standard input, line ${number}: ${message}`, { fix, cause });
}
