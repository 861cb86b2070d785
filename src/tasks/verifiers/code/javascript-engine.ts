import {
	getQuickJS,
	type QuickJSContext,
	type QuickJSHandle,
	type QuickJSRuntime,
	type QuickJSWASMModule,
} from "quickjs-emscripten";
import { consoleSource, solverBridge, testerBridge } from "./javascript-sources.ts";
import { brief, sameOutput } from "./program.ts";

export interface EngineLimits {
	readonly seconds: number;
	readonly memoryMegabytes: number;
	readonly outputKilobytes: number;
}

/** What is wrong with a program (null: nothing), or why it cannot be said. */
export type EngineResult = { readonly reason: string | null } | { readonly unsupported: string };

/** A program may go so deep. */
const stackBytes = 256 * 1024;

/** One engine of its own, that ends by itself when its time is over. */
class Engine {
	readonly #runtime: QuickJSRuntime;
	readonly context: QuickJSContext;

	constructor(quickJs: QuickJSWASMModule, end: number, { memoryMegabytes }: EngineLimits) {
		this.#runtime = quickJs.newRuntime();
		this.#runtime.setMemoryLimit(memoryMegabytes * 2 ** 20);
		this.#runtime.setMaxStackSize(stackBytes);
		this.#runtime.setInterruptHandler(() => performance.now() > end);
		this.context = this.#runtime.newContext();
	}

	/** Promises that wait go on. */
	settle(): void {
		const result = this.#runtime.executePendingJobs();
		if (result.error) throw new Thrown(this.messageOf(result.error));
	}

	define(name: string, action: (text: string) => string | null): void {
		const { context } = this;
		const handle = context.newFunction(name, (argument: QuickJSHandle | undefined) => {
			const text = argument === undefined ? "" : context.getString(argument);
			const result = action(text);
			return result === null ? context.undefined : context.newString(result);
		});
		context.setProp(context.global, name, handle);
		handle.dispose();
	}

	/** @throws Thrown */
	run(source: string, name: string): QuickJSHandle {
		const result = this.context.evalCode(source, name, { type: "global" });
		if (result.error) throw new Thrown(this.messageOf(result.error));
		return result.value;
	}

	/** @throws Thrown */
	call(action: QuickJSHandle, text: string): QuickJSHandle {
		const argument = this.context.newString(text);
		const result = this.context.callFunction(action, this.context.undefined, argument);
		argument.dispose();
		if (result.error) throw new Thrown(this.messageOf(result.error));
		return result.value;
	}

	text(handle: QuickJSHandle): string {
		const text = this.context.getString(handle);
		handle.dispose();
		return text;
	}

	messageOf(error: QuickJSHandle): string {
		const part = (name: string) => {
			const handle = this.context.getProp(error, name);
			return this.context.typeof(handle) === "string" ? this.text(handle) : "";
		};
		const isObject = this.context.typeof(error) === "object";
		const [name, message] = isObject ? [part("name"), part("message")] : ["", this.context.getString(error)];
		error.dispose();
		return brief([name, message].filter((piece) => piece !== "").join(": ")) || "it threw";
	}
}

class Thrown extends Error {}

/** Why a program stopped, in the words of the limits where one of them was it. */
function reasonOf(error: Thrown, { seconds, memoryMegabytes }: EngineLimits): string {
	if (/InternalError: interrupted/.test(error.message)) return `timeout: not done within ${seconds} s`;
	if (/InternalError: out of memory/.test(error.message)) return `more than ${memoryMegabytes} MB of memory`;
	return error.message;
}

/** Runs a program for each input. The engines are not freed: the thread ends with them. */
export async function runJavaScriptCases(
	program: string,
	cases: readonly { readonly stdin: string; readonly stdout: string }[],
	limits: EngineLimits,
): Promise<EngineResult> {
	const quickJs = await getQuickJS();
	const end = performance.now() + limits.seconds * 1000;
	for (const [i, { stdin, stdout }] of cases.entries()) {
		const which = cases.length === 1 ? "" : `case ${i + 1}: `;
		const engine = new Engine(quickJs, end, limits);
		const lines = stdin.split("\n");
		const mostOutput = limits.outputKilobytes * 1024;
		let output = "";
		engine.define("__print", (text) => {
			output += `${text}\n`;
			if (output.length > mostOutput) throw new Error("too much output");
			return null;
		});
		engine.define("__input", () => lines.shift() ?? null);
		try {
			engine.run(consoleSource, "console.js").dispose();
			engine.run(program, "solution.js").dispose();
			engine.settle();
		} catch (error) {
			if (!(error instanceof Thrown)) throw error;
			if (output.length <= mostOutput) return { reason: `${which}${reasonOf(error, limits)}` };
		}
		// One that caught what stopped it is no better.
		if (output.length > mostOutput)
			return { reason: `${which}more than ${limits.outputKilobytes} kB of output` };
		if (!sameOutput(output, stdout)) {
			const [got, wanted] = [JSON.stringify(brief(output)), JSON.stringify(brief(stdout))];
			return { reason: `${which}the output is ${got}, not ${wanted}` };
		}
	}
	return { reason: null };
}

/** Runs tests in one engine against a program in another, which answers calls and sees nothing else of them. */
export async function runJavaScriptTests(
	program: string,
	tests: string,
	limits: EngineLimits,
): Promise<EngineResult> {
	const quickJs = await getQuickJS();
	const end = performance.now() + limits.seconds * 1000;
	const solver = new Engine(quickJs, end, limits);
	const tester = new Engine(quickJs, end, limits);
	try {
		for (const engine of [solver, tester]) {
			// A program may log; nobody reads it.
			engine.define("__print", () => null);
			engine.define("__input", () => null);
			engine.run(consoleSource, "console.js").dispose();
		}
		const answer = solver.run(solverBridge, "bridge.js");
		solver.run(program, "solution.js").dispose();
		solver.settle();
		tester.define("__ask", (text) => {
			const reply = solver.text(solver.call(answer, text));
			solver.settle();
			return reply;
		});
		const runTests = tester.run(testerBridge, "bridge.js");
		const promise = tester.call(runTests, tests);
		tester.settle();
		const state = tester.context.getPromiseState(promise);
		if (state.type === "pending") return { reason: "the tests never end" };
		if (state.type === "rejected") return { reason: tester.messageOf(state.error) };
		const { done, reason } = JSON.parse(tester.text(state.value)) as { done: string; reason?: string };
		if (done === "unsupported") return { unsupported: reason ?? "" };
		return { reason: done === "passed" ? null : reasonOf(new Thrown(brief(reason ?? "")), limits) };
	} catch (error) {
		if (error instanceof Thrown) return { reason: reasonOf(error, limits) };
		throw error;
	}
}
