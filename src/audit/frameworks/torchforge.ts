import type { Framework } from "./framework.ts";

export const torchforge: Framework = {
	name: "torchforge",
	assumed: "2025-11",
	packages: ["torchforge", "forge"],
	others: [],
	rules: [],
	recognises: ({ program, hints }) =>
		/^(simple_grpo_loss|SimpleGRPOLoss|GRPOLoss)$/.test(program) &&
		hints.some((hint) => /^forge(\.|$)/.test(hint)),
	read: (ask) => ({
		terms: [{ place: "loss", estimator: "k3", beta: ask.number("beta", 0.1), key: "beta" }],
		remedy: {
			possible: false,
			changes: [],
			nearest: "a loss function of one's own: torchforge's has k3 in the loss",
		},
	}),
};
