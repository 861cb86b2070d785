// `npm run bench`: whole RL steps of Thalia and of its peers, side by side. See bench/README.md.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { peerPython } from "../bench/peers/environment.mjs";
import { outputOf } from "./lib/command.mjs";
import { inRoot, root } from "./lib/paths.mjs";
import { run, SetupError, say } from "./lib/say.mjs";
import { setup } from "./lib/setup.mjs";

const baseline = inRoot("bench/results/rl-step.json");
const dtypes = ["bf16", "f32"];

const help = `Usage: npm run bench -- [options]

Measures whole RL steps of Thalia and of TRL's RLOOTrainer on the same model, prompts and amounts, by turns.
Progress goes to stderr, the table to stdout.

  --shape NAME    small, smollm2-135m, toy, or all (small and smollm2-135m; default)
  --dtype NAME    bf16, f32, or all (default)
  --steps N       measured steps of one process (default: 5 of small, 2 of smollm2-135m)
  --warmup N      steps before the measured ones (default 1)
  --rounds N      processes of each side, by turns (default 2)
  --threads N     threads of both sides (default: one a core)
  --no-peers      measure Thalia alone
  --out FILE      write the results there as JSON (default, for a whole run: bench/results/rl-step.json)
  --help

THALIA_PEER_PYTHON  a Python that has bench/peers/requirements.txt, instead of the environment in the cache
`;

