import { existsSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { runCommand } from "../../scripts/lib/command.mjs";
import { checkDisk } from "../../scripts/lib/machine.mjs";
import { SetupError, say, seconds } from "../../scripts/lib/say.mjs";
import { withWorkFolder } from "../../scripts/lib/work-folder.mjs";

export const withoutPeers = "or leave the peers out: `npm run bench -- --no-peers`";

/** Fills a folder of the cache, which is there whole or not at all: `make` works in another beside it. */
export async function fillFolder(folder, { bytes, purpose, make }) {
	const parent = dirname(folder);
	checkDisk(parent, bytes, "the benchmark's peers");
	const since = performance.now();
	await withWorkFolder(parent, "unfinished-", async (work) => {
		say(`${purpose} ...`);
		await make(work);
		// Another clone may have been quicker: then its copy stays.
		if (!existsSync(folder)) renameSync(work, folder);
	});
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
