import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ThaliaError } from "../errors.ts";
import { RunLock } from "../runs/lock.ts";

const pollMs = 200;

/** Does the work while no other process does its own in this folder; waits for one that does. */
export async function withLock<T>(
	dir: string,
	signal: AbortSignal | undefined,
	work: () => Promise<T>,
): Promise<T> {
	mkdirSync(dir, { recursive: true });
	for (;;) {
		let lock: RunLock;
		try {
			lock = new RunLock(dir);
		} catch (error) {
			if (!(error instanceof ThaliaError) || error.code !== "run-in-use") throw error;
			await sleep(pollMs, undefined, { signal });
			continue;
		}
		try {
			return await work();
		} finally {
			lock.release();
		}
	}
}
