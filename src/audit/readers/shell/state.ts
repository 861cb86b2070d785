import { posix } from "node:path";
import { argumentsIn, expandValue, type Pieces, plainText, type Variable } from "./expand.ts";
import { optionAt } from "./options.ts";
import { allAssignedIn, heredocWords, unknown } from "./script-parts.ts";
import type { Statement } from "./statements.ts";
import type { Heredoc, Part, Word } from "./words.ts";

/** What a script has set by the place that is read. */
export class ShellState {
	variables = new Map<string, Variable>();
	/** Variables that a script which is started has too. */
	readonly exported = new Set<string>();
	/** The folder that `cd` went to. */
	folder = "";
	/** Variables that an option of the caller would set, whether they have a value or not. */
	readonly #optional = new Set<string>();
	#exportsAll = false;

	/** A command of the shell's own that gives variables their values; false of any other. */
	builtin(name: string, words: readonly Pieces[], heredocs: readonly Heredoc[]): boolean {
		const texts = words.map((word) => plainText(word) ?? "");
		switch (name) {
			case "let":
				for (const text of texts) this.computed(text);
				return true;
			case "unset":
				for (const text of texts) this.variables.delete(text);
				return true;
			case "set":
				this.set(words);
				return true;
			case "shift":
				this.shift(words.at(0));
				return true;
			case "cd":
				this.cd(words.at(0) ?? []);
				return true;
			case "read":
			case "mapfile":
			case "readarray": {
				for (const text of texts) this.forget(text, "is read while it runs");
				// `read -r -d '' command <<EOF`: OpenRLHF's scripts keep a command so.
				const [target, heredoc] = [texts.at(-1), heredocs.at(0)];
				if (name === "read" && target !== undefined && heredoc !== undefined)
					this.variables.set(target, { value: heredocWords(heredoc, this.variables) });
				return true;
			}
			case "printf":
				if (texts[0] !== "-v" || texts.length < 2) return false;
				this.forget(texts[1], "is printed");
				return true;
			default:
				return false;
		}
	}

	/** The next option by `getopts`; null where that is not known. */
	getopts(words: readonly Word[], round: number): boolean | null {
		const texts = words.map((word) => plainText(expandValue(word.parts, this.variables)));
		const [, letters, variable] = texts;
		if (texts.length !== 3 || letters === null || variable === null) return null;
		const given = argumentsIn(this.variables) ?? [];
		const option = optionAt(given, letters, round);
		if (option === null) return null;
		this.variables.set("OPTIND", { value: [{ text: String(option.next + 1), at: 0 }] });
		if (option.letter === null) return false;
		this.variables.set(variable, { value: [{ text: option.letter, at: 0 }] });
		if (option.value === null) this.variables.delete("OPTARG");
		else this.variables.set("OPTARG", { value: option.value });
		return true;
	}

	/** What an option of the caller would set is taken to be as it is, which is told. */
	settable(body: readonly Statement[]): void {
		for (const name of allAssignedIn(body)) {
			this.#optional.add(name);
			const held = this.variables.get(name);
			if (held === undefined || "array" in held) continue;
			const value = held.value.length === 0 ? [{ text: "", at: 0 }] : held.value;
			this.variables.set(name, {
				value: value.map((piece) => ("text" in piece ? { ...piece, byOption: true } : piece)),
			});
		}
	}

	/** What arithmetic gives a value to is not known. */
	computed(expression: string): void {
		const given = /(?:\+\+|--)\s*([A-Za-z_]\w*)|([A-Za-z_]\w*)\s*(?:\+\+|--|(?:<<|>>|[-+*/%&|^])?=(?!=))/g;
		for (const match of expression.matchAll(given))
			this.forget(match.at(1) ?? match.at(2) ?? "", "is computed");
	}

	/** A word, with what stands in it only because the caller gives nothing marked so. */
	marked(word: Pieces): Pieces {
		const isChosen = (name: string): boolean => this.#optional.has(name) || /^\d+$/.test(name);
		return word.map((piece) =>
			"text" in piece && piece.isDefault !== undefined && isChosen(piece.isDefault)
				? { ...piece, byOption: true }
				: piece,
		);
	}

	restore(args: Variable | undefined): void {
		if (args === undefined) this.variables.delete("@");
		else this.variables.set("@", args);
	}

	/** `set -- a b`, `set -a`. */
	set(words: readonly Pieces[]): void {
		const texts = words.map((word) => plainText(word));
		const dashes = texts.indexOf("--");
		if (dashes !== -1) this.variables.set("@", { array: words.slice(dashes + 1) });
		if (texts[0] === "-a" || texts[1] === "allexport") this.#exportsAll = texts[0] !== "+o";
		if (texts[0] === "+a") this.#exportsAll = false;
	}

	shift(by: Pieces | undefined): void {
		const given = argumentsIn(this.variables);
		if (given === null) return;
		const count = by === undefined ? 1 : this.#shifted(by);
		const unclear: Pieces = [{ unknown: "what shift leaves of the arguments", at: 0 }];
		this.variables.set("@", { array: Number.isNaN(count) ? [unclear] : given.slice(count) });
	}

	/** `shift $((OPTIND - 1))` */
	#shifted(by: Pieces): number {
		const text = plainText(by);
		const index = this.variables.get("OPTIND");
		const next = index === undefined || "array" in index ? null : plainText(index.value);
		const isArithmetic = by.some((piece) => "unknown" in piece && /arithmetic/.test(piece.unknown));
		return text !== null ? Number(text) : isArithmetic && next !== null ? Number(next) - 1 : Number.NaN;
	}

	/** Where it goes from what is not known, or from the root, that is taken to be the project's own folder. */
	cd(word: Pieces): void {
		const text = plainText(word);
		this.folder = text === null || text === "" || /^[/~-]/.test(text) ? "" : posix.join(this.folder, text);
	}

	/** The name that it gives a value to; null where it is no assignment. */
	assign(word: Word): string | null {
		const [first, ...others] = word.parts;
		if (word.parts.length === 0 || first.kind !== "text" || first.quoted) return null;
		const match = /^([A-Za-z_]\w*)(\+?)=/.exec(first.text);
		if (match === null) return null;
		const [whole, name, append] = match;
		const rest: Part = { ...first, text: first.text.slice(whole.length), at: first.at + whole.length };
		const value = expandValue([rest, ...others], this.variables);
		const held = this.variables.get(name);
		const before = append === "" || held === undefined || "array" in held ? [] : held.value;
		this.variables.set(name, { value: [...before, ...value].slice(0, 5000) });
		if (this.#exportsAll) this.exported.add(name);
		return name;
	}

	/** `${NAME:=value}` gives the name its value, where it has none. */
	assignDefaults({ parts }: Word): void {
		for (const part of parts) {
			if (part.kind !== "variable" || !/^:?=$/.test(part.operator) || !/^[A-Za-z_]/.test(part.name)) continue;
			this.variables.set(part.name, { value: expandValue([part], this.variables) });
		}
	}

	forget(name: string, why: string): void {
		this.variables.set(name, unknown(`$${name} ${why}`, 0));
	}
}
