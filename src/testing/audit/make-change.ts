import { parse as parseToml, stringify as stringifyToml } from "smol-toml";
import { type Document, parseAllDocuments, parse as parseYaml } from "yaml";

interface Place {
	readonly line: number;
	readonly column: number;
}

/** A file's text with an offered change made in it, as a user of that kind of file would. @throws where it cannot be made */
export function withChange(path: string, text: string, run: Place, change: string): string {
	const isCommand = /^[-+] (--|[+~]*[\w.]+=)/m.test(change) && !/\.py$/.test(path);
	if (/\.sh$/.test(path) || (isCommand && !/\.ipynb$/.test(path))) return inCommand(text, change);
	switch (/[^.]*$/.exec(path)![0]) {
		case "py":
			return inPython(text, run, change, (one) => one);
		case "ipynb":
			return isCommandOf(text, run)
				? inNotebookCommand(text, run, change)
				: inPython(text, run, change, (one) => JSON.stringify(one).slice(1, -1));
		case "toml":
			return stringifyToml(merged(parseToml(text), snippets(change, parseToml)));
		case "json":
			return JSON.stringify(merged(JSON.parse(text) as Tree, snippets(change, parseJsonLines)));
		default:
			return inYaml(text, run, change);
	}
}

/** Pairs of what goes and what comes in its place; "" where nothing does. */
function pairsOf(change: string): { gone: string; come: string }[] {
	const pairs: { gone: string; come: string }[] = [];
	for (const line of change.split("\n")) {
		const text = line.slice(2).trim();
		const last = pairs.at(-1);
		if (line.startsWith("-")) pairs.push({ gone: text, come: "" });
		else if (line.startsWith("+") && last?.gone !== "" && last?.come === "") last.come = text;
		else if (line.startsWith("+")) pairs.push({ gone: "", come: text });
	}
	return pairs;
}

