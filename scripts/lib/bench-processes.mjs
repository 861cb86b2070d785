// What the benchmarks share: their processes, and what is kept beside their figures.
import { spawn } from "node:child_process";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { outputOf } from "./command.mjs";
import { inRoot, root } from "./paths.mjs";
import { SetupError, say } from "./say.mjs";

/** Arguments of node for an entry of bench/, which jiti runs from its source. */
export function benchArguments(entry, command, options) {
	return [inRoot("node_modules/jiti/lib/jiti-cli.mjs"), inRoot(entry), command, ...flags(options)];
}

export function flags(options) {
	return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/** Standard output of a process that ends well; its standard error is shown. `fix`: what to do where it does not. */
export function child(command, args, { env = {}, fix }) {
	return new Promise((resolve, reject) => {
		const started = spawn(command, args, {
			cwd: root,
			env: { ...process.env, ...env },
			stdio: ["ignore", "pipe", "inherit"],
		});
		// The terminal sends Ctrl-C to both: the child ends, and what is here cleans up.
		const interrupted = () => {};
		const forward = () => started.kill("SIGTERM");
		process.on("SIGINT", interrupted);
		process.on("SIGTERM", forward);
		let output = "";
		started.stdout.setEncoding("utf8").on("data", (chunk) => (output += chunk));
		started.on("error", reject);
		started.on("close", (code, signal) => {
			process.off("SIGINT", interrupted);
			process.off("SIGTERM", forward);
			if (code === 0) return resolve(output);
			const end = signal === null ? `exit code ${code}` : signal;
			reject(new SetupError(`${[command, ...args].join(" ")} ended with ${end}`, fix));
		});
	});
}

export function machine() {
	return {
		cpu: cpus().at(0)?.model ?? "unknown",
		cores: availableParallelism(),
		memory: totalmem(),
		system: `${process.platform} ${process.arch} ${release()}`,
	};
}

/** The commit that was measured, with a mark where the work tree has other changes than the results. */
export function commit() {
	const git = (...args) => outputOf("git", ["-C", root, ...args]);
	const head = git("rev-parse", "HEAD");
	if (head === undefined) return "unknown";
	return git("status", "--porcelain", "--", ".", ":!bench/results") === "" ? head : `${head} and changes`;
}

/** What else the machine does, as a load; says where that spoils what is measured. */
export function loadNow() {
	const [load] = loadavg();
	if (load > 0.3 * availableParallelism()) {
		say(`this machine is busy (load ${load.toFixed(1)}): what is measured now says little`);
	}
	return load;
}
