/**
 * The first Ctrl-C (or SIGTERM) aborts the signal, and `onFirst` says what happens now; the second ends the process at
 * once. `release` gives the signals back.
 */
export function onInterrupt(onFirst: () => void): { signal: AbortSignal; release: () => void } {
	const controller = new AbortController();
	const interrupt = () => {
		if (controller.signal.aborted) process.exit(130);
		controller.abort();
		onFirst();
	};
	process.on("SIGINT", interrupt);
	process.on("SIGTERM", interrupt);
	const release = () => {
		process.off("SIGINT", interrupt);
		process.off("SIGTERM", interrupt);
	};
	return { signal: controller.signal, release };
}
