import type { Candidate } from "../candidate.ts";
import type { Ask } from "./ask.ts";
import type { Found, Framework, Reading } from "./framework.ts";

/** Up to 0.10.1 the flags are flat, from 0.10.2 they have dots. */
const coef = ["algo.kl.init_coef", "init_kl_coef"];
const kind = ["algo.kl.estimator", "kl_estimator"];
const inLossKeys = ["algo.kl.use_loss", "use_kl_loss"];

export const openRlhf: Framework = {
	name: "OpenRLHF",
	assumed: "2026-08",
	packages: ["openrlhf"],
	others: [],
	rules: [
		{
			id: "openrlhf/k1-in-loss",
			severity: "error",
			message:
				"use_loss with the estimator k1 (the default) puts k1 into the loss, where its expected gradient is zero",
			why: "The default estimator is meant for the reward. In the loss use k2 or k3.",
			source:
				"OpenRLHF, from 0.10.2: --algo.kl.use_loss, --algo.kl.estimator (k1); before: --use_kl_loss, --kl_estimator",
		},
		{
			id: "openrlhf/k3-in-reward",
			severity: "error",
			message: "the estimator k3 without use_loss puts k3 into the reward",
			why: "Where the loss is not asked for, the KL goes into the reward, whatever the estimator.",
			source:
				"OpenRLHF: --algo.kl.estimator; before 0.10.2 --kl_estimator; 0.4.6 to 0.6.0 --use_kl_estimator_k3",
		},
		{
			id: "openrlhf/no-reference",
			severity: "warning",
			message: "with an init_coef of 0 there is no reference at all, even with use_loss",
			why: "The reference model is loaded only for a coefficient above 0.",
			source: "OpenRLHF: --algo.kl.init_coef",
		},
	],
	recognises: ({ program, settings }: Candidate) =>
		/openrlhf[./]cli[./]train_ppo|(^|\/)train_ppo(_ray)?\.py$/.test(program) ||
		(/openrlhf/.test(program) && settings.some(({ key }) => coef.includes(key))),
	read,
};

function read(ask: Ask): Reading {
	const beta = ask.number(coef, 0.01);
	const key = ask.at(...coef)?.key ?? coef[0];
	const isFlat = ask.has("init_kl_coef", "kl_estimator", "use_kl_loss", "kl_target", "kl_horizon");
	const names = (of: readonly string[]) => (isFlat ? of[1] : of[0]);
	const inLoss = ask.flag(inLossKeys, false);
	const remedy = {
		possible: true,
		changes: [
			[names(kind), "k1"] as const,
			...(inLoss ? ([[names(inLossKeys), "False"]] as const) : []),
			...(ask.flag("use_kl_estimator_k3", false) ? ([["use_kl_estimator_k3", "False"]] as const) : []),
			...(beta === 0 ? ([[names(coef), "0.01"]] as const) : []),
		],
		note: "leave the flag of the loss out",
	} as const;
	if (beta === 0)
		return { terms: [], findings: inLoss ? [{ rule: "openrlhf/no-reference", key }] : [], remedy };
	const estimator = ask.flag("use_kl_estimator_k3", false)
		? "k3"
		: ask.choice(kind, "k1", ["k1", "k2", "k3"] as const);
	const found: Found[] = [];
	if (inLoss && estimator === "k1")
		found.push({ rule: "openrlhf/k1-in-loss", key: ask.at(...inLossKeys)?.key ?? key });
	if (!inLoss && estimator === "k3")
		found.push({ rule: "openrlhf/k3-in-reward", key: ask.at(...kind, "use_kl_estimator_k3")?.key ?? key });
	if (inLoss) return { terms: [{ place: "loss", estimator, beta, key }], findings: found, remedy };
	const discount = ask.discount(["algo.advantage.gamma", "gamma"]);
	return {
		terms: [{ place: "reward", estimator, beta, key, credit: "reward-to-go", discount }],
		findings: found,
		remedy,
	};
}
