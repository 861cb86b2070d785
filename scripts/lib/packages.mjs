import { existsSync, writeFileSync } from "node:fs";
import { runCommand } from "./command.mjs";
import { checkDisk } from "./machine.mjs";
import { digest, inRoot, readIfThere, root } from "./paths.mjs";
import { SetupError, say, seconds } from "./say.mjs";

const stamp = inRoot("node_modules/.thalia-stamp");

/** Installs exactly what the lock file says, once. */
export async function installPackages() {
	const wanted = digest({ files: [inRoot("package.json"), inRoot("package-lock.json")] });
	if (readIfThere(stamp) === wanted) return;
	checkDisk(root, 400e6, "the npm packages");
	const since = performance.now();
	say("installing npm packages ...");
	const npm = process.env.npm_execpath;
	const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
	const { code, tail } =
		npm !== undefined && existsSync(npm)
			? await runCommand(process.execPath, [npm, ...args], { quiet: true })
			: await runCommand("npm", args, { quiet: true });
	if (code !== 0) {
		throw new SetupError(
			`npm ci failed:\n${tail.trim()}`,
			"check the network and `npm config get registry`, then run this again",
		);
	}
	writeFileSync(stamp, wanted);
	say(`npm packages installed (${seconds(since)})`);
}