/** What comes without anything that goes stands beside the last thing that was changed, or at the command's end. */
function inCommand(text: string, change: string, at = text.trimEnd().length): string {
	const pairs = pairsOf(change);
	let left = text;
	let end = at;
	for (const { gone, come } of pairs.filter((pair) => pair.gone !== "")) {
		const from = lastOf(gone, left);
		left = left.slice(0, from) + come + left.slice(from + gone.length);
		end = from + come.length;
	}
	// Between quotes, each of several words needs its own.
	const quote = /^["'][,\]\s]/.test(left.slice(end, end + 2)) ? left[end] : "";
	const separator = quote === "" ? " " : `${quote}, ${quote}`;
	const added = pairs.filter(({ gone }) => gone === "").map(({ come }) => separator + come);
	return left.slice(0, end) + added.join("") + left.slice(end);
}

/** Where it stands as a whole word. */
function lastOf(word: string, text: string): number {
	for (let at = text.lastIndexOf(word); at !== -1; at = at === 0 ? -1 : text.lastIndexOf(word, at - 1))
		if (!/[\w.-]/.test(text.charAt(at + word.length))) return at;
	throw new Error(`${word} is not in the text`);
}

function isCommandOf(text: string, { line }: Place): boolean {
	return /^\s*"\s*[!%]/.test(text.split("\n")[line - 1]);
}

function inNotebookCommand(text: string, { line }: Place, change: string): string {
	const lines = text.split("\n");
	const end = /(\\n)?",?$/.exec(lines[line - 1])!.index;
	lines[line - 1] = inCommand(lines[line - 1], change, end);
	return lines.join("\n");
}

function inPython(
	text: string,
	{ line, column }: Place,
	change: string,
	escaped: (text: string) => string,
): string {
	const start =
		text
			.split("\n")
			.slice(0, line - 1)
			.join("\n").length + column;
	let left = text;
	let last = start;
	const replace = (from: number, length: number, by: string): void => {
		left = left.slice(0, from) + by + left.slice(from + length);
		last = from + by.length;
	};
	if (/^ /m.test(change)) return inDict(text, start, change, escaped);
	const pairs = pairsOf(change);
	for (const { gone, come } of pairs.filter((pair) => pair.gone !== "")) {
		const word = escaped(gone);
		const after = left.indexOf(word, start - 1);
		const from = after === -1 ? left.lastIndexOf(word) : after;
		if (from === -1) throw new Error(`${gone} is not in the text`);
		// With a word of a list goes its comma.
		const comma = come === "" ? (/^, /.exec(left.slice(from + word.length))?.[0].length ?? 0) : 0;
		replace(from, word.length + comma, escaped(come));
	}
	for (const { come } of pairs.filter(({ gone }) => gone === "")) {
		const [added] = come.split("  # in ");
		const section = come.split("  # in ").at(1);
		const head = left.slice(start - 1).trimStart();
		if (/^"/.test(added)) replace(last, 0, `, ${escaped(added)}`);
		else if (/^(-|[+~]*\w+\.[\w.]+=)/.test(added)) replace(last, 0, ` ${escaped(added)}`);
		else if (/^(@|class )/.test(head)) {
			const body = /class [^\n]*:[^\n]*\n/.exec(left.slice(start - 1))!;
			replace(start - 1 + body.index + body[0].length, 0, `    ${escaped(added)}\n`);
		} else {
			const from =
				section === undefined ? start - 1 : left.indexOf(`${section.split(".").at(-1)}=`, start - 1);
			replace(left.indexOf("(", from) + 1, 0, `${escaped(added)}, `);
		}
	}
	return left;
}

/** Sections that stand there are found by their lines; what comes is put at their beginnings. */
function inDict(text: string, start: number, change: string, escaped: (text: string) => string): string {
	let left = text;
	const places = [left.indexOf("{", start - 1) + 1];
	for (const line of change.split("\n")) {
		const inner = escaped(line.slice(2).trim());
		if (line.startsWith(" ") && inner.endsWith("{")) {
			const from = left.indexOf(inner, places.at(-1));
			if (from === -1) throw new Error(`${inner} is not in the text`);
			places.push(from + inner.length);
		} else if (line.startsWith(" ")) places.pop();
		else if (line.startsWith("-")) {
			const from = left.indexOf(inner.replace(/,$/, ""), places.at(-1));
			if (from === -1) throw new Error(`${inner} is not in the text`);
			const rest = left.slice(from + inner.length - 1).replace(/^,/, "");
			left = left.slice(0, from) + rest;
		} else {
			const at = places.at(-1)!;
			left = `${left.slice(0, at)}${inner} ${left.slice(at)}`;
			places[places.length - 1] = at + inner.length + 1;
		}
	}
	return left;
}

type Tree = Record<string, unknown>;

function snippets(change: string, parse: (text: string) => unknown): { old: Tree; made: Tree } {
	const without = (sign: string): string =>
		change
			.split("\n")
			.filter((line) => !line.startsWith(sign))
			.map((line) => line.slice(2))
			.join("\n");
	return { old: (parse(without("+")) ?? {}) as Tree, made: (parse(without("-")) ?? {}) as Tree };
}

function parseJsonLines(text: string): unknown {
	return JSON.parse(`{${text}}`.replaceAll(/,\s*(?=\})/g, ""));
}

function leavesOf(
	tree: unknown,
	path: readonly string[] = [],
): { path: readonly string[]; value: unknown }[] {
	if (typeof tree !== "object" || tree === null) return [{ path, value: tree }];
	return Object.entries(tree).flatMap(([key, value]) => leavesOf(value, [...path, key]));
}

function merged(whole: Tree, { old, made }: { old: Tree; made: Tree }): Tree {
	const parentOf = (path: readonly string[]): Tree => {
		let at = whole;
		for (const key of path.slice(0, -1)) {
			at[key] ??= {};
			at = at[key] as Tree;
		}
		return at;
	};
	for (const { path, value } of leavesOf(old)) {
		const parent = parentOf(path);
		if (parent[path.at(-1)!] !== value)
			throw new Error(`${path.join(".")} is not ${String(value)} in the file`);
		Reflect.deleteProperty(parent, path.at(-1)!);
	}
	for (const { path, value } of leavesOf(made)) parentOf(path)[path.at(-1)!] = value;
	return whole;
}

function inYaml(text: string, { line }: Place, change: string): string {
	const documents = parseAllDocuments(text, { merge: true }) as Document.Parsed[];
	const offset = text
		.split("\n")
		.slice(0, line - 1)
		.join("\n").length;
	const document = documents.find(({ range }) => offset <= range[2]) ?? documents[0];
	const { old, made } = snippets(change, (one) => parseYaml(one));
	// A section of which something goes is no value.
	const leaves = leavesOf(made).filter(({ value }) => value !== null);
	for (const { path, value } of leavesOf(old)) {
		// A section with nothing in it is around what comes.
		if (value === null && leaves.some((leaf) => leaf.path.join().startsWith(`${path.join()},`))) {
			if (document.getIn(path) === null) document.deleteIn(path);
			continue;
		}
		if (document.getIn(path) !== value)
			throw new Error(`${path.join(".")} is not ${String(value)} in the file`);
		document.deleteIn(path);
	}
	for (const { path, value } of leaves) document.setIn(path, value);
	return documents.map(String).join("");
}
