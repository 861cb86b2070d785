import { posix } from "node:path";
import type { CalledScript } from "../../called-script.ts";
import { assumedBy, mergedOf, takenBy } from "./branches.ts";
import { type Verdict, verdictOf } from "./conditions.ts";
import {
	argumentsIn,
	expandValue,
	expandWord,
	isOpenCaller,
	type Pieces,
	plainText,
	type Variable,
} from "./expand.ts";
import { scriptCallOf } from "./script-call.ts";
import {
	allAssignedIn,
	deeplyAssignedIn,
	evaluated,
	heredocText,
	innerScript,
	matteringIn,
	passesCaller,
	readsCaller,
	shiftsIn,
	wordsOf,
	writtenName,
} from "./script-parts.ts";
import { alone, type Command, type Scripts } from "./scripts.ts";
import { ShellState } from "./state.ts";
import { Parser, type Simple, type Statement } from "./statements.ts";
import { Lexer, type Word } from "./words.ts";

/** Most iterations of a loop that are followed, and most statements of a script: it must end, whatever it says. */
const mostIterations = 24;
/** Most options that a loop takes from its caller. */
const mostOptions = 200;
const mostSteps = 20_000;
/** Commands within commands (`bash -c "..."`) are followed so deep. */
const deepestScript = 6;
/** Scripts that start scripts are followed so deep, and so many in all. */
const deepestStart = 5;
const mostStarts = 100;

/** The commands that a script would run, in every branch, with its variables as far as the script says them. */
export function commandsOf(text: string, base = 0, scripts = alone): Command[] {
	const run = new Run(scripts);
	run.all(new Parser(new Lexer(text, base).tokens()).statements());
	run.uncalled();
	return run.commands;
}

class Run {
	readonly commands: Command[] = [];
	readonly #state = new ShellState();
	#functions = new Map<string, readonly Statement[]>();
	readonly #called = new Set<string>();
	readonly #scripts: Scripts;
	/** Scripts that have been started and have not ended, the innermost last. */
	readonly #started: CalledScript[] = [];
	#starts = 0;
	/** Where a script's text stands that is not of this file. */
	#elsewhere: number | null = null;
	#steps = 0;
	#depth = 0;
	/** What has ended the statements that are read: a loop, a function or a script. */
	#stopped: "break" | "continue" | "return" | "exit" | null = null;
	/** Loops around whose rounds are followed. */
	#loops = 0;
	/** Branches around that may be taken or not. */
	#possible = 0;
	/** Variables that another choice of the caller's would have given something of a KL. */
	readonly #assumed = new Set<string>();

	constructor(scripts: Scripts) {
		this.#scripts = scripts;
	}

