import type { Form } from "./candidate.ts";
import { isUnknown, scalarOf, type Value } from "./value.ts";

/** A setting as its line in the file has it. */
export interface AsWritten {
	readonly before: string;
	/** "" of a switch. */
	readonly value: string;
	readonly after: string;
}

/** Evidence this long may have been cut within the value. */
const maybeCut = 155;
const word = `(?:"[^"]*"|'[^']*'|[^\\s"'\\\\])`;
const pythonValue = `(?:"[^"]*"|'[^']*'|\\((?:[^()]|\\([^()]*\\))*\\)|\\[[^\\]]*\\]|[^,()[\\]{}#"'])+`;

/**
 * The setting in its line; null where the line does not show it, or shows several of which none is it.
 * @param isWord whether it is a word of a list: `"--key", "value"`, `"key=value"`
 */
export function asWritten(
	evidence: string,
	key: string,
	held: Value,
	form: Form,
	isWord = false,
): AsWritten | null {
	const found = patterns(form, key, isWord).flatMap((pattern) =>
		[...evidence.matchAll(new RegExp(pattern, "g"))].flatMap((match): AsWritten[] => {
			const { before, value = "", after = "" } = match.groups!;
			const isCut = evidence.length >= maybeCut && match.index + match[0].length === evidence.length;
			return isCut ? [] : [{ before, value: value.trimEnd(), after }];
		}),
	);
	const equal = found.findLast(
		({ value }) => !isUnknown(held) && (value === "" ? held === true : scalarOf(value) === held),
	);
	return equal ?? (found.length === 1 ? found[0] : null);
}

function patterns(form: Form, key: string, isWord: boolean): string[] {
	const own = escaped(key);
	const last = escaped(key.slice(key.lastIndexOf(".") + 1));
	const quoted = (text: string): string => `(?<before>(?<q>["'])${text})(?<value>[^"']*)(?<after>\\k<q>)`;
	switch (form) {
		case "flags":
			if (isWord)
				return [
					`(?<before>(?<q>["'])--?${own}\\k<q>\\s*,\\s*(?<p>["']))(?<value>(?!--)[^"']*)(?<after>\\k<p>)`,
					`(?<before>(?<q>["'])--?${own}\\k<q>)(?!\\s*,\\s*["'](?!--))`,
					quoted(`--?${own}=`),
				];
			return [`(?<![\\w-])(?<before>--?${own})(?![\\w.=-])(?:(?=\\s+-[^.\\d]|\\s*["'\\\\]?\\s*$))`].concat(
				`(?<![\\w-])(?<before>--?${own}(?:=|\\s+))(?<value>(?!-[^.\\d])${word}+)`,
			);
		case "hydra":
			return isWord
				? [quoted(`[+~]{0,2}${own}=`)]
				: [`(?<![\\w.])(?<before>[+~]{0,2}${own}=)(?<value>(?:(?<=["'][+~]{0,2}${own}=)[^"']*|${word}*))`];
		case "yaml":
			return [
				`(?<![\\w.-])(?<before>(?<q>["']?)(?:[\\w-]+\\.)*${last}\\k<q>\\s*:\\s+)(?<value>"[^"]*"|'[^']*'|(?:\\$\\{[^}]*\\}|[^,}\\]#])+)`,
			];
		case "json":
			return [`(?<before>"(?:[\\w-]+\\.)*${last}"\\s*:\\s*)(?<value>"[^"]*"|[^,}\\]\\s]+)`];
		case "toml":
			return [
				`(?<![\\w.-])(?<before>(?<q>["']?)(?:[\\w-]+\\.)*${last}\\k<q>\\s*=\\s*)(?<value>"[^"]*"|'[^']*'|[^,}#\\s]+)`,
			];
		case "python":
			return [
				`(?<![\\w.])(?<before>(?:\\w+\\.)*${last}(?:\\s*:\\s*[^=,()]+?)?\\s*=(?!=)\\s*)(?<value>${pythonValue})`,
				`(?<before>(?<q>["'])${last}\\k<q>\\s*:\\s*)(?<value>${pythonValue})`,
			];
	}
}

/** A key as it may be written: what frameworks look up has underscores for dashes. */
function escaped(key: string): string {
	return key.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&").replaceAll(/[_-]/g, "[_-]");
}
