import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * Calls `make` with a new folder in `parent`, which is gone afterwards, by Ctrl-C too. What is finished is renamed out of
 * it or away as a whole, so that nothing half-made is ever in its place.
 */
export async function withWorkFolder(parent, prefix, make) {
	mkdirSync(parent, { recursive: true });
	const work = mkdtempSync(join(parent, prefix));
	const clean = () => rmSync(work, { recursive: true, force: true });
	const interrupted = (signal) => {
		clean();
		process.exit(signal === "SIGINT" ? 130 : 143);
	};
	process.once("SIGINT", interrupted);
	process.once("SIGTERM", interrupted);
	try {
		await make(work);
	} finally {
		process.off("SIGINT", interrupted);
		process.off("SIGTERM", interrupted);
		clean();
	}
}
