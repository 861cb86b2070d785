import type { Case } from "./case.ts";

const path = "run.yaml";
const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;
const agents = (...own: readonly string[]) =>
	lines("adv_estimator: grpo", ...own, "actor_train:", "  infer_batch_size: 2", "actor_infer:", "  x: 1");

/** ROLL's pipelines of agents, and its distillation. */
export const rollCases: readonly Case[] = [
	{
		...{
			name: "ROLL: files of environments and of DeepSpeed say nothing of a KL",
			path,
			text: lines(
				"defaults:",
				"  - ../config/vl_traj_envs@_here_",
				"  - ../config/traj_envs_gem_math@_here_",
				"  - ../config/deepspeed_zero3_cpuoffload@_here_",
				agents("use_kl_loss: true", "kl_loss_coef: 2.0e-3"),
			),
		},
		runs: [{ framework: "ROLL", objective: "local-forward-kl", coefficient: 0.002, certainty: "certain" }],
	},
	{
		...{
			name: "ROLL: agents before the switch",
			path,
			text: agents("init_kl_coef: 0.01", "train_env_manager:", "  env_groups: 8"),
		},
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.01, certainty: "certain" }],
	},
	{
		...{
			name: "ROLL: agents since the switch",
			path,
			text: agents("init_kl_coef: 0.01", "train_env_manager:", "  num_env_groups: 8"),
		},
		runs: [{ objective: "silently-ignored", certainty: "certain", ignored: ["init_kl_coef"] }],
	},
	{
		...{
			name: "ROLL: agents of an unknown time",
			path,
			text: agents("init_kl_coef: 0.01", "train_env_manager:", "  group_size: 8"),
		},
		runs: [{ objective: "silently-ignored", certainty: "assumes-version", also: ["sequence-reverse-kl"] }],
	},
	{
		...{
			name: "ROLL: a KL in both places",
			path,
			text: agents(
				"add_token_level_kl: true",
				"init_kl_coef: 0.01",
				"use_kl_loss: true",
				"kl_loss_coef: 0.1",
			),
		},
		runs: [{ objective: "double" }],
	},
	{
		...{
			name: "ROLL: distillation by its roles",
			path,
			text: lines(
				"init_kl_coef: 0.0",
				"student_train:",
				"  x: 1",
				"student_infer:",
				"  x: 1",
				"teacher:",
				"  x: 1",
			),
		},
		runs: [{ framework: "ROLL", objective: "unknown" }],
	},
	{
		...{
			name: "ROLL: distillation beside the reward",
			path,
			text: agents("use_opd: true", "init_kl_coef: 0"),
		},
		runs: [{ framework: "ROLL", objective: "unknown" }],
	},
];
