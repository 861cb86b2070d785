import { availableParallelism } from "node:os";

/** Programs run side by side: one a core, so that a time limit means the same however many wait. */
let free = availableParallelism();
const waiting: (() => void)[] = [];

/** Runs an action when there is a core for it. Rejects where `signal` is aborted by then. */
export async function withSlot<T>(signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
	if (free > 0) free--;
	else await new Promise<void>((resolve) => waiting.push(resolve));
	try {
		signal?.throwIfAborted();
		return await action();
	} finally {
		// The place goes to the next that waits, if there is one.
		const next = waiting.shift();
		if (next === undefined) free++;
		else next();
	}
}
