import type { Engine } from "../engine.ts";
import type { LocalEngineOptions } from "./local-engine.ts";
import type { Scorer, ScorerOptions } from "./scorer.ts";
import { WorkerEngine } from "./worker-engine.ts";

/** Opens a model folder for sampling and training on this machine, computing in a thread of its own. */
export function openLocalEngine(options: LocalEngineOptions): Promise<Engine> {
	return WorkerEngine.open(options);
}

/** Opens a model folder for scoring given tokens, in the thread that calls. */
export async function openScorer(options: ScorerOptions): Promise<Scorer> {
	// Not imported above: what needs no libtorch (the objectives, --help, doctor) works where it does not load.
	const { Scorer } = await import("./scorer.ts");
	return new Scorer(options);
}
