import { Worker } from "node:worker_threads";
import { z } from "zod";
import { ThaliaError } from "../../../errors.ts";
import type { Verdict, Verifier, VerifierKind } from "../verifier.ts";
import type { EngineResult } from "./javascript-engine.ts";
import type { JavaScriptJob } from "./javascript-worker.ts";
import { type CodeGold, parseCodeGold, programOf } from "./program.ts";
import { withSlot } from "./slots.ts";

const options = z.strictObject({
	/** For all that one completion has to do. */
	timeoutSeconds: z.number().positive().max(600).default(10),
	/** Of each engine. */
	memoryMegabytes: z.int().min(8).max(1024).default(128),
	/** Output beyond it is a failure. */
	outputKilobytes: z.int().min(1).default(256),
});

/** Whether a JavaScript program passes its tests, or gives the right output; run in QuickJS, which has no machine. */
export const javascript: VerifierKind<typeof options> = {
	name: "javascript",
	description: "a JavaScript program, run in QuickJS against tests or inputs and outputs",
	options,
	create: ({ timeoutSeconds, ...more }): Verifier => {
		const run = async (
			gold: CodeGold,
			program: string,
			signal: AbortSignal | undefined,
		): Promise<Verdict> => {
			if (program.trim() === "") return { correct: false, extracted: null, reason: "no program was found" };
			const limits = { seconds: timeoutSeconds, ...more };
			const result = await withSlot(signal, () => inThread({ program, gold, limits }, signal));
			if ("unsupported" in result) {
				const message = `Expected tests that give the program plain data: ${result.unsupported}`;
				throw new ThaliaError("tests-unsupported", message);
			}
			return { correct: result.reason === null, extracted: program, reason: result.reason ?? "it passes" };
		};
		return {
			verify: async ({ gold, completion, signal }) =>
				run(parseCodeGold(gold), programOf(completion, ["javascript", "js", "node"]), signal),
			compare: async (gold, answer) => run(parseCodeGold(gold), answer, undefined),
		};
	},
};

/** Runs a job in a thread of its own, so that this one goes on and can end it. */
function inThread(job: JavaScriptJob, signal: AbortSignal | undefined): Promise<EngineResult> {
	const { seconds } = job.limits;
	const worker = new Worker(workerUrl(), { workerData: job, env: {}, stdout: true, stderr: true });
	return new Promise<EngineResult>((resolve, reject) => {
		// The engine looks at the clock itself; this is for when it cannot, within one of its own functions.
		const stop = () => resolve({ reason: `timeout: not done within ${seconds} s` });
		const timer = setTimeout(stop, seconds * 1000 + 1000);
		signal?.addEventListener("abort", stop, { once: true });
		worker.once("message", resolve);
		worker.once("error", reject);
		worker.once("exit", () => {
			clearTimeout(timer);
			signal?.removeEventListener("abort", stop);
			reject(
				new ThaliaError("sandbox-failed", "The thread of the JavaScript engine ended before it answered"),
			);
		});
	}).finally(() => worker.terminate());
}

/** The built one: a thread does not read TypeScript. */
function workerUrl(): URL {
	const here = import.meta.url;
	const built = here.endsWith(".ts") ? here.replace("/src/tasks/", "/dist/tasks/") : here;
	return new URL("./javascript-worker.js", built);
}