	all(statements: readonly Statement[]): void {
		for (const statement of statements) {
			if (++this.#steps > mostSteps || this.#stopped !== null) return;
			this.#one(statement);
		}
	}

	/** Functions that the script defines and never calls: another script may. */
	uncalled(): void {
		for (const [name, body] of this.#functions) {
			if (this.#called.has(name)) continue;
			this.#stopped = null;
			this.all(body);
		}
	}

	#one(statement: Statement): void {
		switch (statement.kind) {
			case "simple":
				return this.#simple(statement);
			case "group":
				if (statement.isGuarded) return this.#perhaps(() => this.all(statement.body));
				return statement.isSubshell ? this.#subshell(statement.body) : this.all(statement.body);
			case "function":
				this.#functions.set(statement.name, statement.body);
				return;
			case "loop":
				return this.#loop(statement);
			case "for":
				return this.#for(statement);
			case "branch":
				return this.#branch(statement);
		}
	}

	#for({ name, words, body }: Extract<Statement, { kind: "for" }>): void {
		const values = words.flatMap((word) => expandWord(word, this.#state.variables));
		// What else the caller gives is taken to be nothing.
		if (readsCaller(words) && values.every((value) => plainText(value) === "")) {
			if (isOpenCaller(this.#state.variables)) this.#settable(body);
			return;
		}
		const known =
			values.length > 0 && values.length <= mostIterations && values.every((one) => plainText(one) !== null);
		if (!known || values.some((one) => /[*?{]/.test(plainText(one)!))) {
			this.#state.forget(name, "comes from a loop");
			return this.#perhaps(() => this.all(body));
		}
		for (const value of values) {
			this.#state.variables.set(name, { value });
			this.#round(body);
			if (this.#endsLoop()) return;
		}
	}

	#loop({ test, commands, isUntil, body }: Extract<Statement, { kind: "loop" }>): void {
		const words = wordsOf(test);
		const isOptions =
			readsCaller(words) || (shiftsIn(body) && verdictOf(test, this.#state.variables).holds === !isUntil);
		if (isOptions) return this.#options(words, test, isUntil, body);
		for (const name of deeplyAssignedIn(body)) this.#state.forget(name, "is set in a loop");
		this.#perhaps(() => {
			this.all(commands);
			this.all(body);
		});
	}

	/** A loop over the caller's arguments. What a caller that is not known gives is taken to be nothing. */
	#options(
		words: readonly Word[],
		test: Extract<Statement, { kind: "loop" }>["test"],
		isUntil: boolean,
		body: readonly Statement[],
	): void {
		const given = argumentsIn(this.#state.variables) ?? [];
		if (given.length === 0 && isOpenCaller(this.#state.variables)) return this.#settable(body);
		const isGetopts = words.some((word) =>
			word.parts.some((part) => part.kind === "text" && part.text === "getopts"),
		);
		const before = this.#state.variables;
		this.#state.variables = new Map(before);
		for (let round = 0; round < mostOptions; round++) {
			const holds = isGetopts
				? this.#state.getopts(words, round)
				: verdictOf(test, this.#state.variables).holds;
			if (holds === null) break;
			if (holds === isUntil) return;
			this.#round(body);
			if (this.#endsLoop()) return;
		}
		this.#state.variables = before;
		for (const name of allAssignedIn(body)) this.#state.forget(name, "is set by an option of the caller");
		this.#state.variables.set("@", { array: [[{ unknown: "what a loop leaves of the arguments", at: 0 }]] });
	}

	/** What an option of the caller would set is taken to be as it is, which is told. */
	#settable(body: readonly Statement[]): void {
		this.#state.settable(body);
		for (const name of matteringIn(body)) this.#assumed.add(name);
	}

	/** Statements that may be run or not: what ends them ends nothing else. */
	#perhaps(read: () => void): void {
		this.#possible++;
		read();
		this.#possible--;
	}

	#round(body: readonly Statement[]): void {
		this.#loops++;
		this.all(body);
		this.#loops--;
	}

	/** Whether a loop has ended by itself. */
	#endsLoop(): boolean {
		const ends = this.#stopped !== null && this.#stopped !== "continue";
		if (this.#stopped === "break" || this.#stopped === "continue") this.#stopped = null;
		return ends;
	}

	#subshell(body: readonly Statement[]): void {
		const [variables, folder] = [this.#state.variables, this.#state.folder];
		this.#state.variables = new Map(variables);
		this.all(body);
		if (this.#stopped === "exit") this.#stopped = null;
		[this.#state.variables, this.#state.folder] = [variables, folder];
	}

	#branch({ arms }: Extract<Statement, { kind: "branch" }>): void {
		const before = this.#state.variables;
		const ends: Map<string, Variable>[] = [];
		const run = (body: readonly Statement[]): Map<string, Variable> => {
			this.#state.variables = new Map(before);
			this.all(body);
			return this.#state.variables;
		};
		// Those that are not taken only because of a default have commands too.
		const others: Map<string, Variable>[] = [];
		let isComplete = false;
		for (const { test, body } of arms) {
			if (test.kind === "test" && !isComplete) {
				this.#state.variables = before;
				this.#perhaps(() => this.all(test.commands));
			}
			const { holds, byDefault }: Verdict = isComplete
				? { holds: false, byDefault: true }
				: takenBy(test, this.#state.variables);
			if (holds === true && !byDefault && ends.length === 0 && others.length === 0) {
				this.#state.variables = run(body);
				return;
			}
			if (holds === false && !byDefault) continue;
			this.#perhaps(() => (holds === false ? others : ends).push(run(body)));
			isComplete ||= holds === true;
		}
		if (!isComplete) ends.push(before);
		for (const name of assumedBy(ends, others)) this.#assumed.add(name);
		this.#state.variables = mergedOf(before, ends, arms);
	}

	#simple({ words, arrays, heredocs, target, at, isGuarded }: Simple): void {
		for (const array of arrays) {
			const given = array.words.flatMap((word) => expandWord(word, this.#state.variables));
			const held = this.#state.variables.get(array.name);
			const earlier = !array.append || held === undefined ? [] : "array" in held ? held.array : [held.value];
			this.#state.variables.set(array.name, { array: [...earlier, ...given].slice(0, 5000) });
		}
		for (const word of words) this.#state.assignDefaults(word);
		let first = 0;
		const before: string[] = [];
		for (; first < words.length; first++) {
			const name = this.#state.assign(words[first]);
			if (name === null) break;
			before.push(name);
		}
		const rest = words.slice(first).flatMap((word) => expandWord(word, this.#state.variables));
		if (rest.length === 0 && heredocs.length === 0) return;
		const name = rest.length === 0 ? "" : plainText(rest[0]);
		if (name !== null && /^(export|declare|local|readonly|typeset)$/.test(name)) {
			const exports = name === "export" || rest.some((word) => /^-[a-z]*x/.test(plainText(word) ?? ""));
			for (const word of words.slice(first + 1)) {
				const text = word.parts.map((part) => (part.kind === "text" ? part.text : "")).join("");
				const set = this.#state.assign(word) ?? text;
				if (exports) this.#state.exported.add(set);
			}
			return;
		}
		if (name !== null && /^(break|continue|return|exit)$/.test(name)) {
			const isOfLoop = name === "break" || name === "continue";
			// A script that refuses what it is given is one to fill in: what stands behind is what it would run.
			const refuses = name === "exit" && rest.length > 1 && plainText(rest[1]) !== "0";
			if (!refuses && !isGuarded && this.#possible === 0 && (!isOfLoop || this.#loops > 0))
				this.#stopped = name as "break";
			return;
		}
		if (name !== null && this.#state.builtin(name, rest.slice(1), heredocs)) return;
		if ((name === "source" || name === ".") && rest.length > 1) {
			this.#source(rest[1], rest.slice(2), at);
			return;
		}
		const isOpen =
			isOpenCaller(this.#state.variables) && words.slice(first).some((word) => passesCaller(word));
		if (name !== null && this.#call(name, rest.slice(1), isOpen)) return;
		// What is only said is not run.
		if ((name === "echo" || name === "printf") && heredocs.length === 0) return;
		if (this.#start(rest, before, at, isOpen)) return;
		const inner = innerScript(rest);
		if (inner !== null && this.#depth < deepestScript) {
			const outside = new Map(this.#state.variables);
			this.#depth++;
			this.all(this.#parsed(inner.text, inner.at));
			if (this.#stopped === "exit") this.#stopped = null;
			this.#depth--;
			this.#state.variables = outside;
			if (heredocs.length === 0) return;
		}
		const file = target === null ? null : expandValue(target.parts, this.#state.variables);
		for (const heredoc of heredocs) {
			const written = writtenName(rest, file);
			if (written !== null)
				this.#scripts.write(written, heredocText(heredoc, this.#state.variables), this.#state.folder);
		}
		this.commands.push({
			words: (name === "eval" ? evaluated(rest.slice(1), this.#state.variables) : rest).map((word) =>
				this.#state.marked(word),
			),
			heredocs: heredocs.map((one) => ({ ...one, body: heredocText(one, this.#state.variables) })),
			target: file,
			at,
			assumed: [...this.#assumed],
		});
	}

	/** What stands there is as if it stood here; of a path that begins with what is not known, its end. */
	#source(word: Pieces, args: readonly Pieces[], at: number): void {
		const last = word.findLastIndex((piece) => "unknown" in piece);
		const path = (plainText(word.slice(last + 1)) ?? "").replace(/^\/*/, last === -1 ? "$&" : "");
		const text = this.#depth > 8 || path === "" ? null : this.#scripts.sourced(path);
		if (text === null) return;
		// Without arguments of its own it has those of the script.
		const before = this.#state.variables.get("@");
		if (args.length > 0) this.#state.variables.set("@", { array: args });
		this.#depth++;
		this.all(new Parser(new Lexer(text, at, true).tokens()).statements());
		if (this.#stopped === "return") this.#stopped = null;
		this.#depth--;
		if (args.length > 0) this.#state.restore(before);
	}

	#call(name: string, words: readonly Pieces[], isOpen: boolean): boolean {
		const body = this.#functions.get(name);
		if (body === undefined || this.#depth > 8) return false;
		this.#called.add(name);
		const before = this.#state.variables.get("@");
		this.#state.variables.set("@", { array: words, isOpen });
		this.#depth++;
		this.all(body);
		if (this.#stopped === "return") this.#stopped = null;
		this.#depth--;
		this.#state.restore(before);
		return true;
	}

	/** Another script, with these arguments and what is exported; null where it is none that can be read. */
	#start(words: readonly Pieces[], before: readonly string[], at: number, isOpen: boolean): boolean {
		const call = scriptCallOf(words);
		if (call === null || this.#started.length >= deepestStart || this.#starts >= mostStarts) return false;
		const from = this.#started.at(-1)?.path ?? null;
		const path = call.isBeside ? call.path : posix.join(this.#state.folder, call.path);
		const script = this.#scripts.called(path, from, call.isBeside);
		if (script === null || this.#started.some((one) => one.path === script.path)) return false;
		const outside = {
			variables: this.#state.variables,
			functions: this.#functions,
			folder: this.#state.folder,
		};
		const elsewhere = this.#elsewhere;
		const exported = new Map<string, Variable>();
		for (const name of [...this.#state.exported, ...before]) {
			const held = this.#state.variables.get(name);
			if (held !== undefined) exported.set(name, held);
		}
		for (const { name, value } of call.given) exported.set(name, { value });
		exported.set("@", { array: call.args, isOpen });
		this.#state.variables = exported;
		this.#functions = new Map();
		this.#elsewhere ??= at;
		this.#started.push(script);
		this.#starts++;
		const others = [...this.#state.exported];
		for (const name of exported.keys()) this.#state.exported.add(name);
		this.all(this.#parsed(script.text, at));
		this.#stopped = null;
		this.#state.exported.clear();
		for (const name of others) this.#state.exported.add(name);
		this.#started.pop();
		this.#elsewhere = elsewhere;
		this.#state.variables = outside.variables;
		this.#functions = outside.functions;
		this.#state.folder = outside.folder;
		return true;
	}

	#parsed(text: string, at: number): Statement[] {
		const lexer = this.#elsewhere === null ? new Lexer(text, at) : new Lexer(text, this.#elsewhere, true);
		return new Parser(lexer.tokens()).statements();
	}
}
