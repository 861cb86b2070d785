import { expandWord, type Pieces, plainText, type Variable, type Variables } from "./expand.ts";
import type { Statement } from "./statements.ts";
import { type Heredoc, Lexer, type Part, type Token, type Word } from "./words.ts";

/** The script of `bash -c "..."`. */
export function innerScript(words: readonly Pieces[]): { text: string; at: number } | null {
	const texts = words.map((word) => plainText(word));
	const at = texts.findIndex(
		(text, i) => i > 0 && /^-[a-z]*c$/.test(text ?? "") && /(^|\/)(ba|z|da)?sh$/.test(texts[i - 1] ?? ""),
	);
	if (at === -1 || at + 1 >= words.length) return null;
	const script = words[at + 1];
	const known = script.flatMap((piece) => ("text" in piece && piece.text !== "" ? [piece.of] : []));
	const [heredoc] = known;
	// A heredoc that a variable holds is a script as it stands there.
	if (heredoc !== undefined && known.every((one) => one === heredoc))
		return { text: unescaped(heredoc), at: heredoc.at };
	const text = script.map((piece) => ("unknown" in piece ? "$__not_known" : piece.text)).join("");
	return { text, at: script.at(0)?.at ?? 0 };
}

export function unknown(why: string, at: number): Variable {
	return { value: [{ unknown: why, at }] };
}

export function same(a: Variable | undefined, b: Variable | undefined): boolean {
	if (a === b) return true;
	if (a === undefined || b === undefined || "array" in a || "array" in b) return false;
	const text = plainText(a.value);
	return text !== null && text === plainText(b.value);
}

/** Names that statements give values to, however deep within branches and loops. */
export function allAssignedIn(body: readonly Statement[]): string[] {
	return body.flatMap((statement): string[] => {
		switch (statement.kind) {
			case "simple":
				return [...assignedIn([statement]), ...statement.arrays.map(({ name }) => name)];
			case "branch":
				return statement.arms.flatMap((arm) => allAssignedIn(arm.body));
			default:
				return allAssignedIn(statement.body);
		}
	});
}

/** As above, without arrays: what a loop adds to these adds to them in each round. */
export function deeplyAssignedIn(body: readonly Statement[]): string[] {
	return body.flatMap((statement): string[] => {
		switch (statement.kind) {
			case "simple":
				return assignedIn([statement]);
			case "branch":
				return statement.arms.flatMap((arm) => deeplyAssignedIn(arm.body));
			default:
				return deeplyAssignedIn(statement.body);
		}
	});
}

/** Variables to which statements give settings of a KL as they stand there, however deep. */
export function matteringIn(body: readonly Statement[]): string[] {
	const saysKl = (word: Word): boolean =>
		word.parts.some((part) => part.kind === "text" && /kl|beta|adv/i.test(part.text.replace(/^\w+\+?=/, "")));
	return body.flatMap((statement): string[] => {
		switch (statement.kind) {
			case "simple": {
				const arrays = statement.arrays.filter(({ words }) => words.some(saysKl)).map(({ name }) => name);
				const [first] = statement.words;
				return statement.words.length > 0 && saysKl(first) ? [...arrays, ...assignedIn([statement])] : arrays;
			}
			case "branch":
				return statement.arms.flatMap((arm) => matteringIn(arm.body));
			default:
				return matteringIn(statement.body);
		}
	});
}

