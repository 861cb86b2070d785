import { existsSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { mostParents, readSmall } from "./beside.ts";

/** A script that another one starts. */
export interface CalledScript {
	readonly path: string;
	readonly text: string;
}

/**
 * A script by the path that a command has for it: under the folder of the file that starts it or a folder above, none
 * outside the tree. Which of them it is started from is not known, so where two would do there is none.
 * @param tree the folder that is audited, of one file that of its repository
 * @param isBeside whether the path begins at the file that starts it: the nearest one it is
 */
export function calledScript(
	name: string,
	from: string,
	tree: string,
	isBeside: boolean,
): CalledScript | null {
	if (name === "" || isAbsolute(name) || name.startsWith("~")) return null;
	const top = treeOf(from, tree);
	const found = new Map<string, CalledScript>();
	let folder = dirname(resolve(from));
	for (let i = 0; i <= mostParents && isWithin(folder, top); i++, folder = dirname(folder)) {
		const path = join(folder, name);
		const text = isWithin(path, top) ? readSmall(path) : null;
		if (text === null) continue;
		const real = realpathSync(path);
		if (!isWithin(real, realpathSync(top))) continue;
		found.set(text, { path: real, text });
		if (isBeside) break;
	}
	return found.size === 1 ? [...found.values()][0] : null;
}

/** The audited folder, or the repository that the file is in where that is larger. */
function treeOf(from: string, tree: string): string {
	let folder = dirname(resolve(from));
	for (let i = 0; i <= mostParents; i++, folder = dirname(folder))
		if (existsSync(join(folder, ".git"))) return isWithin(resolve(tree), folder) ? folder : resolve(tree);
	return resolve(tree);
}

function isWithin(path: string, folder: string): boolean {
	const way = relative(folder, path);
	return way !== ".." && !way.startsWith("../") && !way.startsWith("..\\") && !isAbsolute(way);
}
