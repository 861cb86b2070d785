import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildAddon } from "./addon.mjs";
import { runCommand } from "./command.mjs";
import { checkNode } from "./machine.mjs";
import { installPackages } from "./packages.mjs";
import { digest, filesBelow, inRoot, readIfThere } from "./paths.mjs";
import { SetupError, say, seconds } from "./say.mjs";

/** Everything that Thalia needs on this machine. What is already there and up to date takes no time. */
export async function setup() {
	checkNode();
	await installPackages();
	await buildAddon();
	await buildTypeScript();
}

async function buildTypeScript() {
	const stamp = inRoot("dist/.stamp");
	const sources = [
		...filesBelow(inRoot("src")),
		inRoot("tsconfig.json"),
		inRoot("tsconfig.build.json"),
		inRoot("package-lock.json"),
	];
	const wanted = digest({ files: sources });
	if (readIfThere(stamp) === wanted && existsSync(inRoot("dist/index.js"))) return;
	const since = performance.now();
	say("compiling TypeScript ...");
	// Beside, and then in its place: whoever runs Thalia meanwhile finds the old build or the new one.
	const fresh = inRoot(`dist-${process.pid}`);
	const old = `${fresh}-old`;
	try {
		const tsc = inRoot("node_modules/typescript/bin/tsc");
		const output = ["--outDir", fresh, "--tsBuildInfoFile", join(fresh, ".tsbuildinfo")];
		const args = [tsc, "-p", "tsconfig.build.json", ...output];
		const { code, tail } = await runCommand(process.execPath, args, { quiet: true });
		if (code !== 0)
			throw new SetupError(
				`TypeScript does not compile:\n${tail.trim()}`,
				"correct the errors above, or restore the sources",
			);
		writeFileSync(join(fresh, ".stamp"), wanted);
		if (existsSync(inRoot("dist"))) renameSync(inRoot("dist"), old);
		renameSync(fresh, inRoot("dist"));
	} finally {
		for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
	}
	say(`TypeScript compiled (${seconds(since)})`);
}
