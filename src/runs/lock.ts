import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { ThaliaError } from "../errors.ts";

/** What this process holds: another lock with its id is of a dead process whose id came again. */
const held = new Set<string>();

interface Holder {
	readonly pid: number;
	readonly host: string;
}

/** Keeps a second process from writing to the same run. One that died without letting go does not count. */
export class RunLock {
	readonly #path: string;

	/** @throws ThaliaError `run-in-use` */
	constructor(dir: string) {
		this.#path = resolve(dir, "lock");
		for (let attempt = 0; ; attempt++) {
			try {
				writeFileSync(this.#path, JSON.stringify({ pid: process.pid, host: hostname() }), { flag: "wx" });
				held.add(this.#path);
				return;
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
			}
			const holder = this.#holder();
			if (attempt > 0 || (holder !== undefined && this.#isAlive(holder))) {
				throw new ThaliaError(
					"run-in-use",
					`Expected ${dir} to be idle but process ${holder?.pid} on ${holder?.host} is writing to it`,
					{ fix: `wait for it, or stop it; if it is no training run any more, remove ${this.#path}` },
				);
			}
			rmSync(this.#path, { force: true });
		}
	}

	#holder(): Holder | undefined {
		try {
			return JSON.parse(readFileSync(this.#path, "utf8")) as Holder;
		} catch {
			return undefined;
		}
	}

	#isAlive({ pid, host }: Holder): boolean {
		if (host !== hostname()) return true;
		return pid === process.pid ? held.has(this.#path) : exists(pid);
	}

	release(): void {
		held.delete(this.#path);
		rmSync(this.#path, { force: true });
	}
}

function exists(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
