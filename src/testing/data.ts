import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const candidate = fileURLToPath(new URL("../../../shared/data", import.meta.url));

/** Folder of the real data sets beside the checkout, or undefined where it is not there. */
export const realData: string | undefined = existsSync(candidate) ? candidate : undefined;

if (realData === undefined) {
	console.warn(`\nNOT RUN: the data sets are not at ${candidate}; the tests that need them are skipped.\n`);
}

/** The rows of one of them, by its path in the folder. */
export function dataRows<T>(path: string): T[] {
	return readFileSync(`${realData!}/${path}`, "utf8")
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as T);
}
