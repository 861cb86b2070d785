import { mkdirSync, statfsSync } from "node:fs";
import { SetupError } from "./say.mjs";

export function checkNode(version = process.versions.node) {
	const [major, minor] = version.split(".").map(Number);
	if (major > 20 || (major === 20 && minor >= 11)) return;
	throw new SetupError(
		`Expected Node 20.11 or newer but this is ${version}`,
		"install Node 20 or newer: https://nodejs.org, or `nvm install 20`",
	);
}

/** Refuses to begin what would fill the disk half-way. */
export function checkDisk(folder, bytes, purpose) {
	mkdirSync(folder, { recursive: true });
	const { bavail, bsize } = statfsSync(folder);
	const free = bavail * bsize;
	if (free >= bytes) return;
	const megabytes = (n) => `${Math.ceil(n / 1e6)} MB`;
	throw new SetupError(
		`Expected ${megabytes(bytes)} of free disk for ${purpose} in ${folder} but ${megabytes(free)} are left`,
		`make room, or choose another place for it${purpose.includes("libtorch") ? " with XDG_CACHE_HOME" : ""}`,
	);
}
