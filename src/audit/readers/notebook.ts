import { posix } from "node:path";
import type { Candidate } from "../candidate.ts";
import { Source } from "../source.ts";
import { WrittenFiles } from "../written-files.ts";
import { type CellLine, cellsOf, type Magic } from "./notebook-cells.ts";
import { NotebookState } from "./notebook-state.ts";
import type { ReadFile } from "./reader.ts";

/** How the parts of a notebook are read. */
export interface ReadPart {
	/** What a file of this name holds; nothing where it is no input. */
	(name: string, source: Source): Promise<readonly Candidate[]>;
}

/** A part of a notebook that is read by itself, with where its lines stand. */
interface Part {
	readonly name: string;
	readonly lines: readonly CellLine[];
	readonly written: WrittenFiles;
}

/** Cells of other languages. */
const foreign = /^(html|javascript|js|latex|markdown|svg|R|ruby|perl|sql|cython|bigquery|mermaid)$/;
const shells = /^(bash|sh|shell|script|system|sx)$/;

/**
 * A notebook as the Python in it, the commands of `!` lines and `%%bash` cells, each a process of its own, and the files
 * that `%%writefile` writes: those that nothing in it uses are files of their own.
 */
export async function readNotebook(source: Source, read: ReadPart): Promise<ReadFile> {
	const { python, commands, files, written } = partsOf(source);
	const found: Candidate[] = [];
	const readPart = async ({ name, lines, written: seen }: Part): Promise<void> => {
		const text = lines.map((line) => line.text).join("\n");
		if (text.trim() === "") return;
		const inner = new Source(source.path, text, source.tree, seen);
		for (const candidate of await read(name, inner)) found.push(moved(candidate, lines));
	};
	await readPart({ name: "cells.py", lines: python, written });
	for (const command of commands) await readPart(command);
	const used = new Set(commands.flatMap((one) => [...one.written.used]));
	const named = found.flatMap(({ bases }) => bases.map(({ file }) => posix.basename(file)));
	for (const file of files) {
		if (used.has(file.name) || named.includes(posix.basename(file.name))) continue;
		try {
			await readPart(file);
		} catch {
			// Half of a file, or one of another kind than its name says.
		}
	}
	return { candidates: found, embedded: [] };
}

function partsOf(source: Source): {
	python: CellLine[];
	commands: Part[];
	files: Part[];
	written: WrittenFiles;
} {
	const python: CellLine[] = [];
	const commands: Part[] = [];
	const files: Part[] = [];
	const state = new NotebookState();
	let written = new WrittenFiles(source.path);
	let folder = "";
	const command = (lines: readonly CellLine[], given = ""): void => {
		if (lines.length === 0) return;
		const [first] = lines;
		const moves = folder === "" ? "" : `cd '${folder}'`;
		const before = [state.exports(), moves, given].filter((one) => one !== "");
		const all = [...before.map((text) => ({ ...first, text })), ...lines];
		commands.push({ name: "cell.sh", lines: all, written: written.copy() });
	};
	const file = ({ words }: Magic, lines: readonly CellLine[]): void => {
		const appends = /(^|\s)(-a|--append)(\s|$)/.test(words);
		const name = words
			.replace(/(^|\s)(-a|--append)(?=\s|$)/, "")
			.trim()
			.replace(/^(["'])(.*)\1$/, "$2");
		written = written.copy();
		written.write(name, `${lines.map(({ text }) => text).join("\n")}\n`, folder, appends);
		if (lines.length > 0) files.push({ name, lines, written });
	};
	for (const { magic, lines } of cellsOf(source)) {
		if (magic !== null && /^(writefile|file)$/.test(magic.name)) file(magic, lines);
		else if (magic !== null && shells.test(magic.name)) {
			if (magic.name !== "script" || /\b(ba|z|da)?sh\b/.test(magic.words)) command(lines, argumentsOf(magic));
		} else if (magic === null || !foreign.test(magic.name)) code(lines);
	}
	return { python, commands, files, written };

	/** Lines of Python, with `!` and `%` lines among them. */
	function code(lines: readonly CellLine[]): void {
		for (let i = 0; i < lines.length; i++) {
			const line = lines[i];
			const mark = /^\s*([!%])(.*)$/.exec(line.text);
			const captured = mark === null ? /^\s*\w+\s*=\s*!(.*)$/.exec(line.text) : null;
			if (mark === null && captured === null) {
				state.python(line.text);
				python.push(line);
				continue;
			}
			const taken = [{ ...line, text: captured?.[1] ?? mark![2] }];
			while (/\\$/.test(taken.at(-1)!.text) && i + 1 < lines.length) taken.push(lines[++i]);
			python.push(...taken.map((one) => ({ ...one, text: "" })));
			if (mark?.[1] === "%" && magicLine(mark[2])) continue;
			command(taken.map((one) => ({ ...one, text: state.filled(one.text.replace(/^!/, "")) })));
		}
	}

	/** Whether the line is a magic that is no command. */
	function magicLine(text: string): boolean {
		const environment = /^(?:set_)?env\s+(.*)$/.exec(text)?.[1];
		const path = /^cd\s+(?:-q\s+)?(["']?)(.+?)\1\s*$/.exec(text)?.[2];
		if (environment !== undefined) state.environment(environment);
		// From the root, or from what is not known, it is taken to be the project's own folder.
		if (path !== undefined) folder = /^[/~-]|[{$]/.test(path) ? "" : posix.join(folder, path);
		return (
			environment !== undefined || path !== undefined || /^(matplotlib|load_ext|autoreload)\b/.test(text)
		);
	}
}

/** `%%bash -s a b` */
function argumentsOf({ words }: Magic): string {
	const given = /(?:^|\s)-s\s+(.*)$/.exec(words)?.[1];
	return given === undefined ? "" : `set -- ${given}`;
}

function moved(candidate: Candidate, lines: readonly CellLine[]): Candidate {
	const place = (line: number, column: number) => {
		const at = lines.at(line - 1) ?? { line: 1, column: 1 };
		return { line: at.line, column: at.column + column };
	};
	return {
		...candidate,
		...place(candidate.line, candidate.column),
		settings: candidate.settings.map((setting) => ({ ...setting, ...place(setting.line, setting.column) })),
	};
}
