import { expected } from "../../../errors.ts";

/** What a program has to do: pass a test program, or give the right output for each input. */
export type CodeGold =
	| { readonly tests: string }
	| { readonly cases: readonly { readonly stdin: string; readonly stdout: string }[] };

/**
 * Reads `{"tests": "assert f(2) == 4"}`, `{"cases": [{"stdin": "2", "stdout": "4"}]}`, or the tests themselves as text.
 * @throws ThaliaError `gold-invalid`
 */
export function parseCodeGold(gold: string): CodeGold {
	const what = '{"tests": text}, {"cases": [{"stdin": text, "stdout": text}, ...]} or a test program';
	let value: unknown;
	try {
		value = JSON.parse(gold);
	} catch {
		value = { tests: gold };
	}
	const { tests, cases } = (typeof value === "object" && value !== null ? value : {}) as Record<
		string,
		unknown
	>;
	if (typeof tests === "string" && tests.trim() !== "" && cases === undefined) return { tests };
	if (Array.isArray(cases) && cases.length > 0 && tests === undefined) {
		const read = cases.map((item: unknown) => {
			const { stdin = "", stdout } = (item ?? {}) as Record<string, unknown>;
			return typeof stdin === "string" && typeof stdout === "string" ? { stdin, stdout } : null;
		});
		if (read.every((item) => item !== null)) return { cases: read };
	}
	throw expected("gold-invalid", what, "the gold of a program", gold);
}

/** The last fenced block in one of these languages, else the last without a language or with any, else all of the text. */
export function programOf(completion: string, languages: readonly string[]): string {
	const blocks: { language: string; lines: string[] }[] = [];
	let open: { language: string; lines: string[] } | undefined;
	for (const line of completion.split("\n")) {
		const fence = /^\s{0,8}(?:```|~~~)\s{0,3}([\w+#.-]{0,20})/.exec(line);
		if (fence === null) open?.lines.push(line);
		else if (open === undefined) {
			open = { language: fence[1].toLowerCase(), lines: [] };
			blocks.push(open);
		} else open = undefined;
	}
	const block =
		blocks.findLast(({ language }) => languages.includes(language)) ??
		blocks.findLast(({ language }) => language === "") ??
		blocks.at(-1);
	return block === undefined ? completion : block.lines.join("\n");
}

/** Whether outputs are the same but for spaces at the ends of lines and lines at the end. */
export function sameOutput(got: string, wanted: string): boolean {
	const fold = (text: string) =>
		text
			.split("\n")
			.map((line) => line.trimEnd())
			.join("\n")
			.trimEnd();
	return fold(got) === fold(wanted);
}

/** A text that a reason can hold: one line, not too long. */
export function brief(text: string): string {
	const line = text.trim().replaceAll(/\s+/g, " ");
	return line.length > 160 ? `${line.slice(0, 157)}...` : line;
}
