import type { Candidate } from "../candidate.ts";
import { type Ask, Unreadable } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

/** oat's PPO: `--beta` is k3 in the loss, `--kl_penalty_coef` k1 in the reward. */
export const oat: Framework = {
	name: "oat",
	assumed: "0.2.4",
	packages: ["oat-llm"],
	others: [],
	rules: [],
	recognises: ({ program, settings }: Candidate) =>
		(/(^|[./])oat[./]/.test(program) || /\.py$/.test(program)) &&
		settings.some(({ key }) => key === "critic_type" || key === "kl_penalty_coef") &&
		settings.some(({ key }) =>
			/^(oracle_type|oracle|rollout_batch_size|prompt_template|zero_stage)$/.test(key),
		),
	read,
};

function read(ask: Ask): Reading {
	if (!ask.has("beta")) throw new Unreadable("beta is not set, and its default depends on the script");
	return {
		terms: [
			{
				place: "reward",
				estimator: "k1",
				beta: ask.number("kl_penalty_coef", 0),
				key: "kl_penalty_coef",
				credit: "reward-to-go",
				discount: ask.discount("gamma"),
			},
			{ place: "loss", estimator: "k3", beta: ask.number("beta", 0), key: "beta" },
		],
		remedy: {
			possible: true,
			changes: [
				["beta", "0"],
				["kl_penalty_coef", "0.001"],
			],
		},
	};
}
