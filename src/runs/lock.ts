import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { ThaliaError } from "../errors.ts";

/** Keeps a second process from writing to the same run. One that died without letting go does not count. */
export class RunLock {
	readonly #path: string;

	/** @throws ThaliaError `run-in-use` */
	constructor(dir: string) {
		this.#path = join(dir, "lock");
		for (let attempt = 0; ; attempt++) {
			try {
				writeFileSync(this.#path, JSON.stringify({ pid: process.pid, host: hostname() }), { flag: "wx" });
				return;
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
			}
			const holder = this.#holder();
			if (attempt > 0 || (holder !== undefined && (holder.host !== hostname() || isAlive(holder.pid)))) {
				throw new ThaliaError(
					"run-in-use",
					`Expected ${dir} for this process alone but process ${holder?.pid} on ${holder?.host} is writing to it`,
					{ fix: `wait for it, or stop it; if it is no training run any more, remove ${this.#path}` },
				);
			}
			rmSync(this.#path, { force: true });
		}
	}

	#holder(): { pid: number; host: string } | undefined {
		try {
			return JSON.parse(readFileSync(this.#path, "utf8")) as { pid: number; host: string };
		} catch {
			return undefined;
		}
	}

	release(): void {
		rmSync(this.#path, { force: true });
	}
}

function isAlive(pid: number): boolean {
	if (pid === process.pid) return false;
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
