import { type Case, command } from "./case.ts";

const path = "run.sh";
const verl = (...settings: readonly string[]) =>
	command(
		"python3 -m verl.trainer.main_ppo",
		...["actor_rollout_ref.actor.use_kl_loss=True", "actor_rollout_ref.actor.kl_loss_coef=0.01"],
		...["actor_rollout_ref.actor.kl_loss_type=low_var_kl", ...settings],
	);
const known = {
	framework: "verl",
	objective: "local-forward-kl",
	estimator: "k3",
	coefficient: 0.01,
} as const;

/** Settings of a KL that no framework has: a copy's, which may do anything with them. */
export const foreignKlCases: readonly Case[] = [
	{
		...{ name: "verl: a coefficient that changes in a copy", path },
		text: verl("+actor_rollout_ref.actor.kl_loss_coef_last=0.2"),
		runs: [{ framework: "verl", objective: "unknown", certainty: "unknown", estimator: null }],
	},
	{
		...{ name: "verl: a copy's switch that is off", path },
		text: verl("+actor_rollout_ref.actor.kl_anneal=False"),
		runs: [{ ...known, certainty: "certain" }],
	},
	{
		...{ name: "verl: a copy that logs its KL", path },
		text: verl("+trainer.log_kl_histogram=True"),
		runs: [{ ...known, certainty: "certain" }],
	},
];
