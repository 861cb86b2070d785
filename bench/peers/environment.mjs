import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { outputOf } from "../../scripts/lib/command.mjs";
import { cacheFolder, digest, inRoot } from "../../scripts/lib/paths.mjs";
import { SetupError } from "../../scripts/lib/say.mjs";
import { fillFolder, must, withoutPeers } from "./in-cache.mjs";

const requirements = inRoot("bench/peers/requirements.txt");
/** The packages that are measured: their versions must be the ones asked for, whoever made the environment. */
const measured = ["torch", "transformers", "trl"];
const oldestPython = [3, 11];

/**
 * The Python that has the peers' packages: the one that THALIA_PEER_PYTHON names, or a virtual environment in the
 * per-user cache, made at the first call. @throws SetupError
 */
export async function peerPython() {
	const named = process.env.THALIA_PEER_PYTHON;
	if (named) return checked(named, "THALIA_PEER_PYTHON");
	// A change of the requirements is another environment: the cache never holds a mixture.
	const folder = join(cacheFolder(), "peers", `trl-${digest({ files: [requirements] })}`);
	if (!existsSync(folder)) await create(folder);
	return checked(pythonOf(folder), "the cache");
}

function pythonOf(folder) {
	return process.platform === "win32" ? join(folder, "Scripts/python.exe") : join(folder, "bin/python");
}

async function create(folder) {
	const version = outputOf("python3", ["-c", "import sys, venv; print(*sys.version_info[:2])"]);
	const [major, minor] = (version ?? "0 0").split(" ").map(Number);
	if (major < oldestPython[0] || (major === oldestPython[0] && minor < oldestPython[1])) {
		throw new SetupError(
			`Expected python3 ${oldestPython.join(".")} or newer with venv, for the benchmark's peers, but ${version === undefined ? "there is none" : `it is ${version.replace(" ", ".")}`}`,
			`install it (Debian, Ubuntu: \`sudo apt-get install python3-venv\`),\nset THALIA_PEER_PYTHON to a Python that has ${requirements},\n${withoutPeers}`,
		);
	}
	const network = "check the network, the free disk and `python3 -m pip config list`";
	await fillFolder(folder, {
		bytes: 7e9,
		purpose: "installing the benchmark's peer TRL and its torch (about 5 GB, once for this user)",
		make: async (work) => {
			await must("python3", ["-m", "venv", work], "no virtual environment could be made", network);
			// Only bin/python is used, which may be moved.
			const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--quiet", "-r", requirements];
			await must(pythonOf(work), pip, "pip could not install the peers", network);
		},
	});
}

/** @throws SetupError where a measured package is missing or another version than the one that is pinned */
function checked(python, source) {
	const pins = readFileSync(requirements, "utf8");
	const ask = `from importlib.metadata import version\nfor name in ${JSON.stringify(measured)}: print(version(name).split("+")[0])`;
	const found = outputOf(python, ["-c", ask])?.split("\n");
	const wanted = measured.map((name) => new RegExp(`^${name}==(\\S+)$`, "m").exec(pins)[1]);
	if (found?.join() === wanted.join()) return python;
	const list = (versions) => measured.map((name, i) => `${name} ${versions[i]}`).join(", ");
	throw new SetupError(
		`Expected ${list(wanted)} of ${python} (${source}) but ${found === undefined ? "it does not have them all" : `it has ${list(found)}`}`,
		source === "the cache"
			? `remove ${join(python, "../..")} and run this again,\n${withoutPeers}`
			: `install ${requirements} there, or unset THALIA_PEER_PYTHON,\n${withoutPeers}`,
	);
}
