import { z } from "zod";
import type { Verdict, Verifier, VerifierKind } from "../verifier.ts";
import { type CodeGold, parseCodeGold, programOf } from "./program.ts";
import { runCases } from "./python-cases.ts";
import { runTests } from "./python-tests.ts";
import { pythonSandbox } from "./sandbox.ts";
import { withSlot } from "./slots.ts";

const options = z.strictObject({
	/** Command of the interpreter. */
	python: z.string().min(1).default("python3"),
	/** For all that one completion has to do. */
	timeoutSeconds: z.number().positive().max(600).default(10),
	/** Address space of each process. */
	memoryMegabytes: z.int().min(64).default(512),
	/** Output beyond it is a failure. */
	outputKilobytes: z.int().min(1).default(256),
	processes: z.int().min(4).default(16),
});

export type PythonOptions = z.output<typeof options>;

/** Whether a Python program passes its tests, or gives the right output for each input; run in a sandbox. */
export const python: VerifierKind<typeof options> = {
	name: "python",
	description: "a Python program, run in a sandbox against tests or inputs and outputs",
	options,
	create: (settings): Verifier => {
		const run = async (
			gold: CodeGold,
			program: string,
			signal: AbortSignal | undefined,
		): Promise<Verdict> => {
			if (program.trim() === "") return { correct: false, extracted: null, reason: "no program was found" };
			const sandbox = await pythonSandbox(settings.python);
			const reason = await withSlot(signal, () =>
				"tests" in gold
					? runTests(sandbox, program, gold.tests, settings, signal)
					: runCases(sandbox, program, gold.cases, settings, signal),
			);
			return { correct: reason === null, extracted: program, reason: reason ?? "it passes" };
		};
		return {
			verify: async ({ gold, completion, signal }) =>
				run(parseCodeGold(gold), programOf(completion, ["python", "py", "python3"]), signal),
			compare: async (gold, answer) => run(parseCodeGold(gold), answer, undefined),
		};
	},
};
