import { parse } from "smol-toml";
import { normalKey, plainBase, type Setting } from "../candidate.ts";
import type { Source } from "../source.ts";
import type { Value } from "../value.ts";
import type { ReadFile } from "./reader.ts";

/** A file of settings. @throws where the text is no TOML */
export function readToml(source: Source): ReadFile {
	const places = placesOf(source);
	const settings: Setting[] = [];
	const add = (path: string, value: unknown): void => {
		if (Array.isArray(value)) for (const [i, item] of value.entries()) add(`${path}.${i}`, item);
		else if (typeof value === "object" && value !== null && !(value instanceof Date)) {
			for (const [key, inner] of Object.entries(value))
				add(path === "" ? normalKey(key) : `${path}.${normalKey(key)}`, inner);
		} else settings.push({ key: path, value: leaf(value), ...source.place(offset(places, path)) });
	};
	add("", parse(source.text));
	if (settings.length === 0) return { candidates: [], embedded: [] };
	const bases = settings.flatMap(({ key, value }) =>
		/^(toml_files|defaults)\.\d+$/.test(key) && typeof value === "string" ? [plainBase(value)] : [],
	);
	return {
		candidates: [{ form: "toml", program: "", hints: [], settings, bases, open: null, ...source.place(0) }],
		embedded: [],
	};
}

function leaf(value: unknown): Value {
	return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
		? value
		: { unknown: "it is no plain value" };
}

/** The parser keeps no places: where a key is assigned to, by the lines' own form. */
function placesOf({ text }: Source): Map<string, number> {
	const places = new Map<string, number>();
	let table = "";
	let at = 0;
	for (const line of text.split("\n")) {
		const head = /^\s*\[\[?\s*([^\]]+?)\s*\]/.exec(line);
		const pair = /^(\s*)([\w."'-]+(?:\s*\.\s*[\w"'-]+)*)\s*=/.exec(line);
		if (head !== null) table = clean(head[1]);
		else if (pair !== null) {
			const path = table === "" ? clean(pair[2]) : `${table}.${clean(pair[2])}`;
			if (!places.has(path)) places.set(path, at + pair[1].length);
		}
		at += line.length + 1;
	}
	return places;
}

function clean(path: string): string {
	return normalKey(path.replaceAll(/["'\s]/g, ""));
}

/** Of the longest part of the path that has a place of its own: inline tables stand on one line. */
function offset(places: ReadonlyMap<string, number>, path: string): number {
	const plain = path.replaceAll(/\.\d+(?=\.|$)/g, "");
	for (let part = plain; part !== ""; part = part.slice(0, Math.max(0, part.lastIndexOf(".")))) {
		const at = places.get(part);
		if (at !== undefined) return at;
	}
	return 0;
}
