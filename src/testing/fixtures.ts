import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const candidate = fileURLToPath(new URL("../../../shared/fixtures", import.meta.url));

/** Folder of the parity goldens beside the checkout, or undefined where it is not there. */
export const fixturesDir: string | undefined = existsSync(candidate) ? candidate : undefined;

if (fixturesDir === undefined) {
	console.warn(
		`\nNOT RUN: the parity goldens are not at ${candidate}; the tests that need them are skipped.\n`,
	);
}
