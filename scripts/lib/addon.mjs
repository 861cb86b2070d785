import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
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
	const units = compilationUnits();
	const headers = [
		...filesIn("native", ".h"),
		...filesIn("native/kernels", ".h"),
		...filesIn("native/kernels/x86", ".h"),
	];
	const flags = [
		...["-std=c++20", "-O2", "-fPIC", "-fvisibility=hidden", "-DNAPI_VERSION=9", "-DNAPI_CPP_EXCEPTIONS"],
		// libtorch brings the OpenMP runtime. Its threads are the kernels' too.
		...(process.platform === "linux" ? ["-fopenmp"] : []),
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
	const common = headers.map((path) => inRoot(path));
	const key = (unit) => digest({ texts: [...texts, ...unit.flags], files: [...common, inRoot(unit.source)] });
	const wanted = digest({ texts: [libtorch.lib, ...texts, ...units.map(key)] });
	if (existsSync(addon) && readIfThere(stamp) === wanted) return libtorch;

	checkDisk(inRoot("native"), 100e6, "the native addon");
	mkdirSync(folder, { recursive: true });
	const since = performance.now();
	say(
		`compiling the native addon with ${compiler.command} against libtorch ${libtorch.version} of ${libtorch.source} ...`,
	);
	const objects = units.map((unit) => join(folder, `${unit.name}-${key(unit)}.o`));
	for (const stale of readdirSync(folder).filter((name) => name.endsWith(".o"))) {
		if (!objects.includes(join(folder, stale))) rmSync(join(folder, stale));
	}
	const waiting = units.map((unit, i) => [unit, objects[i]]).filter(([, object]) => !existsSync(object));
	const lane = async () => {
		for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
			const [unit, object] = job;
			const unfinished = `${object}.${process.pid}`;
			await compile(compiler.command, [...flags, ...unit.flags, "-c", inRoot(unit.source), "-o", unfinished]);
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

/** What the kernels are compiled with, beside what all of native/ is. */
const kernelFlags = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi"];

const avx512 = ["-march=x86-64-v4", "-mprefer-vector-width=512"];

/** Each of native/kernels/*.cc is compiled once for each of these, under its name. */
const kernelSets =
	process.arch === "x64"
		? {
				portable: [],
				avx2: ["-march=x86-64-v3"],
				avx512,
			}
		: { portable: [] };

/** Sources in native/kernels/x86, for one instruction set alone: what each is compiled to, and with what. */
const x86Kernels = {
	"gemm-avx512-bf16": { "gemm-avx512-bf16": [...avx512, "-mavx512bf16"] },
	"gemm-amx": {
		"gemm-amx": [...avx512, "-mamx-tile", "-mamx-bf16"],
		"gemm-emulated-tiles": ["-DTHALIA_EMULATED_TILES"],
	},
};

/** Everything that is compiled: the name of its object, its source, and flags of its own. */
function compilationUnits() {
	const nameOf = (source) => basename(source, ".cc");
	const plain = filesIn("native", ".cc").map((source) => ({ name: nameOf(source), source, flags: [] }));
	const perSet = filesIn("native/kernels", ".cc").flatMap((source) =>
		Object.entries(kernelSets).map(([set, flags]) => ({
			name: `${nameOf(source)}-${set}`,
			source,
			flags: [...kernelFlags, ...flags, `-DTHALIA_SET=${set}`],
		})),
	);
	const x86 = process.arch === "x64" ? filesIn("native/kernels/x86", ".cc") : [];
	const special = x86.flatMap((source) =>
		Object.entries(x86Kernels[nameOf(source)]).map(([name, flags]) => ({
			name,
			source,
			flags: [...kernelFlags, ...flags],
		})),
	);
	return [...plain, ...perSet, ...special];
}

function filesIn(dir, extension) {
	if (!existsSync(inRoot(dir))) return [];
	return readdirSync(inRoot(dir))
		.filter((name) => name.endsWith(extension))
		.map((name) => `${dir}/${name}`);
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
