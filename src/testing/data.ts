import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const candidate = fileURLToPath(new URL("../../../shared/data", import.meta.url));

/** Folder of the real data sets beside the checkout, or undefined where it is not there. */
export const realData: string | undefined = existsSync(candidate) ? candidate : undefined;

if (realData === undefined) {
	console.warn(`\nNOT RUN: the data sets are not at ${candidate}; the tests that need them are skipped.\n`);
}
