import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** What is being written or removed has this in front of its name; what is found with it was interrupted. */
const unfinished = ".unfinished-";

/** A file that appears whole under its name, or not at all, whatever happens meanwhile. */
export function writeFileAtomic(path: string, data: string | Buffer): void {
	const temporary = temporaryName(path);
	try {
		const fd = openSync(temporary, "w");
		try {
			writeAll(fd, data, path);
			fsyncSync(fd);
		} finally {
			closeSync(fd);
		}
		renameSync(temporary, path);
		syncFolder(dirname(path));
	} catch (error) {
		rmSync(temporary, { force: true });
		throw error;
	}
}

/**
 * Writes all of it: one call to the system may write less, as on a disk that fills up, and say nothing.
 * @throws the system's error, with the path that those of a descriptor lack
 */
export function writeAll(fd: number, data: string | Buffer, path: string): void {
	try {
		writeFileSync(fd, data);
	} catch (error) {
		throw Object.assign(error as Error, { message: `${path}: ${(error as Error).message}` });
	}
}

export function temporaryName(path: string): string {
	return join(dirname(path), `${unfinished}${basename(path)}`);
}

/** Gives a finished folder its name, once all that is in it has reached the disk. */
export function finishFolder(temporary: string, path: string): void {
	for (const name of readdirSync(temporary)) syncFile(join(temporary, name));
	syncFolder(temporary);
	renameSync(temporary, path);
	syncFolder(dirname(path));
}

/** Removes a folder so that a half-removed one is never found under its name. */
export function removeFolder(path: string): void {
	const temporary = temporaryName(path);
	renameSync(path, temporary);
	rmSync(temporary, { recursive: true, force: true });
}

/** Removes what interrupted writes and removals left in a folder. */
export function removeUnfinished(folder: string): void {
	for (const name of readdirSync(folder)) {
		if (name.startsWith(unfinished)) rmSync(join(folder, name), { recursive: true, force: true });
	}
}

function syncFile(path: string): void {
	const fd = openSync(path, "r");
	try {
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
}

function syncFolder(path: string): void {
	// Windows cannot open a folder; its renames are journalled.
	if (process.platform !== "win32") syncFile(path);
}
