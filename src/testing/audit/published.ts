import { type Case, command } from "./case.ts";

const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;
const slime = (...flags: readonly string[]) =>
	command("ray job submit -- python3 train.py", "--hf-checkpoint models/base", ...flags);
const sky = (...settings: readonly string[]) =>
	command("uv run --isolated --extra vllm -m skyrl.train.entrypoints.main_base", ...settings, "$@");

/** Habits of the examples that frameworks publish. */
export const publishedCases: readonly Case[] = [
	{
		...{
			name: "slime: reinforce_plus_plus_baseline takes each token's own KL",
			path: "run.sh",
			text: slime("--advantage-estimator reinforce_plus_plus_baseline", "--kl-coef 0.01"),
		},
		runs: [{ framework: "slime", objective: "local-reverse-kl", coefficient: 0.01 }],
	},
	{
		...{
			name: "slime: distillation by its advantages",
			path: "run.sh",
			text: slime("--advantage-estimator on_policy_distillation", "--use-kl-loss", "--kl-loss-coef 0.00"),
		},
		runs: [{ framework: "slime", objective: "unknown" }],
	},
	{
		...{
			name: "slime: distillation by a switch",
			path: "run.sh",
			text: slime("--advantage-estimator grpo", "--use-opd", "--opd-type sglang"),
		},
		runs: [{ framework: "slime", objective: "unknown" }],
	},
	{
		...{
			name: "SkyRL: rewards to go with reinforce++, discounted",
			path: "run.sh",
			text: sky(
				"trainer.algorithm.advantage_estimator=reinforce++",
				...["trainer.algorithm.use_kl_loss=false", "trainer.algorithm.use_kl_in_reward=true"],
				...["trainer.algorithm.kl_estimator_type=k1", "trainer.algorithm.gamma=0.5"],
			),
		},
		runs: [{ framework: "SkyRL", objective: "biased" }],
	},
	{
		...{
			name: "SkyRL: a main_dapo of its own",
			path: "run.sh",
			text: command(
				"uv run -m examples.train.algorithms.dapo.main_dapo",
				...["trainer.algorithm.use_kl_loss=true", "trainer.algorithm.kl_loss_coef=0.01"],
			),
		},
		runs: [{ framework: "SkyRL", objective: "local-forward-kl", coefficient: 0.01 }],
	},
	{
		...{
			name: "ROLL: a pipeline that sets no KL",
			path: "rlvr.yaml",
			text: lines(
				...["rollout_batch_size: 64", "adv_estimator: reinforce", "pretrain: Qwen/Qwen3-8B"],
				...["actor_train: {model_args: {dtype: bf16}}", "actor_infer: {model_args: {dtype: bf16}}"],
				"reference: {model_args: {dtype: bf16}}",
			),
		},
		runs: [{ framework: "ROLL", objective: "none" }],
	},
	{
		...{
			name: "ROLL: environments that stand elsewhere",
			path: "agentic.yaml",
			text: lines(
				...["defaults:", "  - ../config/traj_envs@_here_", "  - ../config/deepspeed_zero2@_here_"],
				...["adv_estimator: gigpo", "use_kl_loss: true", "kl_loss_coef: 0.001"],
				...["actor_train: {data_args: {template: qwen}}", "actor_infer: {data_args: {template: qwen}}"],
			),
		},
		runs: [{ framework: "ROLL", objective: "local-forward-kl", coefficient: 0.001 }],
	},
];
