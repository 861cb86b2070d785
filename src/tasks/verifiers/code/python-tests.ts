import { ThaliaError } from "../../../errors.ts";
import { brief } from "./program.ts";
import type { PythonOptions } from "./python.ts";
import { solverSource, testerSource } from "./python-sources.ts";
import type { PythonSandbox } from "./sandbox.ts";
import { deadline, limitsFor, SandboxedProcess } from "./sandboxed-process.ts";

/** What the tests say in the end. */
interface Outcome {
	readonly done: "passed" | "failed" | "unsupported";
	readonly reason?: string;
	readonly where?: string;
}

/**
 * Runs tests against a program, each in a sandbox of its own: the program answers calls and never sees the tests, what
 * they compare with, or the pipe on which they say that they passed.
 * @returns what is wrong with it, or null
 * @throws ThaliaError `sandbox-failed`; `tests-unsupported` for tests that give the program what cannot go between two
 * processes, such as a function
 */
export async function runTests(
	sandbox: PythonSandbox,
	program: string,
	tests: string,
	settings: PythonOptions,
	signal: AbortSignal | undefined,
): Promise<string | null> {
	const { timeoutSeconds } = settings;
	const limits = limitsFor(settings, timeoutSeconds);
	const stdio = { stdin: "ignore", stdout: "ignore" } as const;
	const line = { mostBytesOfLine: 8 * 2 ** 20 };
	const solver = new SandboxedProcess(sandbox, solverSource, limits, stdio, line);
	const tester = new SandboxedProcess(sandbox, testerSource, limits, stdio, line);
	let outcome: Outcome | undefined;
	let failure: string | null = null;
	const settled = new Promise<void>((resolve) => {
		const fail = (reason: string) => {
			failure ??= reason;
			resolve();
		};
		// The first line of the program is about itself; after that each line answers a question.
		let state: "loading" | "idle" | "asked" = "loading";
		solver.onLine = (text) => {
			if (state === "idle") fail("it answers what it was not asked");
			else if (state === "asked") {
				state = "idle";
				tester.send(`${text}\n`);
			} else {
				const error = raisedIn(text);
				if (error !== null) return fail(error);
				state = "idle";
				tester.send(`${JSON.stringify(tests)}\n`);
			}
		};
		tester.onLine = (text) => {
			const message = JSON.parse(text) as Partial<Outcome>;
			if (message.done === undefined) {
				state = "asked";
				solver.send(`${text}\n`);
				return;
			}
			outcome = message as Outcome;
			resolve();
		};
		solver.onFlood = () => fail("an answer of more than 8 MB");
		tester.onFlood = () => fail("a question of more than 8 MB");
		const finish = deadline(timeoutSeconds, signal, () =>
			fail(`timeout: not done within ${timeoutSeconds} s`),
		);
		void solver.ended.then(
			() => fail(solver.errors.includes("MemoryError") ? "MemoryError" : "it ended before the tests did"),
			() => resolve(),
		);
		void tester.ended.then(
			() => resolve(),
			() => resolve(),
		);
		solver.send(`${JSON.stringify(program)}\n`);
		void Promise.allSettled([solver.ended, tester.ended]).then(finish);
	});
	try {
		await settled;
	} finally {
		solver.kill();
		tester.kill();
	}
	await Promise.all([solver.ended, tester.ended]);
	return verdictOf(outcome, failure, [solver, tester]);
}

function verdictOf(
	outcome: Outcome | undefined,
	failure: string | null,
	[solver, tester]: readonly [SandboxedProcess, SandboxedProcess],
): string | null {
	if (outcome === undefined) {
		solver.assertStarted();
		// A program that fails at once may do so before its tests have started.
		if (failure === null || failure.startsWith("timeout")) tester.assertStarted();
		return failure ?? "the tests ended before they were done";
	}
	const { done, reason = "", where = "" } = outcome;
	if (done === "passed") return null;
	if (done === "unsupported")
		throw new ThaliaError(
			"tests-unsupported",
			`Expected tests that give the program plain data: ${brief(reason)}`,
			{
				fix: 'use {"cases": [{"stdin", "stdout"}]}, or tests without functions and objects of their own as arguments',
			},
		);
	return brief(where === "" ? reason : `${reason} in ${JSON.stringify(where)}`);
}

function raisedIn(line: string): string | null {
	try {
		const { raise } = JSON.parse(line) as { raise?: readonly unknown[] };
		return raise === undefined ? null : brief(raise.map(String).join(": "));
	} catch {
		return "it answers what it was not asked";
	}
}
