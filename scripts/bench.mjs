// `npm run bench`: whole RL steps of Thalia and of its peers, side by side. See bench/README.md.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { peerPython } from "../bench/peers/environment.mjs";
import { llamaBatchedBench, measureLlamaCpp } from "../bench/peers/llama-cpp.mjs";
import { benchCurves } from "./lib/bench-curves.mjs";
import { benchArguments, child, commit, flags, loadNow, machine } from "./lib/bench-processes.mjs";
import { inRoot } from "./lib/paths.mjs";
import { run, SetupError, say } from "./lib/say.mjs";
import { setup } from "./lib/setup.mjs";

const baseline = inRoot("bench/results/rl-step.json");
const dtypes = ["bf16", "f32"];

const help = `Usage: npm run bench -- [options]

Measures whole RL steps of Thalia and of TRL's RLOOTrainer on the same model, prompts and amounts, by turns, and
sampling alone of llama.cpp.
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

npm run bench -- --curves [--dtype bf16|f32] [--threads N] [--out DIR]

Measures what sampling, reference log-probs, learning and memory cost over the batch, the length and the parameters,
and how near the operators come to this machine's limits (roofline). Thalia alone, about 8 minutes on 2 cores (f32: 15).

  --dtype NAME    bf16 (default) or f32
  --out DIR       folder of curves.json, curves.svg and roofline.svg (default: bench/results)
  --shape toy     toys in seconds, to try the benchmark itself; needs --out

THALIA_PEER_PYTHON          a Python that has bench/peers/requirements.txt, instead of the environment in the cache
THALIA_LLAMA_BATCHED_BENCH  llama.cpp's program of that name, instead of the one that is built in the cache
`;

const childFix = "see what it printed above; `npm run bench -- --no-peers` measures Thalia alone";

const thalia = (command, options) => benchArguments("bench/main.ts", command, options);

await run(async () => {
	const options = readOptions();
	if (options === undefined) {
		process.stdout.write(help);
		return 0;
	}
	if (options.curves) return await benchCurves(options);
	await setup();
	const { createJiti } = await import("jiti");
	const jiti = createJiti(import.meta.url);
	const { measuredShapes, shapes } = await jiti.import("../bench/shapes.ts");
	const { generation, measurement, merge } = await jiti.import("../bench/measurement.ts");
	const { formatComparison, kept } = await jiti.import("../bench/report.ts");
	const { matmulFloor } = await jiti.import("../bench/floor.ts");

	const names = choose("--shape", options.shape, Object.keys(shapes), measuredShapes);
	const wanted = choose("--dtype", options.dtype, dtypes, dtypes);
	const python = options.peers ? await peerPython() : undefined;
	const llamaCpp = options.peers ? await llamaBatchedBench() : undefined;
	const whole = options.peers && options.shape === "all" && options.dtype === "all";
	const out = options.out ?? (whole ? baseline : undefined);
	if (out !== undefined) mkdirSync(dirname(out), { recursive: true });
	const load = loadNow();

	const comparisons = [];
	const folder = mkdtempSync(join(tmpdir(), "thalia-bench-"));
	try {
		for (const shape of names) {
			for (const dtype of wanted) {
				say(`${shape}, ${dtype}`);
				const model = join(folder, `${shape}-${dtype}`);
				await child(process.execPath, thalia("prepare", { model, shape, dtype }), { fix: childFix });
				if (llamaCpp !== undefined) {
					await child(process.execPath, thalia("gguf", { model }), { fix: childFix });
				}
				const { config, workload, steps, peerMicroBatch } = shapes[shape];
				const gigaflops = JSON.parse(
					await child(process.execPath, thalia("matmul-rate", { dtype, threads: options.threads }), {
						fix: childFix,
					}),
				);
				const matmul = { gigaflops, floor: matmulFloor(config, workload, gigaflops) };
				const common = {
					model,
					dtype,
					threads: options.threads,
					warmup: options.warmup,
					steps: options.steps ?? steps,
				};
				const sides = { thalia: [], peer: [], generator: [] };
				for (let round = 0; round < options.rounds; round++) {
					const measured = await measure(process.execPath, thalia("rl-step", common));
					sides.thalia.push(measured);
					if (python === undefined) continue;
					const script = inRoot("bench/peers/trl_rl_step.py");
					const args = [script, ...flags({ ...common, "micro-batch": peerMicroBatch })];
					sides.peer.push(await measure(python, args, capOf(measured)));
					const { threads, steps: times } = common;
					const gguf = join(model, "model.gguf");
					sides.generator.push(await measureLlamaCpp(llamaCpp, { model: gguf, workload, threads, times }));
				}
				rmSync(model, { recursive: true });
				const comparison = { shape, dtype, workload, matmul, thalia: merge(sides.thalia) };
				if (python !== undefined) {
					comparison.peer = merge(sides.peer);
					const sample = sides.generator.flatMap((part) => part.sample);
					comparison.generator = generation.parse({ ...sides.generator[0], sample });
				}
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
		return measurement.parse(JSON.parse(await child(command, args, { env, fix: childFix })));
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
				curves: { type: "boolean", default: false },
				shape: { type: "string" },
				dtype: { type: "string" },
				steps: { type: "string" },
				warmup: { type: "string" },
				rounds: { type: "string" },
				threads: { type: "string", default: String(availableParallelism()) },
				"no-peers": { type: "boolean", default: false },
				out: { type: "string" },
				help: { type: "boolean", short: "h", default: false },
			},
		}),
	);
	if (values.help) return undefined;
	const threads = count("--threads", values.threads, 1);
	const out = values.out === undefined ? undefined : resolve(values.out);
	if (values.curves) return { ...curveOptions(values, out), threads };
	return {
		curves: false,
		shape: values.shape ?? "all",
		dtype: values.dtype ?? "all",
		steps: values.steps === undefined ? undefined : count("--steps", values.steps, 1),
		warmup: count("--warmup", values.warmup ?? "1", 0),
		rounds: count("--rounds", values.rounds ?? "2", 1),
		threads,
		peers: !values["no-peers"],
		out,
	};
}

function curveOptions({ dtype = "bf16", shape, steps, warmup, rounds }, out) {
	const refuse = (what, fix) => {
		throw new SetupError(what, `${fix}; see \`npm run bench -- --help\``);
	};
	for (const [name, value] of Object.entries({ steps, warmup, rounds })) {
		if (value === undefined) continue;
		refuse(
			`Expected no --${name} beside --curves, which chooses by the time steps take`,
			`leave --${name} out`,
		);
	}
	if (!dtypes.includes(dtype)) {
		refuse(
			`Expected bf16 or f32 for --dtype beside --curves but received ${JSON.stringify(dtype)}`,
			"name one",
		);
	}
	if (shape !== undefined && shape !== "toy") {
		refuse(
			`Expected no --shape but toy beside --curves but received ${JSON.stringify(shape)}`,
			"leave it out",
		);
	}
	if (shape === "toy" && out === undefined) {
		refuse(
			"Expected --out for the toys of --curves: they would take the place of real results",
			"add --out DIR",
		);
	}
	return { curves: true, dtype, toy: shape === "toy", out: out ?? dirname(baseline) };
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

/**
 * Where the processor advertises AMX but hides its palette, torch's bf16 dies with SIGILL unless oneDNN is told to
 * stay below. Thalia tells its own; the peer is told the same.
 */
function capOf({ environment }) {
	return environment.oneDnnCap === "none" ? {} : { ONEDNN_MAX_CPU_ISA: environment.oneDnnCap };
}
