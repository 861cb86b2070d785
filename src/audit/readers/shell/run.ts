import { posix } from "node:path";
import type { CalledScript } from "../../called-script.ts";
import { decided } from "./decided.ts";
import { eitherOptions } from "./either.ts";
import { argumentsIn, expandValue, expandWord, type Pieces, plainText, type Variable } from "./expand.ts";
import { scriptCallOf } from "./script-call.ts";
import { Parser, type Simple, type Statement } from "./statements.ts";
import { type Heredoc, Lexer, type Part, type Word } from "./words.ts";

/** A command with all that is known of its words. */
export interface Command {
	readonly words: readonly Pieces[];
	readonly heredocs: readonly Heredoc[];
	readonly target: Pieces | null;
	readonly at: number;
}

/** Most iterations of a loop that are followed, and most statements of a script: it must end, whatever it says. */
const mostIterations = 24;
const mostSteps = 20_000;
/** Commands within commands (`bash -c "..."`) are followed so deep. */
const deepestScript = 6;
/** Scripts that start scripts are followed so deep, and so many in all. */
const deepestStart = 5;
const mostStarts = 100;

/** The text of a script that is sourced; null where it is not there. */
export type ReadSourced = (path: string) => string | null;

/** Scripts that a script stands among. */
export interface Scripts {
	readonly sourced: ReadSourced;
	/** One that is started. @param from the script that starts it; null of the first one */
	called(path: string, from: string | null, isBeside: boolean): CalledScript | null;
}

const alone: Scripts = { sourced: () => null, called: () => null };

/** The commands that a script would run, in every branch, with its variables as far as the script says them. */
export function commandsOf(text: string, base = 0, scripts = alone): Command[] {
	const run = new Run(scripts);
	run.all(new Parser(new Lexer(text, base).tokens()).statements());
	run.uncalled();
	return run.commands;
}

class Run {
	readonly commands: Command[] = [];
	#variables = new Map<string, Variable>();
	#functions = new Map<string, readonly Statement[]>();
	readonly #called = new Set<string>();
	readonly #scripts: Scripts;
	/** Variables that a script which is started has too. */
	readonly #exported = new Set<string>();
	#exportsAll = false;
	/** Scripts that have been started and have not ended, the innermost last. */
	readonly #started: CalledScript[] = [];
	#starts = 0;
	/** Where a script's text stands that is not of this file. */
	#elsewhere: number | null = null;
	/** The folder that `cd` went to. */
	#folder = "";
	#steps = 0;
	#depth = 0;

	constructor(scripts: Scripts) {
		this.#scripts = scripts;
	}

