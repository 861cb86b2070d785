import type { Framework } from "./framework.ts";

export const verifiers: Framework = {
	name: "verifiers",
	assumed: "2026-08",
	packages: ["verifiers"],
	others: [],
	rules: [],
	recognises: ({ program, hints, settings }) =>
		/^(GRPOConfig|grpo_defaults|GRPOTrainer)$/.test(program) &&
		hints.some((hint) => /^verifiers(\.|$)/.test(hint)) &&
		!(program === "GRPOTrainer" && settings.some(({ key }) => /^(args|config)(\.|$)/.test(key))),
	// Versions after 0.1.6 have no such class: a file that uses it is of one before.
	read: (ask) => ({
		terms: [{ place: "loss", estimator: "k3", beta: ask.number("beta", 0.001), key: "beta" }],
		remedy: {
			possible: false,
			changes: [],
			nearest: "TRL's RLOOTrainer: verifiers' own trainer has k3 in the loss",
		},
	}),
};
