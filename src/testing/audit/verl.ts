import { type Case, command } from "./case.ts";

const ppo = (...settings: readonly string[]) => command("python3 -m verl.trainer.main_ppo", ...settings);
const actor = "actor_rollout_ref.actor";
const path = "train.sh";

export const verlCases: readonly Case[] = [
	{
		...{
			name: "verl: nothing set is no KL, and was one up to 0.3",
			path,
			text: ppo("data.train_batch_size=8"),
		},
		runs: [
			{ framework: "verl", objective: "none", certainty: "assumes-version", also: ["sequence-reverse-kl"] },
		],
	},
	{
		...{
			name: "verl 0.3: in the reward unless the loss has it",
			path,
			text: ppo("data.train_batch_size=8"),
			version: "0.3.0",
		},
		runs: [
			{
				objective: "sequence-reverse-kl",
				estimator: "k1",
				place: "reward",
				coefficient: 0.001,
				certainty: "certain",
				rules: ["verl/reward-unless-loss"],
			},
		],
	},
	{
		...{
			name: "verl 0.3: use_kl_loss takes it out of the reward",
			path,
			text: ppo(`${actor}.use_kl_loss=True`),
			version: "0.3.0.post1",
		},
		runs: [{ objective: "local-forward-kl", place: "loss" }],
	},
	{
		...{ name: "verl: kl_coef without its switch", path, text: ppo("algorithm.kl_ctrl.kl_coef=0.005") },
		runs: [
			{
				objective: "silently-ignored",
				certainty: "assumes-version",
				also: ["sequence-reverse-kl"],
				rules: ["verl/kl-coef-without-switch"],
				ignored: ["algorithm.kl_ctrl.kl_coef"],
			},
		],
	},
	{
		...{
			name: "verl: a coefficient of 0 is not ignored silently",
			path,
			text: ppo(
				"algorithm.use_kl_in_reward=False",
				"algorithm.kl_ctrl.kl_coef=0.0",
				`${actor}.use_kl_loss=False`,
				`${actor}.kl_loss_coef=0.0`,
			),
		},
		runs: [{ objective: "none", certainty: "certain" }],
	},
	{
		...{ name: "verl: k3 in the loss by default", path, text: ppo(`${actor}.use_kl_loss=True`) },
		runs: [
			{
				objective: "local-forward-kl",
				estimator: "k3",
				place: "loss",
				coefficient: 0.001,
				importance: "none",
				certainty: "certain",
			},
		],
	},
	{
		...{
			name: "verl: k1 in the loss",
			path,
			text: ppo(`${actor}.use_kl_loss=True`, `${actor}.kl_loss_type=kl`, `${actor}.kl_loss_coef=0.01`),
		},
		runs: [{ objective: "zero-mean-noise", estimator: "k1", coefficient: 0.01, rules: ["verl/k1-in-loss"] }],
	},
	{
		...{
			name: "verl: k2 in the loss",
			path,
			text: ppo(`${actor}.use_kl_loss=True`, `${actor}.kl_loss_type=mse`),
		},
		runs: [{ objective: "local-reverse-kl", estimator: "k2" }],
	},
	{
		...{
			name: "verl: abs in the loss",
			path,
			text: ppo(`${actor}.use_kl_loss=True`, `${actor}.kl_loss_type=abs`),
		},
		runs: [{ objective: "biased" }],
	},
	{
		...{
			name: "verl: straight-through, newest",
			path,
			text: ppo(`${actor}.use_kl_loss=True`, `${actor}.kl_loss_type=k3+`),
		},
		runs: [{ objective: "local-reverse-kl", estimator: "k3+" }],
	},
	{
		...{
			name: "verl 0.7.1: straight-through fails",
			path,
			text: ppo(`${actor}.use_kl_loss=True`, `${actor}.kl_loss_type=low_var_kl+`),
			version: "0.7.1",
		},
		runs: [{ rules: ["verl/straight-through-crash"] }],
	},
	{
		...{
			name: "verl: k1 in the reward of GRPO, before normalisation",
			path,
			text: ppo("algorithm.adv_estimator=grpo", "algorithm.use_kl_in_reward=True"),
		},
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.001, rules: ["kl/before-normalisation"] }],
	},
	{
		...{
			name: "verl: GRPO without the division",
			path,
			text: ppo(
				"algorithm.adv_estimator=grpo",
				"algorithm.use_kl_in_reward=True",
				"algorithm.norm_adv_by_std_in_grpo=False",
			),
		},
		runs: [{ objective: "sequence-reverse-kl" }],
	},
	{
		...{
			name: "verl: k3 in the reward",
			path,
			text: ppo("algorithm.use_kl_in_reward=True", "algorithm.kl_penalty=low_var_kl"),
		},
		runs: [{ objective: "reverse-minus-forward", estimator: "k3", rules: ["verl/k3-in-reward"] }],
	},
	{
		...{
			name: "verl: + in the reward has no effect",
			path,
			text: ppo("algorithm.use_kl_in_reward=True", "algorithm.kl_penalty=kl+"),
		},
		runs: [{ objective: "sequence-reverse-kl", estimator: "k1", rules: ["verl/straight-through-in-reward"] }],
	},
	{
		...{
			name: "verl: both switches",
			path,
			text: ppo("algorithm.use_kl_in_reward=True", `${actor}.use_kl_loss=True`),
		},
		runs: [{ objective: "double", place: "both", rules: ["verl/both-switches"] }],
	},
	{
		...{
			name: "verl: both switches, one of coefficient 0",
			path,
			text: ppo(
				"algorithm.use_kl_in_reward=True",
				"algorithm.kl_ctrl.kl_coef=0",
				`${actor}.use_kl_loss=True`,
			),
		},
		runs: [{ objective: "local-forward-kl", place: "loss" }],
	},
	{
		...{
			name: "verl: rollout weights spare the KL",
			path,
			text: ppo(`${actor}.use_kl_loss=True`, "algorithm.rollout_correction.rollout_is=token"),
		},
		runs: [{ rules: ["verl/rollout-weights-spare-kl"] }],
	},
	{
		...{
			name: "verl: a negative coefficient",
			path,
			text: ppo(`${actor}.use_kl_loss=True`, `${actor}.kl_loss_coef=-0.001`),
		},
		runs: [{ objective: "sign-flipped" }],
	},
	{
		...{
			name: "verl: an unset variable decides",
			path,
			text: ppo("algorithm.use_kl_in_reward=$IN_REWARD", `${actor}.use_kl_loss=False`),
		},
		runs: [{ objective: "unknown", certainty: "unknown", also: ["sequence-reverse-kl", "none"] }],
	},
	{
		...{
			name: "verl: an unknown coefficient",
			path,
			text: ppo(`${actor}.use_kl_loss=True`, `${actor}.kl_loss_coef=$1`),
		},
		runs: [
			{
				objective: "unknown",
				estimator: "k3",
				place: "loss",
				coefficient: null,
				also: ["local-forward-kl", "none"],
			},
		],
	},
	{
		...{
			name: "verl: an unset variable that decides nothing",
			path,
			text: ppo(
				`${actor}.use_kl_loss=True`,
				"data.train_files=$FILES",
				"trainer.n_gpus_per_node=$(nvidia-smi -L | wc -l)",
			),
		},
		runs: [{ objective: "local-forward-kl", certainty: "certain" }],
	},
	{
		...{
			name: "verl: DAPO's recipe",
			path,
			text: command(
				"python3 -m recipe.dapo.main_dapo",
				"algorithm.use_kl_in_reward=True",
				"algorithm.kl_ctrl.kl_coef=0.01",
				`${actor}.use_kl_loss=False`,
			),
		},
		runs: [{ framework: "verl", objective: "sequence-reverse-kl", coefficient: 0.01 }],
	},
	{
		...{
			name: "verl: another program with verl's keys has defaults of its own",
			path,
			text: command("python train.py --config-name mine", `${actor}.use_kl_loss=True`),
		},
		runs: [{ framework: "verl", objective: "unknown" }],
	},
	{
		...{
			name: "verl: a configuration that is not here",
			path,
			text: command(
				"python3 -m verl.trainer.main_ppo",
				"--config-path=/configs",
				"--config-name=mine",
				"data.train_batch_size=4",
			),
		},
		runs: [{ objective: "unknown", also: ["local-forward-kl"] }],
	},
	{
		...{
			name: "verl: its own configuration by name",
			path,
			text: command(
				"python3 -m verl.trainer.main_ppo",
				"--config-name='ppo_megatron_trainer.yaml'",
				`${actor}.use_kl_loss=True`,
			),
		},
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{
			name: "verl: supervised fine-tuning is no such run",
			path,
			text: command("torchrun -m verl.trainer.fsdp_sft_trainer", "data.train_files=x"),
		},
		runs: [],
	},
	{
		...{
			name: "verl: YAML",
			path: "config.yaml",
			text: "algorithm:\n  use_kl_in_reward: false\nactor_rollout_ref:\n  actor:\n    use_kl_loss: True\n    kl_loss_coef: 1e-2\n    kl_loss_type: k2 # k3\n",
		},
		runs: [{ objective: "local-reverse-kl", estimator: "k2", coefficient: 0.01 }],
	},
	{
		...{
			name: "EasyR1: in the reward by default",
			path,
			text: command("python3 -m verl.trainer.main", "worker.actor.model.model_path=x"),
		},
		runs: [{ framework: "EasyR1", objective: "sequence-reverse-kl", estimator: "k1", coefficient: 0.001 }],
	},
	{
		...{
			name: "EasyR1: k3 in the loss",
			path,
			text: command(
				"python3 -m verl.trainer.main",
				"algorithm.use_kl_loss=true",
				"algorithm.kl_penalty=low_var_kl",
				"algorithm.kl_coef=1.0e-2",
			),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.01 }],
	},
	{
		...{
			name: "EasyR1: switched off",
			path,
			text: command("python3 -m verl.trainer.main", "algorithm.disable_kl=True", "algorithm.kl_coef=0.01"),
		},
		runs: [{ objective: "silently-ignored", rules: ["easyr1/kl-disabled"] }],
	},
	{
		...{
			name: "EasyR1: a copy that can turn the KL round",
			path,
			text: command(
				"python3 -m verl.trainer.main",
				...["algorithm.use_kl_loss=true", "algorithm.kl_penalty=k3", "algorithm.kl_coef=0.02"],
				"algorithm.kl_direction=forward",
			),
		},
		runs: [{ framework: "EasyR1", objective: "unknown", certainty: "unknown" }],
	},
	{
		...{
			name: "verl: a copy that changes the KL of the reward",
			path,
			text: command(
				"python3 -m verl.trainer.main_ppo",
				...["algorithm.use_kl_in_reward=True", "algorithm.kl_penalty=kl"],
				"+algorithm.kl_in_reward_mode=rollout_mean",
			),
		},
		runs: [{ framework: "verl", objective: "unknown" }],
	},
	{
		...{
			name: "verl: a copy that could change the KL",
			path,
			text: command(
				"python3 -m verl.trainer.main_ppo",
				...["algorithm.use_kl_in_reward=True", "algorithm.kl_penalty=kl", "algorithm.kl_ctrl.kl_coef=0.01"],
				"+algorithm.kl_skip_thought=False",
			),
		},
		runs: [{ framework: "verl", objective: "sequence-reverse-kl" }],
	},
	{
		...{
			name: "EasyR1: the older settings, k3 in the loss",
			path: "config.yaml",
			text: [
				"algorithm:\n  adv_estimator: grpo\n  kl_coef: 0.0",
				"worker:\n  actor:\n    use_kl_loss: true\n    kl_loss_coef: 0.005\n    kl_loss_type: low_var_kl\n",
			].join("\n"),
		},
		runs: [{ framework: "EasyR1", objective: "local-forward-kl", estimator: "k3", coefficient: 0.005 }],
	},
	{
		...{
			name: "EasyR1: the older settings, the loss's KL off",
			path,
			text: command(
				"python3 -m verl.trainer.main",
				...["worker.actor.use_kl_loss=false", "worker.actor.kl_loss_coef=0.2", "algorithm.kl_coef=0.01"],
			),
		},
		runs: [
			{
				...{ objective: "sequence-reverse-kl", estimator: "k1", coefficient: 0.01 },
				...{ rules: ["easyr1/other-place"], ignored: ["worker.actor.kl_loss_coef"] },
			},
		],
	},
	{
		...{
			name: "EasyR1: the older settings, the loss's KL weighs nothing",
			path,
			text: command(
				"python3 -m verl.trainer.main",
				...["worker.actor.kl_loss_coef=0", "algorithm.kl_coef=0.01"],
			),
		},
		runs: [{ objective: "silently-ignored", rules: ["easyr1/other-place"] }],
	},
	{
		...{
			name: "EasyR1: its file of settings is not here",
			path,
			text: command("python3 -m verl.trainer.main", "config=nowhere/config.yaml"),
		},
		runs: [{ framework: "EasyR1", objective: "unknown" }],
	},
	{
		...{
			name: "verl: a recipe whose name ends as fine-tuning's",
			path,
			text: command(
				"python3 -m recipe.xsft.main_xsft",
				...["actor_rollout_ref.actor.use_kl_loss=False", "algorithm.use_kl_in_reward=False"],
			),
		},
		runs: [{ framework: "verl", objective: "none" }],
	},
	{
		...{
			name: "verl: a coefficient without its switch, in a version that has the switch",
			path,
			text: command(
				"python3 -m verl.trainer.main_ppo",
				...["actor_rollout_ref.actor.strategy=fsdp2", "actor_rollout_ref.rollout.mode=async"],
				...["actor_rollout_ref.actor.use_kl_loss=False", "algorithm.kl_ctrl.kl_coef=0.001"],
			),
		},
		runs: [{ framework: "verl", objective: "silently-ignored", certainty: "certain" }],
	},
];
