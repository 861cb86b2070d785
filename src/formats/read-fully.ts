import { readSync } from "node:fs";

/** Fills `into` from `position` on; returns how many bytes the file was short. */
export function readFully(descriptor: number, into: Uint8Array, position: number): number {
	let done = 0;
	while (done < into.length) {
		// One read call moves at most 2 GiB.
		const count = readSync(descriptor, into, done, Math.min(into.length - done, 2 ** 30), position + done);
		if (count === 0) break;
		done += count;
	}
	return into.length - done;
}
