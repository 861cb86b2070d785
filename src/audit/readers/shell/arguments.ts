import { type BaseName, normalKey, plainBase, type Setting } from "../../candidate.ts";
import type { Source } from "../../source.ts";
import { scalarOf, type Value } from "../../value.ts";
import { type Pieces, plainText } from "./expand.ts";
import { groupChoice } from "./group-choice.ts";

export interface Arguments {
	readonly settings: readonly Setting[];
	readonly bases: readonly BaseName[];
	readonly open: string | null;
}

/** Stands for a piece that is not known, where a word's form is looked at. */
const gap = "\u0000";

/** A file of settings among the words. */
const settingsFile = /\.(ya?ml|toml|json)$/i;

type Said = Pick<Setting, "added" | "settable">;

/** Settings of a command line: `--key=value`, `--key value`, `--flag`, `--no-flag`, hydra's `a.b=c` with `+`, `++`, `~`. */
export function readArguments(words: readonly Pieces[], source: Source): Arguments {
	const settings: Setting[] = [];
	const bases: string[] = [];
	const choices: BaseName[] = [];
	let open: string | null = null;
	const add = (key: string, value: Value, word: Pieces, said: Said = {}): void => {
		settings.push({ key: normalKey(key), value, ...said, ...source.place(word.at(0)?.at ?? 0) });
	};
	for (let i = 0; i < words.length; i++) {
		const word = words[i];
		const form = formOf(word);
		const next = words.at(i + 1);
		const flag = /^--?([A-Za-z][\w.@/-]*)$/.exec(form);
		if (flag !== null) {
			if (next !== undefined && isValue(formOf(next))) {
				const name = flag[1];
				add(name, valueOf(next, 0), word, settableIn(next));
				i++;
				// `--trainer @ file.toml`: the file's settings stand below that name.
				if (formOf(next) === "@" && i + 1 < words.length) bases.push(formOf(words[++i]));
			} else {
				add(flag[1], true, word);
				if (/^no[-_]/.test(flag[1])) add(flag[1].slice(3), false, word);
			}
			continue;
		}
		const pair = /^(--?)?([+~]{0,2})([A-Za-z_][\w.@/-]*)=/.exec(form);
		if (pair !== null) {
			const [whole, dashes, sign, key] = pair as unknown as [string, string | undefined, string, string];
			const option = dashes === undefined ? plainText(word)?.slice(whole.length) : undefined;
			const choice = option === undefined ? null : groupChoice(sign, key, option);
			// Of two choices of one group the last holds.
			if (choice !== null) choices.unshift(choice);
			const said = { ...(sign.startsWith("+") ? ({ added: true } as const) : {}), ...settableIn(word) };
			add(key, sign === "~" ? null : valueOf(word, whole.length), word, said);
			continue;
		}
		if (/^~[A-Za-z_][\w.]*$/.test(form)) add(form.slice(1), null, word);
		else if (form === "@" && next !== undefined) bases.push(formOf(words[++i]));
		else if (form.startsWith("@") && settingsFile.test(form)) bases.push(form.slice(1));
		else if (settingsFile.test(form)) bases.push(form);
		// `$ARGS` may be any settings, `$PREFIX.key=1` one of them; `$HOME/data` is a path.
		else if (/^\0+([\w.]*=|$)/.test(form)) open ??= openBy(reasonOf(word));
	}
	bases.push(...namedBases(settings));
	const known = bases.filter((base) => !base.includes(gap)).map((base) => plainBase(base));
	const added = choices.filter(({ overrides }) => !overrides).reverse();
	const all = [...known, ...choices.filter(({ overrides }) => overrides), ...added];
	return { settings, bases: all, open: open ?? openBase(bases) };
}

/** How a command writes its settings: as most of them are. */
export function commandForm(words: readonly Pieces[], program: string): "flags" | "hydra" {
	const texts = words.map((word) => plainText(word) ?? "");
	if (texts.some((text) => /^--config-(name|path|dir)\b/.test(text))) return "hydra";
	const flags = texts.filter((text) => /^--\w/.test(text)).length;
	const pairs = texts.filter((text) => /^[+~]*[A-Za-z_][\w.@/-]*=/.test(text)).length;
	return flags > pairs || program.startsWith("trl") ? "flags" : "hydra";
}

/** Why an unknown word leaves settings open; one whose name says that it is of something else does not. */
function openBy(reason: string): string | null {
	return /^\$?\{?(MODEL|CKPT|CHECKPOINT|DATA|DATASET|WANDB|LOG|PERF|OPTIM|OPTIMIZER|SGLANG|VLLM|EVAL|DISTRIBUTED|TORCH|ROLLOUT|MISC|BACKEND|CI|LORA|PARALLEL)_?ARGS\b/i.test(
		reason,
	)
		? null
		: reason;
}

function openBase(bases: readonly string[]): string | null {
	return bases.some((base) => base.includes(gap)) ? "the file of settings is not known from this file" : null;
}

/** `--config file`, `config=file`, and hydra's `--config-path` with `--config-name`. */
function namedBases(settings: readonly Setting[]): string[] {
	const last = (key: string): string | null => {
		const value = settings.findLast((setting) => setting.key === key)?.value;
		return typeof value === "string" ? value : null;
	};
	const file = last("config") ?? last("config_file");
	if (file !== null) return [file];
	const name = last("config_name");
	if (name === null) return [];
	const path = last("config_path") ?? last("config_dir");
	return [`${path === null ? "" : `${path}/`}${name}${settingsFile.test(name) ? "" : ".yaml"}`];
}

/** Whether a word stands for the value of the flag before it. */
function isValue(form: string): boolean {
	return !form.startsWith("-") || /^-[.\d]/.test(form);
}

/** The word's text, with a mark where it is not known. */
function formOf(word: Pieces): string {
	return word.map((piece) => ("unknown" in piece ? gap : piece.text)).join("");
}

/** The word from a character on. */
function valueOf(word: Pieces, from: number): Value {
	const text = plainText(word);
	if (text !== null) return scalarOf(text.slice(from));
	// `${UNSET}` and nothing else is the one case in which the rest could still be text that is known.
	return { unknown: reasonOf(word) };
}

function settableIn(word: Pieces): Said {
	return word.some((piece) => "text" in piece && piece.byOption === true) ? { settable: true } : {};
}

function reasonOf(word: Pieces): string {
	for (const piece of word) if ("unknown" in piece) return piece.unknown;
	return "it is not known";
}
