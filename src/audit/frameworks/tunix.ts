import type { Candidate } from "../candidate.ts";
import type { Ask } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

/** In Python, and in the sections of the command's files. */
const coef = ["beta", "grpo_config.beta", "agentic_grpo_config.beta"];
const modes = ["kl_loss_mode", "grpo_config.kl_loss_mode", "agentic_grpo_config.kl_loss_mode"];
const names = { kl: "k1", mse_kl: "k2", low_var_kl: "k3" } as const;

export const tunix: Framework = {
	name: "Tunix",
	assumed: "0.1.7",
	packages: ["google-tunix", "tunix"],
	others: ["0.1.6"],
	rules: [
		{
			id: "tunix/k1-in-loss",
			severity: "error",
			message: "kl_loss_mode left at kl (the default from 0.1.7) puts k1 into the loss",
			why: "Its expected gradient is zero. Up to 0.1.6 the estimator was always low_var_kl.",
			source: "Tunix 0.1.7 and 0.1.6: GRPOConfig.kl_loss_mode, tunix/rl/common.py",
		},
	],
	recognises: ({ program, hints, settings }: Candidate) =>
		(/^(\w*G[Rr][Pp][Oo]|RLOO|P[Pp][Oo])Config$/.test(program) &&
			hints.some((hint) => /^tunix(\.|$)/.test(hint))) ||
		// What is not set is in a file that the command names, so that a beta must be.
		(/(^|[./])tunix[./]cli[./]grpo_main(\.py)?$/.test(program) &&
			settings.some(({ key }) => coef.includes(key))),
	// It has a beta, and no kl_loss_mode.
	ownsBase: (base) => /(^|\/)base_config\.yaml$/.test(base),
	read,
};

function read(ask: Ask): Reading {
	const beta = ask.number(coef, 0.04);
	const key = ask.at(...coef)?.key ?? "beta";
	if (ask.candidate.program.toLowerCase() === "ppoconfig") {
		const estimator = names[ask.choice("kl_method", "low_var_kl", ["kl", "mse_kl", "low_var_kl"])];
		const discount = ask.discount("gamma");
		return {
			terms: [{ place: "reward", estimator, beta, key: "beta", credit: "reward-to-go", discount }],
			remedy: { possible: true, changes: [["kl_method", "kl"]] },
		};
	}
	const remedy = {
		possible: false,
		changes: [],
		nearest: "GRPOConfig's KL is in the loss; PPOConfig(kl_method='kl') is k1 in the reward",
	} as const;
	if (beta === 0) return { terms: [], remedy };
	const name = ask.choice(modes, ask.since("0.1.7") ? "kl" : "low_var_kl", ["kl", "mse_kl", "low_var_kl"]);
	return {
		terms: [{ place: "loss", estimator: names[name], beta, key }],
		findings: name === "kl" ? [{ rule: "tunix/k1-in-loss", key: "kl_loss_mode" }] : [],
		remedy,
	};
}