await run(async () => {
	const options = readOptions();
	if (options === undefined) {
		process.stdout.write(help);
		return 0;
	}
	await setup();
	const { createJiti } = await import("jiti");
	const jiti = createJiti(import.meta.url);
	const { measuredShapes, shapes } = await jiti.import("../bench/shapes.ts");
	const { measurement, merge } = await jiti.import("../bench/measurement.ts");
	const { formatComparison, kept } = await jiti.import("../bench/report.ts");
	const { matmulFloor } = await jiti.import("../bench/floor.ts");

	const names = choose("--shape", options.shape, Object.keys(shapes), measuredShapes);
	const wanted = choose("--dtype", options.dtype, dtypes, dtypes);
	const python = options.peers ? await peerPython() : undefined;
	const whole = options.peers && options.shape === "all" && options.dtype === "all";
	const out = options.out ?? (whole ? baseline : undefined);
	if (out !== undefined) mkdirSync(dirname(out), { recursive: true });
	const [load] = loadavg();
	if (load > 0.3 * availableParallelism()) {
		say(`this machine is busy (load ${load.toFixed(1)}): what is measured now says little`);
	}

	const comparisons = [];
	const folder = mkdtempSync(join(tmpdir(), "thalia-bench-"));
	try {
		for (const shape of names) {
			for (const dtype of wanted) {
				say(`${shape}, ${dtype}`);
				const model = join(folder, `${shape}-${dtype}`);
				await child(process.execPath, thalia("prepare", { model, shape, dtype }));
				const { config, workload, steps, peerMicroBatch } = shapes[shape];
				const gigaflops = JSON.parse(
					await child(process.execPath, thalia("matmul-rate", { dtype, threads: options.threads })),
				);
				const matmul = { gigaflops, floor: matmulFloor(config, workload, gigaflops) };
				const common = {
					model,
					dtype,
					threads: options.threads,
					warmup: options.warmup,
					steps: options.steps ?? steps,
				};
				const sides = { thalia: [], peer: [] };
				for (let round = 0; round < options.rounds; round++) {
					const measured = await measure(process.execPath, thalia("rl-step", common));
					sides.thalia.push(measured);
					if (python === undefined) continue;
					const script = inRoot("bench/peers/trl_rl_step.py");
					const args = [script, ...flags({ ...common, "micro-batch": peerMicroBatch })];
					sides.peer.push(await measure(python, args, capOf(measured)));
				}
				rmSync(model, { recursive: true });
				const comparison = { shape, dtype, workload, matmul, thalia: merge(sides.thalia) };
				if (python !== undefined) comparison.peer = merge(sides.peer);
				comparisons.push(comparison);
				process.stdout.write(`${formatComparison(comparison)}\n\n`);
				// After each one: what is measured is not lost to what comes after it.
				if (out !== undefined) write(out, options, load, comparisons.map(kept));
			}
		}
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
	if (python !== undefined) process.stdout.write("Ratios below 1x: Thalia is quicker, or smaller.\n");
	if (out !== undefined) say(`results written to ${relative(process.cwd(), out)}`);

	async function measure(command, args, env) {
		return measurement.parse(JSON.parse(await child(command, args, env)));
	}
});

function write(out, { warmup, rounds, threads }, load, results) {
	const content = {
		date: new Date().toISOString().slice(0, 10),
		commit: commit(),
		machine: { ...machine(), loadBefore: Number(load.toFixed(2)) },
		settings: { warmup, rounds, threads },
		results,
	};
	writeFileSync(out, `${JSON.stringify(content, null, "\t")}\n`);
}

function readOptions() {
	const { values } = attempt(() =>
		parseArgs({
			options: {
				shape: { type: "string", default: "all" },
				dtype: { type: "string", default: "all" },
				steps: { type: "string" },
				warmup: { type: "string", default: "1" },
				rounds: { type: "string", default: "2" },
				threads: { type: "string", default: String(availableParallelism()) },
				"no-peers": { type: "boolean", default: false },
				out: { type: "string" },
				help: { type: "boolean", short: "h", default: false },
			},
		}),
	);
	if (values.help) return undefined;
	return {
		shape: values.shape,
		dtype: values.dtype,
		steps: values.steps === undefined ? undefined : count("--steps", values.steps, 1),
		warmup: count("--warmup", values.warmup, 0),
		rounds: count("--rounds", values.rounds, 1),
		threads: count("--threads", values.threads, 1),
		peers: !values["no-peers"],
		out: values.out === undefined ? undefined : resolve(values.out),
	};
}

function attempt(parse) {
	try {
		return parse();
	} catch (error) {
		throw new SetupError(error.message, "see `npm run bench -- --help`");
	}
}

function count(name, text, least) {
	const value = Number(text);
	if (Number.isInteger(value) && value >= least) return value;
	throw new SetupError(
		`Expected a whole number of ${least} or more for ${name} but received ${JSON.stringify(text)}`,
		"see `npm run bench -- --help`",
	);
}

function choose(name, chosen, known, all) {
	if (chosen === "all") return all;
	if (known.includes(chosen)) return [chosen];
	throw new SetupError(
		`Expected ${known.join(", ")} or all for ${name} but received ${JSON.stringify(chosen)}`,
		"see `npm run bench -- --help`",
	);
}

/** Arguments of node for bench/main.ts, which jiti runs from its source. */
function thalia(command, options) {
	return [inRoot("node_modules/jiti/lib/jiti-cli.mjs"), inRoot("bench/main.ts"), command, ...flags(options)];
}

function flags(options) {
	return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/**
 * Where the processor advertises AMX but hides its palette, torch's bf16 dies with SIGILL unless oneDNN is told to
 * stay below. Thalia tells its own; the peer is told the same.
 */
function capOf({ environment }) {
	return environment.oneDnnCap === "none" ? {} : { ONEDNN_MAX_CPU_ISA: environment.oneDnnCap };
}

/** Standard output of a process that ends well; its standard error is shown. */
function child(command, args, env = {}) {
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
			const fix = "see what it printed above; `npm run bench -- --no-peers` measures Thalia alone";
			reject(new SetupError(`${[command, ...args].join(" ")} ended with ${end}`, fix));
		});
	});
}

function machine() {
	return {
		cpu: cpus().at(0)?.model ?? "unknown",
		cores: availableParallelism(),
		memory: totalmem(),
		system: `${process.platform} ${process.arch} ${release()}`,
	};
}

/** The commit that was measured, with a mark where the work tree has other changes than the results. */
function commit() {
	const git = (...args) => outputOf("git", ["-C", root, ...args]);
	const head = git("rev-parse", "HEAD");
	if (head === undefined) return "unknown";
	return git("status", "--porcelain", "--", ".", ":!bench/results") === "" ? head : `${head} and changes`;
}
