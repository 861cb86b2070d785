import { type Pieces, plainText } from "./expand.ts";
import { programOf } from "./program.ts";

/** A command that starts another script. */
export interface ScriptCall {
	/** As far as its end is known: without what stands before and is not. */
	readonly path: string;
	/** Whether its start is not known, which is how a script says "beside me". */
	readonly isBeside: boolean;
	readonly args: readonly Pieces[];
	/** `env NAME=value`, `--export=ALL,NAME=value` before it. */
	readonly given: readonly { readonly name: string; readonly value: Pieces }[];
}

const shell = /^(?:\S*\/)?(ba|z|da|k)?sh$/;
const scriptName = /[^/=\s]\.(sh|bash|zsh|ksh|slurm|sbatch)$/;
/** What may stand before a script that is started as a program. */
const wrapper =
	/^(nohup|exec|time|env|sudo|srun|sbatch|qsub|setsid|stdbuf|unbuffer|command|caffeinate|timeout|nice)$/;

/** `bash other.sh a b`, `./other.sh`, `sbatch job.slurm`; null where none is started. */
export function scriptCallOf(words: readonly Pieces[]): ScriptCall | null {
	const dashes = words.findLastIndex((word) => plainText(word) === "--");
	const inner = dashes === -1 ? null : scriptCallOf(words.slice(dashes + 1));
	if (inner !== null) return inner;
	const at = scriptAt(words);
	if (at === null) return null;
	const program = programOf(words.slice(0, at));
	if (program !== null) return null;
	const word = words[at].filter((piece) => "unknown" in piece || piece.text !== "");
	const last = word.findLastIndex((piece) => "unknown" in piece);
	// Of a path that is known, then is not, nothing can be said.
	if (last > 0) return null;
	const end = plainText(word.slice(last + 1)) ?? "";
	if (last === 0 && !end.startsWith("/")) return null;
	const path = last === 0 ? end.replace(/^\/+/, "") : end;
	return {
		path,
		isBeside: last === 0,
		args: words.slice(at + 1),
		given: words.slice(0, at).flatMap(givenBy),
	};
}

/** The word that names the script. */
function scriptAt(words: readonly Pieces[]): number | null {
	let leads = true;
	for (const [i, word] of words.entries()) {
		const text = plainText(word);
		const end = word.map((piece) => ("unknown" in piece ? "" : piece.text)).join("");
		if (leads && scriptName.test(end)) return i;
		if (text === null) {
			leads = false;
			continue;
		}
		if (shell.test(text)) return afterShell(words, i);
		leads &&= wrapper.test(text) || /^-|^\w+=|^\d+[smh]?$/.test(text);
	}
	return null;
}

function afterShell(words: readonly Pieces[], shellAt: number): number | null {
	for (let i = shellAt + 1; i < words.length; i++) {
		const text = plainText(words[i]);
		if (text === null || !/^[-+]/.test(text)) return i;
		if (/^-[a-z]*[cs]$/.test(text)) return null;
		if (text === "-o" || text === "+o") i++;
	}
	return null;
}

function givenBy(word: Pieces): ScriptCall["given"] {
	const [first, ...rest] = word;
	if (word.length === 0 || "unknown" in first) return [];
	const exported = /^--export=(.*)$/.exec(plainText(word) ?? "")?.[1];
	if (exported !== undefined)
		return exported.split(",").flatMap((one) => givenBy([{ text: one, at: first.at }]));
	const match = /^([A-Za-z_]\w*)=/.exec(first.text);
	if (match === null) return [];
	return [{ name: match[1], value: [{ ...first, text: first.text.slice(match[0].length) }, ...rest] }];
}
