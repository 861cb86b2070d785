import type { CodeGold } from "./program.ts";
import { brief, sameOutput } from "./program.ts";
import type { PythonOptions } from "./python.ts";
import { runnerSource } from "./python-sources.ts";
import type { PythonSandbox } from "./sandbox.ts";
import { deadline, limitsFor, SandboxedProcess } from "./sandboxed-process.ts";

type Cases = Extract<CodeGold, { cases: unknown }>["cases"];

/**
 * Runs a program once for each input; what its output should be stays in this process.
 * @returns what is wrong with it, or null
 * @throws ThaliaError `sandbox-failed`
 */
export async function runCases(
	sandbox: PythonSandbox,
	program: string,
	cases: Cases,
	settings: PythonOptions,
	signal: AbortSignal | undefined,
): Promise<string | null> {
	const end = performance.now() + settings.timeoutSeconds * 1000;
	for (const [i, { stdin, stdout }] of cases.entries()) {
		const seconds = Math.max(0.001, (end - performance.now()) / 1000);
		const { output, failure } = await runOnce(sandbox, program, stdin, settings, seconds, signal);
		const which = cases.length === 1 ? "" : `case ${i + 1}: `;
		if (failure !== null) return `${which}${failure}`;
		if (!sameOutput(output, stdout))
			return `${which}the output is ${JSON.stringify(brief(output))}, not ${JSON.stringify(brief(stdout))}`;
	}
	return null;
}

async function runOnce(
	sandbox: PythonSandbox,
	program: string,
	input: string,
	settings: PythonOptions,
	seconds: number,
	signal: AbortSignal | undefined,
): Promise<{ output: string; failure: string | null }> {
	const { outputKilobytes, timeoutSeconds } = settings;
	const failures: string[] = [];
	const chunks: Buffer[] = [];
	let bytes = 0;
	const process = new SandboxedProcess(
		sandbox,
		runnerSource,
		limitsFor(settings, seconds),
		{ stdin: "pipe", stdout: "pipe" },
		{ mostBytesOfLine: 1000 },
	);
	const stop = (reason: string) => {
		failures.push(reason);
		process.kill();
	};
	process.onFlood = () => stop("it writes where it should not");
	process.stdout?.on("data", (chunk: Buffer) => {
		bytes += chunk.length;
		if (bytes > outputKilobytes * 1024) stop(`more than ${outputKilobytes} kB of output`);
		else chunks.push(chunk);
	});
	const done = deadline(seconds, signal, () => stop(`timeout: not done within ${timeoutSeconds} s`));
	process.endInput(program);
	process.stdin?.end(input);
	try {
		const code = await process.ended;
		process.assertStarted();
		if (code !== 0) failures.push(exitReason(code, process.errors));
		return { output: Buffer.concat(chunks).toString("utf8"), failure: failures.at(0) ?? null };
	} finally {
		done();
		process.kill();
	}
}

/** `ValueError: x`, as the last line of the errors has it. */
export function exitReason(code: number | null, errors: string): string {
	const last = errors.trim().split("\n").at(-1) ?? "";
	if (/^\w*(?:Error|Exception|Interrupt|Exit|Warning)\b/.test(last)) return brief(last);
	if (code === 137 || code === null) return "it was killed by a limit of time or memory";
	return `it ended with exit code ${code}${last === "" ? "" : `: ${brief(last)}`}`;
}
