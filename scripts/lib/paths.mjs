import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const inRoot = (...parts) => join(root, ...parts);

/** Where downloads that several clones share are kept. */
export function cacheFolder() {
	return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "thalia");
}

/** A digest of texts and of files' contents, by which a finished step is known to be up to date. */
export function digest({ texts = [], files = [] }) {
	const hash = createHash("sha256");
	for (const text of texts) hash.update(`${text}\0`);
	for (const file of files)
		hash
			.update(`${file.slice(root.length)}\0`)
			.update(readFileSync(file))
			.update("\0");
	return hash.digest("hex").slice(0, 16);
}

export function filesBelow(folder) {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath ?? entry.path, entry.name))
		.sort();
}

export function readIfThere(file) {
	return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
