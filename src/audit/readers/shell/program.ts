import { type Pieces, plainText } from "./expand.ts";

export interface Program {
	readonly name: string;
	/** The first word that is an argument of it. */
	readonly from: number;
}

/** Modules that start others. */
const launchers =
	/^(torch\.distributed\.(run|launch)|accelerate\.commands\.launch|deepspeed(\.launcher)?.*|torchrun|pip|uv|venv|http\.server)$/;
const interpreters = /^(?:.*\/)?(python[\d.]*|torchrun|accelerate|deepspeed|ipython)$/;
/** Commands that edit, copy or read a script, and run none. */
const bystanders =
	/^(?:.*\/)?(sed|awk|grep|egrep|rg|find|cat|head|tail|less|wc|diff|patch|cp|mv|rm|ln|ls|touch|mkdir|chmod|chown|stat|test|tar|zip|unzip|rsync|scp|git|wget|curl|echo|printf|tee|pkill|kill|pgrep|vim?|nano|dos2unix|black|ruff|isort|flake8|mypy|pylint|pytest|md5sum|sha256sum)$/;
/** Commands of frameworks, with as many words as name what they do. */
const commands: Partial<Record<string, number>> = {
	trl: 2,
	swift: 2,
	megatron: 2,
	rl: 1,
	"vf-rl": 1,
	"prime-rl": 2,
};

/**
 * What a command runs, behind every wrapper: `python -m module`, `script.py`, or a framework's own command. Whatever
 * stands before (`ray job submit ... --`, torchrun, accelerate, deepspeed, uv, nohup, srun) only leads there.
 */
export function programOf(words: readonly Pieces[]): Program | null {
	// `mason.py ... -- python train.py` launches what follows.
	const dashes = words.findLastIndex((word) => plainText(word) === "--");
	if (dashes !== -1) {
		const inner = programOf(words.slice(dashes + 1));
		if (inner !== null) return { name: inner.name, from: inner.from + dashes + 1 };
	}
	if (words.length > 0 && bystanders.test(plainText(words[0]) ?? "")) return null;
	let leads = true;
	let unknownAt: number | null = null;
	for (const [i, word] of words.entries()) {
		const text = plainText(word);
		if (text === null) {
			const isInterpreted = words.slice(0, i).some((one) => interpreters.test(plainText(one) ?? ""));
			const isSecond = i === 1 && plainText(words[0]) === null;
			const script = unknownAt === null && (isInterpreted || isSecond) ? scriptAtEnd(word) : null;
			if (script !== null) return { name: script, from: i + 1 };
			if (isInterpreted) unknownAt ??= i;
			continue;
		}
		const own = leads ? commands[text] : undefined;
		if (own !== undefined) {
			const named = words.slice(i, i + own).map((one) => plainText(one) ?? "?");
			return { name: named.join(" "), from: Math.min(i + own, words.length) };
		}
		if (text === "-m" || text === "--module") {
			const module = i + 1 < words.length ? plainText(words[i + 1]) : null;
			if (module !== null && /^[A-Za-z_][\w.]*$/.test(module) && !launchers.test(module))
				return { name: module, from: i + 2 };
		} else if (/^[^=]*[\w-]\.py$/.test(text) && !text.startsWith("-")) return { name: text, from: i + 1 };
		if (
			!/^(-.*|\w+=.*|uv|run|nohup|exec|env|time|sudo|srun|poetry|pixi|python[\d.]*|\S*\/python[\d.]*)$/.test(
				text,
			) &&
			!/^[\d.]+$/.test(text)
		)
			leads = leads && i > 0 && (plainText(words[i - 1]) ?? "").startsWith("-");
	}
	return unknownAt === null ? null : { name: "", from: unknownAt + 1 };
}

/** The script that a path names of which only the end is known: `$HOME_OF_IT/train.py`. */
function scriptAtEnd(word: Pieces): string | null {
	const first = word.find((piece) => "unknown" in piece || piece.text !== "");
	if (first === undefined || !("unknown" in first)) return null;
	const end = plainText(word.slice(word.findLastIndex((piece) => "unknown" in piece) + 1));
	return /^\/([\w./-]*[\w-]\.py)$/.exec(end ?? "")?.[1] ?? null;
}
