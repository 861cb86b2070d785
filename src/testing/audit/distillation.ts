import { type Case, command } from "./case.ts";

const path = "run.sh";
const slime = (...flags: readonly string[]) =>
	command("python3 train.py", "--hf-checkpoint models/base", "--advantage-estimator grpo", ...flags);

/** A teacher's KL is another than the reference's. */
export const distillationCases: readonly Case[] = [
	{
		...{
			name: "slime: distillation with a coefficient of 0",
			path,
			text: slime("--use-opd", "--opd-type sglang", "--opd-kl-coef 0.0"),
		},
		runs: [{ framework: "slime", objective: "none" }],
	},
	{
		...{
			name: "slime: a coefficient of distillation without its switch",
			path,
			text: slime("--opd-kl-coef 1.0", "--use-kl-loss", "--kl-loss-coef 0.01", "--kl-loss-type low_var_kl"),
		},
		runs: [{ framework: "slime", objective: "local-forward-kl", coefficient: 0.01 }],
	},
	{
		...{
			name: "verl: distillation",
			path,
			text: command(
				"python3 -m verl.trainer.main_ppo",
				...["actor_rollout_ref.actor.use_kl_loss=False", "distillation.enabled=True"],
			),
		},
		runs: [{ framework: "verl", objective: "unknown" }],
	},
	{
		...{
			name: "EasyR1: a copy that distils",
			path: "run.sh",
			text: command(
				"python3 -m verl.trainer.main",
				...["algorithm.use_kl_loss=true", "algorithm.kl_penalty=low_var_kl", "algorithm.opd.enabled=true"],
			),
		},
		runs: [{ framework: "EasyR1", objective: "unknown" }],
	},
	{
		...{
			name: "EasyR1: a copy that could distil",
			path: "run.sh",
			text: command(
				"python3 -m verl.trainer.main",
				...["algorithm.use_kl_loss=true", "algorithm.kl_penalty=low_var_kl"],
				...["algorithm.opd.enabled=false", "algorithm.opd.top_k=8"],
			),
		},
		runs: [{ framework: "EasyR1", objective: "local-forward-kl" }],
	},
	{
		...{
			name: "verl: distillation off",
			path,
			text: command(
				"python3 -m verl.trainer.main_ppo",
				...["actor_rollout_ref.actor.use_kl_loss=True", "distillation.enabled=False"],
			),
		},
		runs: [{ framework: "verl", objective: "local-forward-kl" }],
	},
	{
		...{
			name: "tinker-cookbook: its recipe of distillation",
			path,
			text: command("python -m tinker_cookbook.recipes.distillation.on_policy_distillation", "lora_rank=64"),
		},
		runs: [{ framework: "tinker-cookbook", objective: "unknown" }],
	},
	{
		...{
			name: "open-instruct: a teacher beside the reward",
			path,
			text: command(
				"python open_instruct/grpo_fast.py",
				...["--beta 0.0", "--opd_teacher_model_name_or_path x/teacher", "--opd_kl_coef 1.0"],
			),
		},
		runs: [{ framework: "open-instruct", objective: "unknown" }],
	},
	{
		...{
			name: "verl: a teacher is where the reference is read from",
			path: "run.sh",
			text: command(
				"T=models/teacher-7b\npython3 -m verl.trainer.main_ppo",
				...["actor_rollout_ref.actor.use_kl_loss=True", "algorithm.use_kl_in_reward=False"],
				'actor_rollout_ref.model.ref_path="$T"',
			),
		},
		runs: [{ framework: "verl", objective: "unknown" }],
	},
	{
		...{
			name: "ms-swift: GRPO with a teacher",
			path,
			text: command(
				"swift rlhf --rlhf_type grpo",
				...["--loss_type grade_gated", "--teacher_model_server http://localhost:8001", "--beta 0.0"],
			),
		},
		runs: [{ framework: "ms-swift", objective: "unknown" }],
	},
	{
		...{
			name: "NeMo-RL: teachers are the whole signal",
			path: "opd.yaml",
			text: [
				"grpo:\n  num_prompts_per_step: 64",
				"loss_fn:\n  reference_policy_kl_penalty: 0.0",
				"on_policy_distillation:\n  enabled: true\n  default_teacher_alias: one\n",
			].join("\n"),
		},
		runs: [{ framework: "NeMo-RL", objective: "unknown" }],
	},
	{
		...{
			name: "NeMo-RL: teachers in a section that is off",
			path: "opd.yaml",
			text: [
				"grpo:\n  num_prompts_per_step: 64",
				"loss_fn:\n  reference_policy_kl_penalty: 0.0",
				"on_policy_distillation:\n  enabled: false\n  teacher_model_by_agent_name:\n    one: x/teacher\n",
			].join("\n"),
		},
		runs: [{ framework: "NeMo-RL", objective: "none" }],
	},
	{
		...{
			name: "verl: a copy with a teacher of its own",
			path,
			text: command(
				"python3 -m verl.trainer.main_ppo",
				...["actor_rollout_ref.actor.use_kl_loss=False", "algorithm.use_kl_in_reward=False"],
				"+actor_rollout_ref.actor.teacher_kl_loss_coef=0.5",
			),
		},
		runs: [{ framework: "verl", objective: "unknown" }],
	},
	{
		...{
			name: "verl: its list of defaults names a group of distillation",
			path: "ppo_trainer.yaml",
			text: [
				"defaults:\n  - distillation@distillation: distillation\n  - _self_",
				"actor_rollout_ref:\n  actor:\n    use_kl_loss: false",
				"algorithm:\n  use_kl_in_reward: false",
				"distillation:\n  enabled: false\n  teacher_key: source\n",
			].join("\n"),
		},
		runs: [{ framework: "verl", objective: "none" }],
	},
	{
		...{
			name: "verl: a copy whose tokens' rewards are a teacher's",
			path,
			text: command(
				"python3 -m verl.trainer.main_ppo algorithm.adv_estimator=token_reward_direct",
				...["actor_rollout_ref.actor.use_kl_loss=False", "algorithm.use_kl_in_reward=False"],
			),
		},
		runs: [{ framework: "verl", objective: "unknown" }],
	},
	{
		...{
			name: "tinker-cookbook: a script with a teacher",
			path: "train.py",
			text: [
				"import asyncio",
				"from tinker_cookbook.distillation import train_on_policy",
				"config = train_on_policy.Config(model_name='x/policy', kl_penalty_coef=0.5)",
				"asyncio.run(train_on_policy.main(config))\n",
			].join("\n"),
		},
		runs: [{ framework: "tinker-cookbook", objective: "unknown" }],
	},
];
