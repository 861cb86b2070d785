import { posix } from "node:path";
import { readBeside } from "../../beside.ts";
import { calledScript } from "../../called-script.ts";
import type { Candidate } from "../../candidate.ts";
import type { Source } from "../../source.ts";
import type { Embedded, ReadFile } from "../reader.ts";
import { commandForm, readArguments } from "./arguments.ts";
import { type Pieces, plainText } from "./expand.ts";
import { type Program, programOf } from "./program.ts";
import { commandsOf } from "./run.ts";
import { scriptCallOf } from "./script-call.ts";
import { writtenName } from "./script-parts.ts";
import type { Command, Scripts } from "./scripts.ts";
import type { Heredoc } from "./words.ts";

/** Commands of a shell script that run a program with settings, and files that it writes by heredocs. */
export function readShell(source: Source, base = 0): ReadFile {
	const candidates: Candidate[] = [];
	const embedded: Embedded[] = [];
	const seen = new Set<string>();
	const named = new Map<Embedded, string>();
	const read = (command: Command): void => {
		for (const heredoc of command.heredocs) {
			const found = heredocFile(command, heredoc);
			const name = writtenName(command.words, command.target);
			for (const one of found) named.set(one, name ?? "");
			embedded.push(...found);
		}
		const program = programOf(command.words) ?? scriptElsewhere(command.words);
		if (program === null) return;
		const given = command.words.slice(program.from);
		const args = readArguments(given, source);
		const open = "isElsewhere" in program ? `${program.name} is not beside this file` : null;
		const candidate: Candidate = {
			...{ form: commandForm(given, program.name), program: program.name },
			...{ hints: [], settings: args.settings, bases: args.bases, written: source.written },
			open: args.open ?? open,
			...(command.assumed.length === 0 ? {} : { assumed: command.assumed }),
			...source.place(command.words[Math.max(0, program.from - 1)].at(0)?.at ?? command.at),
		};
		// A loop whose variable is no matter for the settings is one run.
		const same = JSON.stringify([candidate.line, candidate.settings.map(({ key, value }) => [key, value])]);
		if (seen.has(same)) return;
		seen.add(same);
		candidates.push(candidate);
	};
	const text = base === 0 ? source.text : source.text.slice(base);
	const scripts: Scripts = {
		sourced: (path) => source.written.find(path)?.text ?? readBeside(path, source.path),
		called: (path, from, isBeside) =>
			source.written.find(path) ?? calledScript(path, from ?? source.path, source.tree, isBeside),
		write: (name, body, folder) => source.written.write(name, body, folder),
	};
	for (const command of commandsOf(text, base, scripts)) read(command);
	// A file that something else here takes is none of its own.
	const bases = candidates.flatMap((one) => one.bases.map(({ file }) => posix.basename(file)));
	const isUsed = (one: Embedded): boolean => {
		const name = named.get(one) ?? "";
		return name !== "" && (source.written.used.has(name) || bases.includes(posix.basename(name)));
	};
	return { candidates, embedded: embedded.filter((one) => !isUsed(one)) };
}

/** A script that cannot be read, where it is given a KL by hydra's overrides: what passes them on has them last. */
function scriptElsewhere(words: readonly Pieces[]): (Program & { readonly isElsewhere: true }) | null {
	const call = scriptCallOf(words);
	if (call === null) return null;
	const isTold = call.args.some(
		(word) => /^\+*[a-z_]\w*(\.\w+)+=/.test(written(word)) && /kl/.test(written(word)),
	);
	const from = words.length - call.args.length;
	return isTold ? { name: posix.basename(call.path), from, isElsewhere: true } : null;
}

function written(word: Pieces): string {
	return word.map((piece) => ("unknown" in piece ? "" : piece.text)).join("");
}

/** What a heredoc writes or feeds: a file by its name, or Python. */
function heredocFile({ words, target }: Command, { body, at, expands }: Heredoc): Embedded[] {
	const texts = words.map((word) => plainText(word) ?? "");
	const name = writtenName(words, target);
	const extension = name === null ? undefined : /\.(\w+)$/.exec(name)?.[1].toLowerCase();
	if (extension !== undefined) return [{ kind: extension, text: body, at, expands }];
	if (/(^|\/)python[\d.]*$/.test(texts.at(0) ?? "") || texts.some((text) => /^python[\d.]*$/.test(text)))
		return [{ kind: "py", text: body, at, expands }];
	const isScript =
		/^(ba|z)?sh$/.test(texts.at(0) ?? "") || (name !== null && /^#!.*\b(ba|z)?sh\b/.test(body));
	if (isScript) return [{ kind: "sh", text: body, at, expands }];
	return [];
}
