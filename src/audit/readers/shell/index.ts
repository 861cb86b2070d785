import { readBeside } from "../../beside.ts";
import { calledScript } from "../../called-script.ts";
import type { Candidate } from "../../candidate.ts";
import type { Source } from "../../source.ts";
import type { Embedded, ReadFile } from "../reader.ts";
import { commandForm, readArguments } from "./arguments.ts";
import { plainText } from "./expand.ts";
import { programOf } from "./program.ts";
import { type Command, commandsOf, type Scripts } from "./run.ts";
import type { Heredoc } from "./words.ts";

/** Commands of a shell script that run a program with settings, and files that it writes by heredocs. */
export function readShell(source: Source, base = 0): ReadFile {
	const candidates: Candidate[] = [];
	const embedded: Embedded[] = [];
	const seen = new Set<string>();
	const read = (command: Command): void => {
		for (const heredoc of command.heredocs) embedded.push(...heredocFile(command, heredoc));
		const program = programOf(command.words);
		if (program === null) return;
		const given = command.words.slice(program.from);
		const args = readArguments(given, source);
		const candidate: Candidate = {
			...{ form: commandForm(given, program.name), program: program.name },
			...{ hints: [], settings: args.settings, bases: args.bases, open: args.open, written: source.written },
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
	};
	for (const command of commandsOf(text, base, scripts)) read(command);
	return { candidates, embedded };
}

/** What a heredoc writes or feeds: a file by its name, or Python. */
function heredocFile({ words, target }: Command, { body, at, expands }: Heredoc): Embedded[] {
	const texts = words.map((word) => plainText(word) ?? "");
	const teed = texts[0] === "tee" ? texts.findLast((text) => !text.startsWith("-")) : undefined;
	const name =
		teed ?? (target === null ? null : target.map((piece) => ("unknown" in piece ? "" : piece.text)).join(""));
	const extension = name === null ? undefined : /\.(\w+)$/.exec(name)?.[1].toLowerCase();
	if (extension !== undefined) return [{ kind: extension, text: body, at, expands }];
	if (/(^|\/)python[\d.]*$/.test(texts.at(0) ?? "") || texts.some((text) => /^python[\d.]*$/.test(text)))
		return [{ kind: "py", text: body, at, expands }];
	if (/^(ba|z)?sh$/.test(texts.at(0) ?? "")) return [{ kind: "sh", text: body, at, expands }];
	return [];
}
