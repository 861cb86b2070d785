import { type Document, isAlias, isMap, isScalar, isSeq, type Node, parseAllDocuments } from "yaml";
import { type BaseName, type Candidate, normalKey, plainBase, type Setting } from "../candidate.ts";
import { interpolate } from "../interpolate.ts";
import type { Source } from "../source.ts";
import { isUnknown, scalarOf, type Value } from "../value.ts";
import type { Embedded, ReadFile } from "./reader.ts";
import { yamlCommands } from "./yaml-commands.ts";

/** Most settings of one file: aliases of aliases grow without end. */
const mostSettings = 20_000;
const deepest = 40;

/** A file of settings; several documents are several. @throws where the text is no YAML */
export function readYaml(source: Source, form: "yaml" | "json" = "yaml"): ReadFile {
	const documents = parseAllDocuments(source.text, { merge: true, uniqueKeys: false, logLevel: "silent" });
	const candidates: Candidate[] = [];
	const embedded: Embedded[] = [];
	for (const document of Array.isArray(documents) ? documents : []) {
		if (document.errors.length > 0) throw new Error(document.errors[0].message.split("\n")[0]);
		embedded.push(...yamlCommands(document, source.text));
		const settings = new Flattened(document, source).settings;
		if (settings.length === 0) continue;
		const bases = defaultsOf(settings);
		const [first] = settings;
		candidates.push({
			...{ form, program: "", hints: [], settings: interpolate(settings), bases, open: null },
			...{ file: source.path, line: first.line, column: first.column, evidence: first.evidence },
		});
	}
	return { candidates, embedded };
}

/** Settings by their whole path, in an order in which later ones win. */
class Flattened {
	readonly settings: Setting[] = [];
	readonly #document: Document;
	readonly #source: Source;

	constructor(document: Document, source: Source) {
		this.#document = document;
		this.#source = source;
		this.#add("", document.contents, 0);
	}

	#add(path: string, node: unknown, depth: number): void {
		if (depth > deepest || this.settings.length >= mostSettings) return;
		if (isAlias(node)) this.#add(path, node.resolve(this.#document), depth + 1);
		else if (isMap(node)) {
			const merged = node.items.filter(({ key }) => isScalar(key) && key.value === "<<");
			for (const { value } of merged) {
				// Of several that are merged the first wins, so it comes last.
				const maps = isSeq(value) ? [...value.items].reverse() : [value];
				for (const map of maps) this.#add(path, map, depth + 1);
			}
			for (const pair of node.items) {
				if (merged.includes(pair)) continue;
				const key = isScalar(pair.key) ? String(pair.key.value) : "";
				if (key === "") continue;
				const below = path === "" ? normalKey(key) : `${path}.${normalKey(key)}`;
				if (isScalar(pair.value) || pair.value === null || isSeq(pair.value))
					this.#leaf(below, pair.key as Node, pair.value);
				if (!isScalar(pair.value)) this.#add(below, pair.value, depth + 1);
			}
		} else if (isSeq(node)) {
			for (const [i, item] of node.items.entries()) {
				if (isScalar(item)) this.#leaf(`${path}.${i}`, item, item);
				else this.#add(`${path}.${i}`, item, depth + 1);
			}
		}
	}

	#leaf(key: string, at: Node, node: unknown): void {
		const value: Value = isScalar(node)
			? valueOf(node.value, node.type)
			: isSeq(node)
				? { unknown: "it is a list" }
				: null;
		this.settings.push({ key, value, ...this.#source.place(at.range?.[0] ?? 0) });
	}
}

function valueOf(value: unknown, type: string | undefined): Value {
	// YAML 1.2 reads `1e-3` as a number and `True` as a word, and programs that load it read both.
	if (typeof value === "string") return type === "PLAIN" ? scalarOf(value) : value;
	if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
	return { unknown: "it is neither text, number nor truth" };
}

/** hydra's `defaults:` list, or `defaults: file.yaml`: settings that stand below these, in other files. */
function defaultsOf(settings: readonly Setting[]): BaseName[] {
	const entries = settings.filter(
		({ key, value }) => /^defaults(\.\d+(\..+)?)?$/.test(key) && !isUnknown(value),
	);
	const choices = new Map<string, string>();
	for (const { key, value } of entries) {
		const name = /^defaults\.\d+\.(\w+)$/.exec(key)?.[1];
		if (name !== undefined && typeof value === "string") choices.set(name, value);
	}
	let isAbove = false;
	return entries.flatMap(({ key, value }): BaseName[] => {
		if (value === "_self_") isAbove = true;
		if (typeof value !== "string" || value === "_self_") return [];
		const named = /^defaults\.\d+\.(.+)$/.exec(key)?.[1];
		if (named === undefined) {
			const [path, at = ""] = value.split("@");
			return [{ ...plainBase(withExtension(path)), package: at, isAbove }];
		}
		const parts = /^((?:(?:override|optional)\s+)*)\/?([^@]*)(?:@(.*))?$/s.exec(named)!;
		const [, words, group] = parts;
		const option = value.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => choices.get(name) ?? whole);
		return [
			{
				...{
					file: withExtension(`${group}/${option}`),
					group,
					package: parts.at(3) ?? group.replaceAll("/", "."),
				},
				...{ isAbove, isOptional: words.includes("optional"), overrides: words.includes("override") },
			},
		];
	});
}

function withExtension(path: string): string {
	return /\.ya?ml$/.test(path) ? path : `${path}.yaml`;
}
