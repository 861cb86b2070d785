import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { outputOf, runCommand } from "./command.mjs";
import { checkDisk } from "./machine.mjs";
import { cacheFolder } from "./paths.mjs";
import { SetupError, say, seconds } from "./say.mjs";
import { withWorkFolder } from "./work-folder.mjs";

const oldest = [2, 11];
const wheel = "torch==2.13.0";
/** libtorch_cpu of the CUDA wheel is linked with these two; nothing of them runs on a machine without a GPU. */
const cudaWheels = ["nvidia-cuda-runtime==13.0.96", "nvidia-cuda-cupti==13.0.85"];

/**
 * Where libtorch is: { include, lib, version, source }. In this order: the folder that LIBTORCH names, the torch
 * package of the active python3, a per-user cache that is filled once from the torch wheel.
 */
export async function findLibtorch() {
	return fromEnvironment() ?? fromPython() ?? fromCache() ?? (await fillCache());
}

function fromEnvironment() {
	if (!process.env.LIBTORCH) return undefined;
	// Absolute, because the addon finds its libraries again by this path from wherever it runs.
	const folder = resolve(process.env.LIBTORCH);
	const found = inspect(folder, "LIBTORCH");
	if (found === undefined) {
		throw new SetupError(
			`Expected include/ATen/ATen.h and lib/${library("torch_cpu")} in LIBTORCH=${folder} but they are not there`,
			"give the folder of an unpacked libtorch, or of a Python torch package, or unset LIBTORCH",
		);
	}
	if (!newEnough(found.version)) {
		throw new SetupError(
			`Expected libtorch ${oldest.join(".")} or newer in LIBTORCH=${folder} but it is ${found.version}`,
			"give a newer one, or unset LIBTORCH",
		);
	}
	return found;
}

function fromPython() {
	const find =
		"import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')";
	const folder = outputOf("python3", ["-c", find]);
	const found = folder ? inspect(folder, "python3's torch") : undefined;
	if (found !== undefined && !newEnough(found.version)) {
		say(`python3 has torch ${found.version}, older than ${oldest.join(".")}: not used`);
		return undefined;
	}
	return found;
}

function cached() {
	return join(cacheFolder(), `libtorch-${wheel.split("==")[1]}-${process.platform}-${process.arch}`);
}

function fromCache() {
	return inspect(cached(), "the cache");
}

async function fillCache() {
	const cache = cacheFolder();
	if (outputOf("python3", ["-m", "pip", "--version"]) === undefined) {
		throw new SetupError(
			"Expected python3 with pip, to fetch libtorch, but `python3 -m pip --version` fails",
			"install it (Debian, Ubuntu: `sudo apt-get install python3-pip`),\nor set LIBTORCH to a folder that holds libtorch 2.11 or newer",
		);
	}
	checkDisk(cache, 1.4e9, "libtorch");
	const since = performance.now();
	await withWorkFolder(cache, "download-", async (work) => {
		say(`fetching libtorch (${wheel}, about 530 MB, once for this user) ...`);
		const wheels = process.platform === "linux" && process.arch === "x64" ? [wheel, ...cudaWheels] : [wheel];
		const args = [
			"-m",
			"pip",
			"download",
			"--no-deps",
			"--only-binary",
			":all:",
			"--progress-bar",
			"on",
			"-d",
			work,
		];
		const { code, tail } = await runCommand("python3", [...args, "--disable-pip-version-check", ...wheels]);
		if (code !== 0) {
			throw new SetupError(
				`pip could not download ${wheels.join(", ")}:\n${tail.trim().split("\n").slice(-4).join("\n")}`,
				"check the network, the free disk and `python3 -m pip config list`, then run this again,\nor set LIBTORCH to a folder that holds libtorch 2.11 or newer",
			);
		}
		const unpacked = join(work, "unpacked");
		mkdirSync(unpacked);
		const files = readdirSync(work).filter((name) => name.endsWith(".whl"));
		const unpack = await runCommand("python3", [
			"-c",
			unpackScript,
			unpacked,
			...files.map((name) => join(work, name)),
		]);
		if (unpack.code !== 0) {
			throw new SetupError(
				`the torch wheel could not be unpacked:\n${unpack.tail}`,
				"check the free disk, then run this again",
			);
		}
		// Another clone may have been quicker: then its copy stays.
		if (fromCache() === undefined) {
			rmSync(cached(), { recursive: true, force: true });
			renameSync(unpacked, cached());
		}
	});
	const found = fromCache();
	if (found === undefined) {
		throw new SetupError(
			`the torch wheel for ${process.platform} ${process.arch} has no libtorch where it was expected`,
			"set LIBTORCH to a folder that holds libtorch 2.11 or newer",
		);
	}
	say(`libtorch ${found.version} is in ${cached()} (${seconds(since)})`);
	return found;
}

/** Headers and CPU libraries of the wheels: on x86-64 Linux what the CPU needs of a CUDA build, elsewhere all there is. */
const unpackScript = `
import os, re, sys, zipfile, shutil, platform
out, wheels = sys.argv[1], sys.argv[2:]
trimmed = sys.platform == "linux" and platform.machine() == "x86_64"
wanted = re.compile(r"(^|/)(libtorch_cpu\\.so|libc10\\.so|libgomp[^/]*\\.so[^/]*|libcudart\\.so\\.13|libcupti\\.so\\.13)$")
for wheel in wheels:
    with zipfile.ZipFile(wheel) as z:
        for name in z.namelist():
            target = None
            if name.startswith("torch/include/") and not name.endswith("/"):
                target = name[len("torch/"):]
            elif trimmed and wanted.search(name):
                target = "lib/" + os.path.basename(name)
            elif not trimmed and re.match(r"torch/lib/[^/]+\\.(so|dylib)", name):
                target = "lib/" + os.path.basename(name)
            elif not trimmed and name.startswith("torch.libs/"):
                target = "torch.libs/" + os.path.basename(name)
            if target:
                path = os.path.join(out, target)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with z.open(name) as source, open(path, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
`;

function inspect(folder, source) {
	const include = join(folder, "include");
	const lib = join(folder, "lib");
	const complete =
		existsSync(join(include, "ATen/ATen.h")) &&
		["torch_cpu", "c10"].every((name) => existsSync(join(lib, library(name))));
	return complete ? { include, lib, version: versionOf(include), source } : undefined;
}

function versionOf(include) {
	for (const header of ["torch/headeronly/version.h", "torch/csrc/api/include/torch/version.h"]) {
		if (!existsSync(join(include, header))) continue;
		const text = readFileSync(join(include, header), "utf8");
		const part = (name) => new RegExp(`#define TORCH_VERSION_${name} (\\d+)`).exec(text)?.[1];
		if (part("MAJOR") !== undefined) return [part("MAJOR"), part("MINOR"), part("PATCH")].join(".");
	}
	return "of unknown version";
}

function newEnough(version) {
	const [major, minor] = version.split(".").map(Number);
	return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

function library(name) {
	return process.platform === "darwin" ? `lib${name}.dylib` : `lib${name}.so`;
}
