// What the scripts print. All of it goes to stderr: stdout belongs to results.

export function say(text) {
	process.stderr.write(`thalia: ${text}\n`);
}

/** A problem of the machine, with what to do about it. */
export class SetupError extends Error {
	constructor(message, fix) {
		super(message);
		this.fix = fix;
	}
}

/** What to do about errors of the system, whose messages name the path. */
const systemFixes = {
	ENOSPC: "make room on the disk, then run this again",
	EACCES: "make that place writable for this user; XDG_CACHE_HOME chooses another one for libtorch",
	EROFS: "make that place writable; XDG_CACHE_HOME chooses another one for libtorch",
	ENOTDIR: "that path goes through a file: XDG_CACHE_HOME chooses another place for libtorch",
};

/** Runs a script's work; a problem of the machine becomes its message and its fix, and exit code 1. */
export async function run(work) {
	try {
		process.exitCode = (await work()) ?? 0;
	} catch (error) {
		const fix = error instanceof SetupError ? error.fix : systemFixes[error.code];
		if (fix === undefined) throw error;
		say(error.message);
		for (const line of fix.split("\n")) say(`fix: ${line}`);
		process.exitCode = 1;
	}
}

export function seconds(since) {
	return `${((performance.now() - since) / 1000).toFixed(0)} s`;
}
