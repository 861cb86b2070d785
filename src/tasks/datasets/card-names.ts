import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where the cards are that Thalia comes with. */
export const cardFolder = fileURLToPath(new URL("../../../datasets", import.meta.url));

/** Names of these cards. */
export const cardNames: readonly string[] = readdirSync(cardFolder)
	.filter((file) => file.endsWith(".yaml"))
	.map((file) => file.slice(0, -".yaml".length))
	.sort();
