import type { Engine } from "../engine.ts";
import type { LocalEngineOptions } from "./local-engine.ts";
import { WorkerEngine } from "./worker-engine.ts";

/** Opens a model folder for sampling and training on this machine, computing in a thread of its own. */
export function openLocalEngine(options: LocalEngineOptions): Promise<Engine> {
	return WorkerEngine.open(options);
}
