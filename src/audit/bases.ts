import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Setting } from "./candidate.ts";
import { kindOf, readSource } from "./readers/index.ts";
import { Source } from "./source.ts";

export interface Base {
	readonly settings: readonly Setting[];
	readonly bases: readonly string[];
}

/** Folders above the file that a path may be relative to: a script is started from its project's root. */
const mostParents = 6;
const mostBytes = 2 ** 20;

/** A file of settings that another one names; null where there is none beside or above it. */
export async function findBase(base: string, from: string): Promise<Base | null> {
	let folder = dirname(resolve(from));
	for (let i = 0; i <= mostParents; i++) {
		for (const path of [join(folder, base), join(folder, "config", base), join(folder, "configs", base)]) {
			const found = await readBase(path);
			if (found !== null) return found;
		}
		const parent = dirname(folder);
		if (parent === folder) break;
		folder = parent;
	}
	return null;
}

/** The text of a file that stands under the audited file's folder or one above it; null where there is none. */
export function readBeside(name: string, from: string): string | null {
	let folder = dirname(resolve(from));
	for (let i = 0; i <= mostParents; i++) {
		const text = readSmall(join(folder, name));
		if (text !== null) return text;
		const parent = dirname(folder);
		if (parent === folder) break;
		folder = parent;
	}
	return null;
}

function readSmall(path: string): string | null {
	const status = statSync(path, { throwIfNoEntry: false });
	return status?.isFile() === true && status.size <= mostBytes ? readFileSync(path, "utf8") : null;
}

async function readBase(path: string): Promise<Base | null> {
	try {
		const text = readSmall(path);
		if (text === null) return null;
		const kind = kindOf(path, text);
		if (kind !== "yaml" && kind !== "json" && kind !== "toml") return null;
		const first = (await readSource(kind, new Source(path, text))).at(0);
		return { settings: first?.settings ?? [], bases: first?.bases ?? [] };
	} catch {
		return null;
	}
}
