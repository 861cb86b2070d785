import type { Candidate } from "../candidate.ts";
import { Unreadable } from "./ask.ts";
import type { Framework } from "./framework.ts";
import { readGrpo, trl } from "./trl.ts";

/** `rl: grpo`: TRL's trainer, with its settings under `trl`. */
export const axolotl: Framework = {
	name: "Axolotl",
	assumed: "0.21.0",
	packages: ["axolotl"],
	others: [],
	rules: trl.rules,
	recognises: ({ settings }: Candidate) =>
		settings.some(({ key, value }) => key === "rl" && value === "grpo") &&
		settings.some(({ key }) => key.startsWith("trl.") || key === "base_model"),
	read: (ask) => {
		const key = ask.has("trl.beta") ? "trl.beta" : "rl_beta";
		if (!ask.has(key)) throw new Unreadable("beta is not set, and its default is that of TRL's version");
		return readGrpo(ask, 0, false, key);
	},
};
