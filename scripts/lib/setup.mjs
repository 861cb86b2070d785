import { existsSync, rmSync, writeFileSync } from "node:fs";
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
	rmSync(inRoot("dist"), { recursive: true, force: true });
	const { code, tail } = await runCommand(
		process.execPath,
		[inRoot("node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"],
		{
			quiet: true,
		},
	);
	if (code !== 0)
		throw new SetupError(
			`TypeScript does not compile:\n${tail.trim()}`,
			"correct the errors above, or restore the sources",
		);
	writeFileSync(stamp, wanted);
	say(`TypeScript compiled (${seconds(since)})`);
}
