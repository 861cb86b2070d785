import type { Candidate } from "../candidate.ts";
import { Source } from "../source.ts";
import type { ReadFile } from "./reader.ts";

export type Kind = "sh" | "py" | "yaml" | "json" | "toml" | "ipynb";

const byExtension: Partial<Record<string, Kind>> = {
	...{ sh: "sh", bash: "sh", zsh: "sh", slurm: "sh", sbatch: "sh", pbs: "sh", job: "sh", ksh: "sh" },
	...{ py: "py", yaml: "yaml", yml: "yaml", json: "json", toml: "toml", ipynb: "ipynb" },
};

/** How a file is read, by its name or its first line; null of what is no input. */
export function kindOf(path: string, text: string): Kind | null {
	const name = /[^/\\]*$/.exec(path)![0].toLowerCase();
	const extension = /\.([a-z]+)$/.exec(name)?.[1];
	const known = extension === undefined ? undefined : byExtension[extension];
	if (known !== undefined) return known;
	const first = text.slice(0, 200).split("\n", 1)[0];
	if (/^#!.*\bpython/.test(first)) return "py";
	if (/^#!.*\b(ba|z|da|k)?sh\b/.test(first)) return "sh";
	return null;
}

/** Whether the text can hold a KL at all: most files of a directory cannot, and need no parser. */
const telling =
	/kl|beta|num_generations|grpo|rloo|ppo|rlhf|reinforce|prime|trainer|algorithm|skyrl|slime|nemo|areal|roll|tinker|swift|open_instruct|art|forge|\brl\b|train(_async)?\.py|\.(sh|bash|slurm|sbatch)\b/i;

/**
 * What a file holds. Parsers are loaded where one is needed.
 * @param isNamed whether another file names it: then it is read, whatever it holds
 * @throws where the text is not of its kind
 */
export async function readSource(kind: Kind, source: Source, isNamed = false): Promise<readonly Candidate[]> {
	if (!isNamed && !telling.test(source.text)) return [];
	const { candidates, embedded } = await readAs(kind, source);
	const all = [...candidates];
	for (const { kind: extension, text, at, expands } of embedded) {
		const inner = byExtension[extension];
		if (inner === undefined || inner === "ipynb" || !telling.test(text)) continue;
		const shown = expands ? text.replaceAll(/\$(\w+)/g, "${$1}") : text;
		try {
			const { candidates: found } = await readAs(
				inner,
				new Source(source.path, shown, source.tree, source.written),
			);
			const line = source.place(at).line - 1;
			all.push(...found.map((candidate) => lowered(candidate, line)));
		} catch {
			// What a script writes is often half of a file: it is then none.
		}
	}
	return all;
}

async function readAs(kind: Kind, source: Source): Promise<ReadFile> {
	switch (kind) {
		case "sh":
			return (await import("./shell/index.ts")).readShell(source);
		case "py":
			return (await import("./python/index.ts")).readPython(source);
		case "yaml":
		case "json":
			return (await import("./yaml.ts")).readYaml(source, kind);
		case "toml":
			return (await import("./toml.ts")).readToml(source);
		case "ipynb":
			return (await import("./notebook.ts")).readNotebook(source, readNamed);
	}
}

/** What a part of a file holds that has a name of its own. */
async function readNamed(name: string, source: Source): Promise<readonly Candidate[]> {
	const kind = kindOf(name, source.text);
	return kind === null || kind === "ipynb" ? [] : readSource(kind, source);
}

function lowered(candidate: Candidate, lines: number): Candidate {
	return {
		...candidate,
		line: candidate.line + lines,
		settings: candidate.settings.map((setting) => ({ ...setting, line: setting.line + lines })),
	};
}