/** Whether the words ask for the caller's arguments: `$#`, `"$@"`, `getopts`. */
export function readsCaller(words: readonly Word[]): boolean {
	return words.some(({ parts }) =>
		parts.some((part) =>
			part.kind === "variable" ? /^[#@*1]$/.test(part.name) : part.kind === "text" && part.text === "getopts",
		),
	);
}

/** Whether a loop takes the caller's arguments one by one, however its test is written. */
export function shiftsIn(body: readonly Statement[]): boolean {
	return body.some((statement): boolean => {
		switch (statement.kind) {
			case "simple": {
				const first = statement.words.at(0)?.parts.at(0);
				return first?.kind === "text" && first.text === "shift";
			}
			case "branch":
				return statement.arms.some((arm) => shiftsIn(arm.body));
			default:
				return shiftsIn(statement.body);
		}
	});
}

export function wordsOf(tokens: readonly Token[]): Word[] {
	return tokens.flatMap((token) => (token.kind === "word" ? [token.word] : []));
}

export function testsEmpty(condition: readonly Word[], name: string): boolean {
	const texts = condition.map((word) =>
		word.parts
			.map((part) => (part.kind === "text" ? part.text : part.kind === "variable" ? `$${part.name}` : ""))
			.join(""),
	);
	return texts.includes("-z") && texts.includes(`$${name}`);
}

/** `eval` reads its words as a script does: they are split and expanded again, whatever quotes they came in. */
export function evaluated(words: readonly Pieces[], variables: ReadonlyMap<string, Variable>): Pieces[] {
	return words.flatMap((word) => {
		if (plainText(word) === null) return splitPieces(word);
		const text = plainText(word)!;
		const at = word.at(0)?.at ?? 0;
		return new Lexer(text, at)
			.tokens()
			.flatMap((token) => (token.kind === "word" ? expandWord(token.word, variables) : []));
	});
}

/** A value that is partly unknown, split where its known parts have white space. */
function splitPieces(value: Pieces): Pieces[] {
	const part = { kind: "variable", name: "w", operator: "", operand: "", at: 0, operandAt: 0, quoted: false };
	return expandWord({ at: 0, parts: [part as Part] }, new Map([["w", { value }]]));
}

/** Names that a loop's body gives values to: in later rounds they are others. */
function assignedIn(body: readonly Statement[]): string[] {
	return body.flatMap((statement) => {
		if (statement.kind !== "simple") return [];
		return statement.words.flatMap(({ parts }) => {
			const first = parts.at(0);
			const name = first?.kind === "text" ? /^([A-Za-z_]\w*)\+?=/.exec(first.text)?.[1] : undefined;
			return name === undefined ? [] : [name];
		});
	});
}

/** Whether it is the caller's arguments, one or all. */
export function passesCaller({ parts }: Word): boolean {
	return parts.some((part) => part.kind === "variable" && /^[@*]$/.test(part.name));
}

/** A heredoc's words and operators, with what is between them as one space. */
export function heredocWords(heredoc: Heredoc, variables: Variables): Pieces {
	const { body, at } = heredoc;
	const words = new Lexer(body, at).tokens().flatMap((token): Pieces[] => {
		if (token.kind === "word") return expandWord(token.word, variables);
		return token.kind === "operator" ? [[{ text: token.text, at: token.at }]] : [];
	});
	return words
		.flatMap((word): Pieces => [...word, { text: " ", at }])
		.map((piece) => ("text" in piece ? { ...piece, of: heredoc } : piece));
}

/** The file that a command with a heredoc writes, by its name; null of none. */
export function writtenName(words: readonly Pieces[], target: Pieces | null): string | null {
	const texts = words.map((word) => plainText(word) ?? "");
	const teed = texts[0] === "tee" ? texts.findLast((text) => !text.startsWith("-")) : undefined;
	if (teed !== undefined || target === null) return teed ?? null;
	return target.map((piece) => ("unknown" in piece ? "" : piece.text)).join("");
}

/** A heredoc's text with its variables as they stand there. */
function unescaped({ body, expands }: Heredoc): string {
	return expands ? body.replaceAll(/\\([$`\\])/g, "$1") : body;
}

/** A heredoc's text with what is known of its variables; the others stay as they stand there. */
export function heredocText({ body, expands }: Heredoc, variables: Variables): string {
	if (!expands) return body;
	return body.replaceAll(
		/\\([$`\\])|\$(?:(\w+)|\{(\w+)\})/g,
		(whole, escaped?: string, ...names: (string | undefined)[]) => {
			if (escaped !== undefined) return escaped;
			const held = variables.get(names[0] ?? names[1] ?? "");
			const text = held === undefined || "array" in held ? null : plainText(held.value);
			return text ?? (names[0] === undefined ? whole : `\${${names[0]}}`);
		},
	);
}
