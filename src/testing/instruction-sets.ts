import { type Isa, isas, native } from "../engine/local/native.ts";

/** The sets of kernels that this machine can run, from the least to the most. */
export const instructionSets: readonly Isa[] = isas.slice(0, isas.indexOf(native.machineIsa()) + 1);

/** Runs `body` with the kernels of one set. */
export function withInstructionSet<T>(name: Isa, body: () => T): T {
	const before = native.isa();
	native.useIsa(name);
	try {
		return body();
	} finally {
		native.useIsa(before);
	}
}

/** Runs `body` with a number of threads. */
export function withThreads<T>(count: number, body: () => T): T {
	const before = native.threads();
	native.setThreads(count);
	try {
		return body();
	} finally {
		native.setThreads(before);
	}
}