	all(statements: readonly Statement[]): void {
		for (const statement of statements) {
			if (++this.#steps > mostSteps) return;
			this.#one(statement);
		}
	}

	/** Functions that the script defines and never calls: another script may. */
	uncalled(): void {
		for (const [name, body] of this.#functions) if (!this.#called.has(name)) this.all(body);
	}

	#one(statement: Statement): void {
		switch (statement.kind) {
			case "simple":
				return this.#simple(statement);
			case "group":
				return this.all(statement.body);
			case "function":
				this.#functions.set(statement.name, statement.body);
				return;
			case "loop": {
				if (readsCaller(statement.condition)) return this.#options(statement.body);
				for (const name of assignedIn(statement.body)) this.#forget(name, "is set in a loop");
				return this.all(statement.body);
			}
			case "for":
				return this.#for(statement);
			case "branch":
				return this.#branch(statement);
		}
	}

	#for({ name, words, body }: Extract<Statement, { kind: "for" }>): void {
		const values = words.flatMap((word) => expandWord(word, this.#variables));
		// What else the caller gives is taken to be nothing.
		if (readsCaller(words) && values.every((value) => plainText(value) === "")) return;
		const known =
			values.length > 0 && values.length <= mostIterations && values.every((one) => plainText(one) !== null);
		if (!known || values.some((one) => /[*?{]/.test(plainText(one)!))) {
			this.#forget(name, "comes from a loop");
			return this.all(body);
		}
		for (const value of values) {
			this.#variables.set(name, { value });
			this.all(body);
		}
	}

	#branch({ arms, complete, condition, negated }: Extract<Statement, { kind: "branch" }>): void {
		const before = this.#variables;
		const test = decided(condition, before);
		const ends = arms.map((arm) => {
			this.#variables = new Map(before);
			this.all(arm);
			return this.#variables;
		});
		if (!complete) ends.push(before);
		// What a test that is known leaves out may still be told of, but leaves nothing behind.
		const isFirst = test === null ? null : test !== (negated ?? false);
		if (isFirst === true || (isFirst === false && ends.length === 2)) {
			this.#variables = isFirst ? ends[0] : ends[1];
			return;
		}
		const merged = new Map(before);
		for (const name of new Set(ends.flatMap((end) => [...end.keys()]))) {
			const [first, ...others] = ends.map((end) => end.get(name));
			if (others.every((other) => same(first, other))) {
				if (first !== undefined) merged.set(name, first);
				continue;
			}
			// `if [ -z "$X" ]; then X=...; fi` gives X where nobody else has.
			const isDefault = before.get(name) === undefined && testsEmpty(condition, name) && first !== undefined;
			const options = eitherOptions(ends.map((end) => end.get(name)));
			merged.set(
				name,
				isDefault ? first : (options ?? unknown(`$${name} differs by a condition`, condition.at(0)?.at ?? 0)),
			);
		}
		this.#variables = merged;
	}

	#simple({ words, arrays, heredocs, target, at }: Simple): void {
		for (const array of arrays) {
			const given = array.words.flatMap((word) => expandWord(word, this.#variables));
			const held = this.#variables.get(array.name);
			const earlier = !array.append || held === undefined ? [] : "array" in held ? held.array : [held.value];
			this.#variables.set(array.name, { array: [...earlier, ...given].slice(0, 5000) });
		}
		let first = 0;
		const before: string[] = [];
		for (; first < words.length; first++) {
			const name = this.#assign(words[first]);
			if (name === null) break;
			before.push(name);
		}
		const rest = words.slice(first).flatMap((word) => expandWord(word, this.#variables));
		if (rest.length === 0 && heredocs.length === 0) return;
		const name = rest.length === 0 ? "" : plainText(rest[0]);
		if (
			name === "export" ||
			name === "declare" ||
			name === "local" ||
			name === "readonly" ||
			name === "typeset"
		) {
			const exports = name === "export" || rest.some((word) => /^-[a-z]*x/.test(plainText(word) ?? ""));
			for (const word of words.slice(first + 1)) {
				const text = word.parts.map((part) => (part.kind === "text" ? part.text : "")).join("");
				const set = this.#assign(word) ?? text;
				if (exports) this.#exported.add(set);
			}
			return;
		}
		if (name === "unset") {
			for (const word of rest.slice(1)) this.#variables.delete(plainText(word) ?? "");
			return;
		}
		if (name === "set") return this.#set(rest.slice(1));
		if (name === "shift") {
			this.#shift(rest.at(1));
			return;
		}
		if (name === "cd") {
			this.#cd(rest.at(1) ?? []);
			return;
		}
		if (name === "read") {
			for (const word of rest.slice(1)) this.#forget(plainText(word) ?? "", "is read while it runs");
			// `read -r -d '' command <<EOF`: OpenRLHF's scripts keep a command so.
			const [target, heredoc] = [rest.at(-1), heredocs.at(0)];
			if (target !== undefined && heredoc !== undefined)
				this.#variables.set(plainText(target) ?? "", { value: this.#body(heredoc) });
			return;
		}
		if ((name === "source" || name === ".") && rest.length > 1) {
			this.#source(rest[1], at);
			return;
		}
		if (name !== null && this.#call(name, rest.slice(1))) return;
		// What is only said is not run.
		if ((name === "echo" || name === "printf") && heredocs.length === 0) return;
		if (this.#start(rest, before, at)) return;
		const inner = innerScript(rest);
		if (inner !== null && this.#depth < deepestScript) {
			const outside = new Map(this.#variables);
			this.#depth++;
			this.all(this.#parsed(inner.text, inner.at));
			this.#depth--;
			this.#variables = outside;
			if (heredocs.length === 0) return;
		}
		const file = target === null ? null : expandValue(target.parts, this.#variables);
		this.commands.push({
			words: name === "eval" ? evaluated(rest.slice(1), this.#variables) : rest,
			heredocs,
			target: file,
			at,
		});
	}

	/** What stands there is as if it stood here; of a path that begins with what is not known, its end. */
	#source(word: Pieces, at: number): void {
		const last = word.findLastIndex((piece) => "unknown" in piece);
		const path = (plainText(word.slice(last + 1)) ?? "").replace(/^\/*/, last === -1 ? "$&" : "");
		const text = this.#depth > 8 || path === "" ? null : this.#scripts.sourced(path);
		if (text === null) return;
		this.#depth++;
		this.all(new Parser(new Lexer(text, at, true).tokens()).statements());
		this.#depth--;
	}

	/** A heredoc's words, with what is between them as one space. */
	#body({ body, at }: Heredoc): Pieces {
		const words = new Lexer(body, at)
			.tokens()
			.flatMap((token) => (token.kind === "word" ? expandWord(token.word, this.#variables) : []));
		return words.flatMap((word) => [...word, { text: " ", at }]);
	}

	#call(name: string, words: readonly Pieces[]): boolean {
		const body = this.#functions.get(name);
		if (body === undefined || this.#depth > 8) return false;
		this.#called.add(name);
		const before = this.#variables.get("@");
		this.#variables.set("@", { array: words });
		this.#depth++;
		this.all(body);
		this.#depth--;
		if (before === undefined) this.#variables.delete("@");
		else this.#variables.set("@", before);
		return true;
	}

	/** Another script, with these arguments and what is exported; null where it is none that can be read. */
	#start(words: readonly Pieces[], before: readonly string[], at: number): boolean {
		const call = scriptCallOf(words);
		if (call === null || this.#started.length >= deepestStart || this.#starts >= mostStarts) return false;
		const from = this.#started.at(-1)?.path ?? null;
		const path = call.isBeside ? call.path : posix.join(this.#folder, call.path);
		const script = this.#scripts.called(path, from, call.isBeside);
		if (script === null || this.#started.some((one) => one.path === script.path)) return false;
		const outside = { variables: this.#variables, functions: this.#functions, folder: this.#folder };
		const elsewhere = this.#elsewhere;
		const exported = new Map<string, Variable>();
		for (const name of [...this.#exported, ...before]) {
			const held = this.#variables.get(name);
			if (held !== undefined) exported.set(name, held);
		}
		for (const { name, value } of call.given) exported.set(name, { value });
		exported.set("@", { array: call.args });
		this.#variables = exported;
		this.#functions = new Map();
		this.#elsewhere ??= at;
		this.#started.push(script);
		this.#starts++;
		const others = [...this.#exported];
		for (const name of exported.keys()) this.#exported.add(name);
		this.all(this.#parsed(script.text, at));
		this.#exported.clear();
		for (const name of others) this.#exported.add(name);
		this.#started.pop();
		this.#elsewhere = elsewhere;
		this.#variables = outside.variables;
		this.#functions = outside.functions;
		this.#folder = outside.folder;
		return true;
	}

	#parsed(text: string, at: number): Statement[] {
		const lexer = this.#elsewhere === null ? new Lexer(text, at) : new Lexer(text, this.#elsewhere, true);
		return new Parser(lexer.tokens()).statements();
	}

	/** A loop over the caller's arguments: where these are known, what it makes of them is not. */
	#options(body: readonly Statement[]): void {
		const given = argumentsIn(this.#variables) ?? [];
		if (given.length === 0) return;
		for (const name of allAssignedIn(body)) this.#forget(name, "is set by an option of the caller");
		this.#variables.set("@", { array: [[{ unknown: "what a loop leaves of the arguments", at: 0 }]] });
	}

	/** `set -- a b`, `set -a`. */
	#set(words: readonly Pieces[]): void {
		const texts = words.map((word) => plainText(word));
		const dashes = texts.indexOf("--");
		if (dashes !== -1) this.#variables.set("@", { array: words.slice(dashes + 1) });
		if (texts[0] === "-a" || texts[1] === "allexport") this.#exportsAll = texts[0] !== "+o";
		if (texts[0] === "+a") this.#exportsAll = false;
	}

	#shift(by: Pieces | undefined): void {
		const given = argumentsIn(this.#variables);
		if (given === null) return;
		const count = by === undefined ? 1 : Number(plainText(by) ?? Number.NaN);
		const unclear: Pieces = [{ unknown: "what shift leaves of the arguments", at: 0 }];
		this.#variables.set("@", { array: Number.isNaN(count) ? [unclear] : given.slice(count) });
	}

	/** Where it goes from what is not known, or from the root, that is taken to be the project's own folder. */
	#cd(word: Pieces): void {
		const text = plainText(word);
		this.#folder = text === null || text === "" || /^[/~-]/.test(text) ? "" : posix.join(this.#folder, text);
	}

	/** The name that it gives a value to; null where it is no assignment. */
	#assign(word: Word): string | null {
		const [first, ...others] = word.parts;
		if (word.parts.length === 0 || first.kind !== "text" || first.quoted) return null;
		const match = /^([A-Za-z_]\w*)(\+?)=/.exec(first.text);
		if (match === null) return null;
		const [whole, name, append] = match;
		const rest: Part = { ...first, text: first.text.slice(whole.length), at: first.at + whole.length };
		const value = expandValue([rest, ...others], this.#variables);
		const held = this.#variables.get(name);
		const before = append === "" || held === undefined || "array" in held ? [] : held.value;
		this.#variables.set(name, { value: [...before, ...value].slice(0, 5000) });
		if (this.#exportsAll) this.#exported.add(name);
		return name;
	}

	#forget(name: string, why: string): void {
		this.#variables.set(name, unknown(`$${name} ${why}`, 0));
	}
}

/** The script of `bash -c "..."`. */
function innerScript(words: readonly Pieces[]): { text: string; at: number } | null {
	const texts = words.map((word) => plainText(word));
	const at = texts.findIndex(
		(text, i) => i > 0 && /^-[a-z]*c$/.test(text ?? "") && /(^|\/)(ba|z|da)?sh$/.test(texts[i - 1] ?? ""),
	);
	if (at === -1 || at + 1 >= words.length) return null;
	const script = words[at + 1];
	const text = script.map((piece) => ("unknown" in piece ? "$__not_known" : piece.text)).join("");
	return { text, at: script.at(0)?.at ?? 0 };
}

function unknown(why: string, at: number): Variable {
	return { value: [{ unknown: why, at }] };
}

function same(a: Variable | undefined, b: Variable | undefined): boolean {
	if (a === b) return true;
	if (a === undefined || b === undefined || "array" in a || "array" in b) return false;
	const text = plainText(a.value);
	return text !== null && text === plainText(b.value);
}

/** Names that statements give values to, however deep within branches and loops. */
function allAssignedIn(body: readonly Statement[]): string[] {
	return body.flatMap((statement): string[] => {
		switch (statement.kind) {
			case "simple":
				return [...assignedIn([statement]), ...statement.arrays.map(({ name }) => name)];
			case "branch":
				return statement.arms.flatMap((arm) => allAssignedIn(arm));
			default:
				return allAssignedIn(statement.body);
		}
	});
}

/** Whether the words ask for the caller's arguments: `$#`, `"$@"`, `getopts`. */
function readsCaller(words: readonly Word[]): boolean {
	return words.some(({ parts }) =>
		parts.some((part) =>
			part.kind === "variable" ? /^[#@*1]$/.test(part.name) : part.kind === "text" && part.text === "getopts",
		),
	);
}

function testsEmpty(condition: readonly Word[], name: string): boolean {
	const texts = condition.map((word) =>
		word.parts
			.map((part) => (part.kind === "text" ? part.text : part.kind === "variable" ? `$${part.name}` : ""))
			.join(""),
	);
	return texts.includes("-z") && texts.includes(`$${name}`);
}

/** `eval` reads its words as a script does: they are split and expanded again, whatever quotes they came in. */
function evaluated(words: readonly Pieces[], variables: ReadonlyMap<string, Variable>): Pieces[] {
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
