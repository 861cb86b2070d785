import type { ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import { ThaliaError } from "../../../errors.ts";
import { killGroup, type PythonSandbox, type SandboxLimits } from "./sandbox.ts";

/** Bytes of error output that are kept, its last. */
const keptErrors = 4000;

/** A sandboxed program with its control pipe, on which it first says that it has started. */
export class SandboxedProcess {
	readonly #child: ChildProcess;
	readonly #control: Duplex;
	#started = false;
	#errors = "";
	#unread = Buffer.alloc(0);
	/** Called with every line of the control pipe after the first. */
	onLine: (line: string) => void = () => undefined;
	/** Called when what it writes is more than is allowed. */
	onFlood: () => void = () => undefined;
	/** Resolves to its exit code when it has ended; null for one that was killed. */
	readonly ended: Promise<number | null>;

	constructor(
		sandbox: PythonSandbox,
		program: string,
		limits: SandboxLimits,
		stdio: { readonly stdin: "pipe" | "ignore"; readonly stdout: "pipe" | "ignore" },
		control: { readonly mostBytesOfLine: number },
	) {
		this.#child = sandbox.start(program, limits, [stdio.stdin, stdio.stdout, "pipe", "pipe"]);
		this.#control = this.#child.stdio[3] as Duplex;
		// A program that ends before it has read everything is no failure here.
		for (const stream of [this.#control, this.#child.stdin]) stream?.on("error", () => undefined);
		this.#child.stderr?.on("data", (chunk: Buffer) => {
			this.#errors = (this.#errors + chunk.toString("utf8")).slice(-keptErrors);
		});
		this.#control.on("data", (chunk: Buffer) => this.#read(chunk, control.mostBytesOfLine));
		this.ended = new Promise((resolve, reject) => {
			this.#child.once("error", reject);
			this.#child.once("close", (code) => resolve(code));
		});
		this.ended.catch(() => undefined);
	}

	get stdin() {
		return this.#child.stdin;
	}

	get stdout() {
		return this.#child.stdout;
	}

	/** The end of what it wrote to standard error. */
	get errors(): string {
		return this.#errors;
	}

	send(text: string): void {
		this.#control.write(text);
	}

	/** Nothing more will be sent. */
	endInput(text: string): void {
		this.#control.end(text);
	}

	kill(): void {
		killGroup(this.#child);
	}

	/** @throws ThaliaError `sandbox-failed` where it never began: that says nothing of the program */
	assertStarted(): void {
		if (this.#started) return;
		const why = this.#errors.trim().split("\n").at(-1) || "it said nothing";
		throw new ThaliaError("sandbox-failed", `The sandbox did not start: ${why}`);
	}

	#read(chunk: Buffer, mostBytes: number): void {
		this.#unread = Buffer.concat([this.#unread, chunk]);
		for (let newline = this.#unread.indexOf(10); newline !== -1; newline = this.#unread.indexOf(10)) {
			const line = this.#unread.toString("utf8", 0, newline);
			this.#unread = this.#unread.subarray(newline + 1);
			if (this.#started) this.onLine(line);
			else this.#started = true;
		}
		if (this.#unread.length > mostBytes) {
			this.#unread = Buffer.alloc(0);
			this.onFlood();
		}
	}
}

/** Limits of the kernel for a verifier's settings. */
export function limitsFor(
	{ memoryMegabytes, processes }: { readonly memoryMegabytes: number; readonly processes: number },
	seconds: number,
): SandboxLimits {
	return { seconds, memory: memoryMegabytes * 2 ** 20, files: 16 * 2 ** 20, processes };
}

/** Calls back once when the time is over or the signal is aborted; the result stops that. */
export function deadline(seconds: number, signal: AbortSignal | undefined, late: () => void): () => void {
	const timer = setTimeout(late, seconds * 1000);
	signal?.addEventListener("abort", late, { once: true });
	if (signal?.aborted === true) late();
	return () => {
		clearTimeout(timer);
		signal?.removeEventListener("abort", late);
	};
}
