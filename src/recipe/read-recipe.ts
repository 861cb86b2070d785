import { readFileSync } from "node:fs";
import { type Document, isCollection, isMap, isNode, LineCounter, parse, parseDocument } from "yaml";
import type { z } from "zod";
import { ThaliaError } from "../errors.ts";
import { complaintsOf, type Locate } from "./complaints.ts";

/**
 * Reads a YAML recipe, applies `key.path=value` overrides (values are YAML too), and checks it against `schema`.
 * @throws ThaliaError `recipe-missing`, `recipe-syntax`, `recipe-override`, `recipe-invalid` (every complaint with its
 * file, line and column, or "command line"; unknown keys with the nearest right one)
 */
export function readRecipe<S extends z.ZodType>(
	schema: S,
	file: string,
	overrides: readonly string[] = [],
): z.output<S> {
	const counter = new LineCounter();
	const document = parseDocument(readText(file), { lineCounter: counter, prettyErrors: false });
	if (document.errors.length > 0) {
		const { line, col } = counter.linePos(document.errors[0].pos[0]);
		throw new ThaliaError("recipe-syntax", `${file}:${line}:${col}: ${document.errors[0].message}`);
	}
	const overridden = new Map<string, string>();
	if (document.contents === null || isMap(document.contents)) {
		for (const override of overrides) applyOverride(document, override, overridden);
	}
	replaceBesidePreset(document, overridden);
	const locate: Locate = (path) => {
		for (let n = path.length; n > 0; n--) {
			const source = overridden.get(path.slice(0, n).join("."));
			if (source !== undefined) return source;
		}
		return positionOf(document, counter, file, path);
	};
	return checkRecipe(schema, document.toJS() as unknown, locate);
}

/** Checks a recipe that is already an object; complaints name `source`. @throws ThaliaError `recipe-invalid` */
export function checkRecipe<S extends z.ZodType>(
	schema: S,
	value: unknown,
	source: string | Locate,
): z.output<S> {
	const locate: Locate = typeof source === "string" ? () => source : source;
	const result = schema.safeParse(value ?? {});
	if (result.success) return result.data;
	throw new ThaliaError("recipe-invalid", complaintsOf(schema, value ?? {}, result.error, locate).join("\n"));
}

function applyOverride(document: Document, override: string, overridden: Map<string, string>): void {
	const equals = override.indexOf("=");
	const path = override.slice(0, equals).split(".");
	if (equals < 1 || path.includes("")) {
		throw new ThaliaError(
			"recipe-override",
			`command line: Expected key=value for an override but received ${JSON.stringify(override)}`,
			{ fix: "write it like kl.beta=0.1" },
		);
	}
	let value: unknown;
	try {
		value = parse(override.slice(equals + 1));
	} catch (cause) {
		throw new ThaliaError(
			"recipe-override",
			`command line: Expected a YAML value for ${override}: ${(cause as Error).message.split("\n")[0]}`,
			{ cause },
		);
	}
	try {
		// An override may go below a key that the file gives a plain value, or does not give at all.
		for (let n = 1; n < path.length; n++) {
			const above = path.slice(0, n);
			if (!isCollection(document.getIn(above, true))) document.setIn(above, document.createNode({}));
		}
		document.setIn(path, document.createNode(value));
	} catch (cause) {
		throw new ThaliaError("recipe-override", `command line: ${override}: ${(cause as Error).message}`, {
			fix: "an entry of a list is written with its index, like task.train.0.weight=2",
			cause,
		});
	}
	overridden.set(path.join("."), `command line (${override})`);
}

/**
 * A preset of the command line takes the place of what the file says of the KL, but for its strength: else the file's
 * axes, which win over a preset that stands beside them, would win over this one.
 */
function replaceBesidePreset(document: Document, overridden: ReadonlyMap<string, string>): void {
	const kl = document.getIn(["kl"], true);
	if (!overridden.has("kl.preset") || !isMap(kl)) return;
	const given = [...overridden.keys()].map((path) => path.split(".")[1]);
	const keys = kl.items.map(({ key }) => String(isNode(key) ? key.toJSON() : key));
	for (const key of keys) if (key !== "beta" && !given.includes(key)) kl.delete(key);
}

/** `file:line:column` of the deepest part of `path` that is in the document. */
function positionOf(
	document: Document,
	counter: LineCounter,
	file: string,
	path: readonly (string | number)[],
): string {
	for (let n = path.length; n >= 0; n--) {
		const parent = n === 0 ? undefined : document.getIn(path.slice(0, n - 1), true);
		const pair = isMap(parent)
			? parent.items.find(({ key }) => String(isNode(key) ? key.toJSON() : key) === String(path[n - 1]))
			: undefined;
		const node = pair?.key ?? (n === 0 ? document.contents : document.getIn(path.slice(0, n), true));
		if (isNode(node) && node.range) {
			const { line, col } = counter.linePos(node.range[0]);
			return `${file}:${line}:${col}`;
		}
	}
	return file;
}

function readText(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch (cause) {
		throw new ThaliaError(
			"recipe-missing",
			`Expected a recipe at ${file} but it cannot be read: ${(cause as Error).message}`,
			{ fix: "give the path of a YAML file, such as recipes/quickstart.yaml", cause },
		);
	}
}
