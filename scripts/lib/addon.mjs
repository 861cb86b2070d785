import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { outputOf, runCommand } from "./command.mjs";
import { findLibtorch } from "./libtorch.mjs";
import { checkDisk } from "./machine.mjs";
import { digest, inRoot, readIfThere } from "./paths.mjs";
import { SetupError, say, seconds } from "./say.mjs";

const folder = inRoot("native/build");
const addon = join(folder, "thalia.node");
const stamp = join(folder, "stamp");

/** Compiles native/ against the libtorch found, where anything of it has changed; thalia.node appears whole or not at all. */
export async function buildAddon() {
	const libtorch = await findLibtorch();
	const compiler = findCompiler();
	const sources = readdirSync(inRoot("native")).filter((name) => name.endsWith(".cc"));
	const headers = readdirSync(inRoot("native")).filter((name) => name.endsWith(".h"));
	const flags = [
		...["-std=c++20", "-O2", "-fPIC", "-fvisibility=hidden", "-DNAPI_VERSION=9", "-DNAPI_CPP_EXCEPTIONS"],
		// A thread that is being ended takes no exception any more: without this, the second Ctrl-C would abort.
		"-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
		...[libtorch.include, join(libtorch.include, "torch/csrc/api/include")].flatMap((path) => [
			"-isystem",
			path,
		]),
		...["node_modules/node-api-headers/include", "node_modules/node-addon-api"].flatMap((path) => [
			"-isystem",
			inRoot(path),
		]),
	];
	const link =
		process.platform === "darwin"
			? ["-bundle", "-undefined", "dynamic_lookup"]
			: ["-shared", "-Wl,--allow-shlib-undefined"];
	const texts = [compiler.version, libtorch.version, ...flags, ...link, process.arch];
	const common = headers.map((name) => inRoot("native", name));
	const key = (name) => digest({ texts, files: [...common, inRoot("native", name)] });
	const wanted = digest({ texts: [libtorch.lib, ...texts, ...sources.map(key)] });
	if (existsSync(addon) && readIfThere(stamp) === wanted) return libtorch;

	checkDisk(inRoot("native"), 100e6, "the native addon");
	mkdirSync(folder, { recursive: true });
	const since = performance.now();
	say(
		`compiling the native addon with ${compiler.command} against libtorch ${libtorch.version} of ${libtorch.source} ...`,
	);
	const objects = sources.map((name) => join(folder, `${name.replace(".cc", "")}-${key(name)}.o`));
	for (const stale of readdirSync(folder).filter((name) => name.endsWith(".o"))) {
		if (!objects.includes(join(folder, stale))) rmSync(join(folder, stale));
	}
	const waiting = sources
		.map((name, i) => [inRoot("native", name), objects[i]])
		.filter(([, object]) => !existsSync(object));
	const lane = async () => {
		for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
			const [source, object] = job;
			const unfinished = `${object}.${process.pid}`;
			await compile(compiler.command, [...flags, "-c", source, "-o", unfinished]);
			renameSync(unfinished, object);
		}
	};
	await Promise.all([lane(), lane()]);
	const unfinished = `${addon}.${process.pid}`;
	const libraries = ["-L", libtorch.lib, "-ltorch_cpu", "-lc10", `-Wl,-rpath,${libtorch.lib}`];
	await compile(compiler.command, [...link, "-o", unfinished, ...objects, ...libraries]);
	renameSync(unfinished, addon);
	const { lib, version, source } = libtorch;
	writeFileSync(join(folder, "libtorch.json"), `${JSON.stringify({ version, source, lib }, null, 2)}\n`);
	writeFileSync(stamp, wanted);
	say(`native addon compiled (${seconds(since)})`);
	return libtorch;
}

function findCompiler() {
	for (const command of process.env.CXX ? [process.env.CXX] : ["g++", "clang++", "c++"]) {
		const version = outputOf(command, ["--version"]);
		if (version !== undefined) return { command, version: version.split("\n")[0] };
	}
	throw new SetupError(
		`Expected a C++20 compiler (${process.env.CXX ? `CXX=${process.env.CXX}` : "g++ or clang++"}) but there is none`,
		process.platform === "darwin"
			? "run `xcode-select --install`"
			: "install one (Debian, Ubuntu: `sudo apt-get install g++`)",
	);
}

async function compile(command, args) {
	const { code, tail } = await runCommand(command, args, { quiet: true });
	if (code === 0) return;
	throw new SetupError(
		`${command} failed:\n${tail.trim()}`,
		"the compiler must know C++20 (g++ 11 or clang 14, or newer) and the headers must be of libtorch 2.11 or newer;\nremove native/build and run this again",
	);
}
