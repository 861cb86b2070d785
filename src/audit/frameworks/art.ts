import type { Candidate } from "../candidate.ts";
import type { Ask } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

export const art: Framework = {
	name: "ART",
	assumed: "2026-08",
	packages: ["openpipe-art"],
	others: [],
	rules: [
		{
			id: "art/own-token",
			severity: "warning",
			message: "kl_penalty_coef takes each token's own KL alone off its advantage",
			why: "k1, detached and mean-centred, stands in the token's own advantage: no token answers for the KL of those after it.",
			source: "ART: kl_penalty_coef (0.0), kl_penalty_source",
		},
	],
	recognises: ({ hints, program, settings }: Candidate) =>
		hints.some((hint) => hint === "art" || hint.startsWith("art.")) &&
		(/^(Train(er)?Config|PipelineTrainer)$/.test(program) ||
			settings.some(({ key }) => key === "kl_penalty_coef")),
	read,
};

function read(ask: Ask): Reading {
	const remedy = {
		possible: false,
		changes: [],
		nearest: "kl_penalty_coef: k1 in each token's own advantage, the local reverse KL",
	} as const;
	// `beta` is of v0.3.11; newer versions have another key.
	if (ask.has("beta"))
		return { terms: [{ place: "loss", estimator: "k3", beta: ask.number("beta", 0), key: "beta" }], remedy };
	const key = "kl_penalty_coef";
	const beta = ask.number(key, 0);
	return {
		terms: [{ place: "reward", estimator: "k1", beta, key, credit: "token" }],
		findings: beta === 0 ? [] : [{ rule: "art/own-token", key }],
		remedy,
	};
}
