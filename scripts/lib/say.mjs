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

/** Runs a script's work; a SetupError becomes its message and its fix, and exit code 1. */
export async function run(work) {
	try {
		process.exitCode = (await work()) ?? 0;
	} catch (error) {
		if (!(error instanceof SetupError)) throw error;
		say(error.message);
		for (const line of error.fix.split("\n")) say(`  fix: ${line}`);
		process.exitCode = 1;
	}
}

export function seconds(since) {
	return `${((performance.now() - since) / 1000).toFixed(0)} s`;
}
