import type { Candidate } from "../candidate.ts";
import { Source } from "../source.ts";
import type { Embedded, ReadFile } from "./reader.ts";

/** A notebook's code, and where each of its lines stands in the file. */
export interface NotebookCode {
	readonly python: string;
	/** Shell commands of `!` lines and `%%bash` cells, at the same lines. */
	readonly shell: string;
	readonly lines: readonly { readonly line: number; readonly column: number }[];
}

/** Code cells alone: outputs hold settings of other runs. @throws where the text is no notebook */
export function notebookCode(source: Source): NotebookCode {
	const notebook = JSON.parse(source.text) as { cells?: unknown };
	const python: string[] = [];
	const shell: string[] = [];
	const lines: { line: number; column: number }[] = [];
	let from = 0;
	for (const cell of Array.isArray(notebook.cells) ? (notebook.cells as unknown[]) : []) {
		const { cell_type: type, source: code } = (cell ?? {}) as { cell_type?: unknown; source?: unknown };
		const stored = Array.isArray(code)
			? code.filter((one) => typeof one === "string")
			: typeof code === "string"
				? [code]
				: [];
		let isShell = false;
		for (const text of stored) {
			const at = source.text.indexOf(JSON.stringify(text), from);
			if (at !== -1) from = at + 1;
			const { line, column } = source.place(Math.max(at, 0));
			if (type !== "code") continue;
			for (const one of text.replace(/\n$/, "").split("\n")) {
				const magic = /^\s*%%(\w+)/.exec(one);
				if (magic !== null) isShell = /^(bash|sh|shell|script)$/.test(magic[1]);
				const command = /^\s*[!%]/.test(one);
				const continues = shell.length > 0 && /^[^#]*\S.*\\$/.test(shell.at(-1)!) && !isShell;
				python.push(isShell || command || continues || magic !== null ? "" : one);
				shell.push(
					magic !== null ? "" : isShell || continues ? one : command ? one.replace(/^\s*[!%]/, "") : "",
				);
				lines.push({ line, column });
			}
		}
	}
	return { python: python.join("\n"), shell: shell.join("\n"), lines };
}

/** A notebook as the Python and the shell commands in it. */
export async function readNotebook(
	source: Source,
	read: (kind: "py" | "sh", source: Source) => Promise<ReadFile>,
): Promise<ReadFile> {
	const { python, shell, lines } = notebookCode(source);
	const found: Candidate[] = [];
	const embedded: Embedded[] = [];
	for (const [kind, text] of [
		["py", python],
		["sh", shell],
	] as const) {
		if (text.trim() === "") continue;
		const inner = await read(kind, new Source(source.path, text, source.tree));
		found.push(...inner.candidates.map((candidate) => moved(candidate, lines)));
	}
	return { candidates: found, embedded };
}

function moved(candidate: Candidate, lines: NotebookCode["lines"]): Candidate {
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
