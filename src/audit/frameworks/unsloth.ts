import type { Framework } from "./framework.ts";
import { readGrpo, trainerOf, trl } from "./trl.ts";

/** TRL's trainers with other defaults, put there when it is imported. */
export const unsloth: Framework = {
	name: "Unsloth",
	assumed: "2026-08",
	packages: ["unsloth"],
	others: [],
	rules: trl.rules,
	recognises: (candidate) =>
		trainerOf(candidate) === "grpo" && candidate.hints.some((hint) => /^unsloth(\.|$)/.test(hint)),
	read: (ask) => readGrpo(ask, ask.since("2025.6.5") ? 0.001 : 0.04, false),
};
