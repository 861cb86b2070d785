import { parentPort, workerData } from "node:worker_threads";
import { type EngineLimits, runJavaScriptCases, runJavaScriptTests } from "./javascript-engine.ts";
import type { CodeGold } from "./program.ts";

/** What the thread is given. */
export interface JavaScriptJob {
	readonly program: string;
	readonly gold: CodeGold;
	readonly limits: EngineLimits;
}

const { program, gold, limits } = workerData as JavaScriptJob;
parentPort?.postMessage(
	"tests" in gold
		? await runJavaScriptTests(program, gold.tests, limits)
		: await runJavaScriptCases(program, gold.cases, limits),
);
