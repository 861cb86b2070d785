import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { runCommand } from "../../scripts/lib/command.mjs";
import { checkDisk } from "../../scripts/lib/machine.mjs";
import { SetupError, say, seconds } from "../../scripts/lib/say.mjs";

export const withoutPeers = "or leave the peers out: `npm run bench -- --no-peers`";

/** Fills a folder of the cache, which is there whole or not at all: `make` works in another beside it. */
export async function fillFolder(folder, { bytes, purpose, make }) {
	const parent = dirname(folder);
	checkDisk(parent, bytes, "the benchmark's peers");
	mkdirSync(parent, { recursive: true });
	const since = performance.now();
	const work = mkdtempSync(join(parent, "unfinished-"));
	const clean = () => rmSync(work, { recursive: true, force: true });
	const interrupted = (signal) => {
		clean();
		process.exit(signal === "SIGINT" ? 130 : 143);
	};
	process.once("SIGINT", interrupted);
	process.once("SIGTERM", interrupted);
	try {
		say(`${purpose} ...`);
		await make(work);
		// Another clone may have been quicker: then its copy stays.
		if (!existsSync(folder)) renameSync(work, folder);
	} finally {
		process.off("SIGINT", interrupted);
		process.off("SIGTERM", interrupted);
		clean();
	}
	say(`it is in ${folder} (${seconds(since)})`);
}

/** Runs a command of the making. @throws SetupError with the end of what it printed */
export async function must(command, args, complaint, fix) {
	const { code, tail } = await runCommand(command, args);
	if (code === 0) return;
	throw new SetupError(
		`${complaint}:\n${tail.trim().split("\n").slice(-6).join("\n")}`,
		`${fix}, then run this again,\n${withoutPeers}`,
	);
}
