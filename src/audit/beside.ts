import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Folders above a file that a path may be relative to: a script is started from its project's root. */
export const mostParents = 6;
const mostBytes = 2 ** 20;

/** The text that stands at a path; null where there is none. */
export type ReadPath = (path: string) => string | null;

/** The text of a file that stands under the audited file's folder or one above it; null where there is none. */
export function readBeside(name: string, from: string, read: ReadPath = readSmall): string | null {
	let folder = dirname(resolve(from));
	for (let i = 0; i <= mostParents; i++) {
		const text = read(join(folder, name));
		if (text !== null) return text;
		const parent = dirname(folder);
		if (parent === folder) break;
		folder = parent;
	}
	return null;
}

/** The text of a file that is none too large; null of anything else. */
export function readSmall(path: string): string | null {
	const status = statSync(path, { throwIfNoEntry: false });
	if (status?.isFile() !== true || status.size > mostBytes) return null;
	const text = readFileSync(path, "utf8");
	return text.slice(0, 8192).includes("\0") ? null : text;
}
