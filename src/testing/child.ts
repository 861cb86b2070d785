import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Ended {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface ChildOptions {
	readonly cwd?: string;
	/** Its standard input; default: none. */
	readonly input?: string;
	/** Largest file that it may write, in KiB: a write beyond it is cut short, and the next one fails with EFBIG. */
	readonly fileKiB?: number;
}

/** A process of its own, of what is built in dist/. */
export class Child {
	readonly ended: Promise<Ended>;
	readonly #process: ChildProcess;
	#alive = true;
	#stdout = "";
	#stderr = "";

	constructor(args: readonly string[], { cwd = root, input, fileKiB }: ChildOptions = {}) {
		const command = [process.execPath, ...args];
		const limited = ["bash", "-c", `ulimit -f ${fileKiB ?? ""} && exec "$0" "$@"`, ...command];
		const [file, ...rest] = fileKiB === undefined ? command : limited;
		const env = { ...process.env, OMP_NUM_THREADS: "1", NO_COLOR: "1" };
		this.#process = spawn(file, rest, {
			cwd,
			env,
			stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
		});
		// It may refuse its options before it has read anything.
		this.#process.stdin?.on("error", () => undefined).end(input);
		this.#process.stdout!.setEncoding("utf8").on("data", (text: string) => (this.#stdout += text));
		this.#process.stderr!.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
		this.ended = new Promise((resolve, reject) => {
			this.#process.on("error", reject);
			this.#process.on("close", (code, signal) => {
				this.#alive = false;
				resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
			});
		});
	}

	/** Resolves when the condition holds, looked at every millisecond, or when the process has ended. */
	async until(condition: (stderr: string) => boolean): Promise<void> {
		while (this.#alive && !condition(this.#stderr)) await sleep(1);
	}

	kill(signal: NodeJS.Signals): void {
		this.#process.kill(signal);
	}
}

/** `thalia` with these arguments. */
export function thalia(args: readonly string[], options: ChildOptions = {}): Child {
	return new Child([`${root}/bin/thalia.mjs`, ...args], options);
}

/** A process that runs this source of an ES module. */
export function script(source: string, options: ChildOptions = {}): Child {
	return new Child(["--input-type=module", "--eval", source], options);
}

/** What such a source imports of Thalia, by its path below src/. */
export function built(path: string): string {
	return new URL(`../../dist/${path.replace(/\.ts$/, ".js")}`, import.meta.url).href;
}

export function sleep(milliseconds: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
