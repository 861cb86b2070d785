import { type Case, command } from "./case.ts";

const path = "run.sh";
const open = (...flags: readonly string[]) => command("deepspeed --module openrlhf.cli.train_ppo", ...flags);
const sky = (...settings: readonly string[]) =>
	command("uv run --isolated --extra vllm -m skyrl_train.entrypoints.main_base", ...settings);
const slime = (...flags: readonly string[]) =>
	`ray job submit -- python3 train.py \\\n  --hf-checkpoint /m ${flags.join(" ")}\n`;
const instruct = (...flags: readonly string[]) =>
	command("python mason.py --cluster x -- python open_instruct/grpo_fast.py", ...flags);
const nemo = (...lines: readonly string[]) =>
	["loss_fn:", ...lines.map((line) => `  ${line}`), ""].join("\n");

export const otherCases: readonly Case[] = [
	{
		...{ name: "OpenRLHF: the default", path, text: open("--pretrain x") },
		runs: [
			{
				framework: "OpenRLHF",
				objective: "sequence-reverse-kl",
				estimator: "k1",
				place: "reward",
				coefficient: 0.01,
			},
		],
	},
	{
		...{
			name: "OpenRLHF: k1 in the loss",
			path,
			text: command(
				"python3 -m openrlhf.cli.train_ppo_ray",
				"--algo.kl.use_loss",
				"--algo.kl.init_coef 1e-3",
			),
		},
		runs: [{ objective: "zero-mean-noise", coefficient: 0.001, rules: ["openrlhf/k1-in-loss"] }],
	},
	{
		...{
			name: "OpenRLHF: k3 in the loss, flat flags",
			path,
			text: open("--use_kl_loss", "--kl_estimator k3", "--init_kl_coef=1e-5"),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 1e-5 }],
	},
	{
		...{ name: "OpenRLHF: k3 in the reward", path, text: open("--algo.kl.estimator k3") },
		runs: [{ objective: "reverse-minus-forward", rules: ["openrlhf/k3-in-reward"] }],
	},
	{
		...{
			name: "OpenRLHF 0.5: its old flag of k3",
			path,
			text: open("--use_kl_estimator_k3"),
			version: "0.5.0",
		},
		runs: [{ objective: "reverse-minus-forward" }],
	},
	{
		...{
			name: "OpenRLHF: a coefficient of 0 has no reference",
			path,
			text: open("--init_kl_coef 0", "--use_kl_loss"),
		},
		runs: [{ objective: "none", rules: ["openrlhf/no-reference"] }],
	},
	{
		...{ name: "SkyRL: the default", path, text: sky("data.train_data=x") },
		runs: [{ framework: "SkyRL", objective: "local-forward-kl", estimator: "k3", coefficient: 0.001 }],
	},
	{
		...{
			name: "SkyRL: k3 in the reward",
			path,
			text: sky("trainer.algorithm.use_kl_loss=false", "trainer.algorithm.use_kl_in_reward=true"),
		},
		runs: [{ objective: "reverse-minus-forward", rules: ["skyrl/k3-in-reward"] }],
	},
	{
		...{
			name: "SkyRL: k1 in the reward",
			path,
			text: sky(
				"trainer.algorithm.use_kl_loss=false",
				"trainer.algorithm.use_kl_in_reward=true",
				"trainer.algorithm.kl_estimator_type=k1",
			),
		},
		runs: [{ objective: "sequence-reverse-kl", rules: ["kl/before-normalisation"] }],
	},
	{
		...{ name: "SkyRL: it refuses both", path, text: sky("trainer.algorithm.use_kl_in_reward=true") },
		runs: [{ objective: "unknown", rules: ["skyrl/both-refused"] }],
	},
	{
		...{
			name: "SkyRL: a coefficient of what is off",
			path,
			text: sky("trainer.algorithm.use_kl_loss=false", "trainer.algorithm.kl_loss_coef=0.01"),
		},
		runs: [{ objective: "silently-ignored", rules: ["kl/ignored-setting"] }],
	},
	{
		...{ name: "slime: a coefficient without its switch", path, text: slime("--kl-loss-coef 0.01") },
		runs: [{ objective: "silently-ignored", rules: ["slime/loss-coef-without-switch"] }],
	},
	{
		...{ name: "SkyRL: off", path, text: sky("trainer.algorithm.use_kl_loss=false") },
		runs: [{ objective: "none", certainty: "certain" }],
	},
	{
		...{
			name: "NeMo-RL: importance-corrected from 0.7",
			path: "grpo.yaml",
			text: nemo("reference_policy_kl_penalty: 0.01", "reference_policy_kl_type: k3"),
		},
		runs: [
			{
				framework: "NeMo-RL",
				objective: "local-reverse-kl",
				importance: "token",
				certainty: "assumes-version",
				also: ["local-forward-kl"],
			},
		],
	},
	{
		...{
			name: "NeMo-RL 0.6: plain",
			path: "grpo.yaml",
			text: nemo("reference_policy_kl_penalty: 0.01"),
			version: "0.6.0",
		},
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{
			name: "NeMo-RL: k2 with the weight",
			path: "grpo.yaml",
			text: nemo("reference_policy_kl_penalty: 0.01", "reference_policy_kl_type: k2"),
		},
		runs: [{ objective: "biased", rules: ["nemo-rl/k2-with-importance"] }],
	},
	{
		...{
			name: "NeMo-RL: the KL vanishes",
			path: "grpo.yaml",
			text: nemo("reference_policy_kl_penalty: 0.01", "use_kl_in_reward: true"),
		},
		runs: [{ objective: "silently-ignored", rules: ["nemo-rl/reward-kl-vanishes"] }],
	},
	{
		...{
			name: "NeMo-RL: own-token k3",
			path: "grpo.yaml",
			text: `${nemo("reference_policy_kl_penalty: 0.01", "use_kl_in_reward: true")}grpo:\n  adv_estimator:\n    name: reinforce_plus_plus\n`,
		},
		runs: [{ objective: "reverse-minus-forward", rules: ["nemo-rl/own-token-reward"] }],
	},
	{
		...{ name: "slime: the default", path, text: slime() },
		runs: [{ framework: "slime", objective: "none" }],
	},
	{
		...{
			name: "slime: kl-coef with GRPO",
			path,
			text: slime("--advantage-estimator grpo", "--kl-coef 0.001"),
		},
		runs: [{ objective: "silently-ignored", rules: ["slime/kl-coef-without-effect"], ignored: ["kl_coef"] }],
	},
	{
		...{
			name: "slime: monitoring only",
			path,
			text: slime("--use-kl-loss", "--kl-loss-coef 0.00", "--kl-loss-type low_var_kl"),
		},
		runs: [{ objective: "none", rules: ["slime/monitoring-only"] }],
	},
	{
		...{ name: "slime: k1 in the loss", path, text: slime("--use-kl-loss", "--kl-loss-coef 0.01") },
		runs: [{ objective: "zero-mean-noise", rules: ["slime/k1-in-loss"] }],
	},
	{
		...{
			name: "slime: unbiased k3",
			path,
			text: slime("--use-kl-loss", "--kl-loss-coef 0.01", "--kl-loss-type k3", "--use-unbiased-kl"),
		},
		runs: [{ objective: "local-reverse-kl", importance: "token" }],
	},
	{
		...{
			name: "slime: unbiased k2 is wrong",
			path,
			text: slime("--use-kl-loss", "--kl-loss-coef 0.01", "--kl-loss-type k2", "--use-unbiased-kl"),
		},
		runs: [{ objective: "biased", rules: ["slime/unbiased-k2"] }],
	},
	{
		...{
			name: "slime: in the reward of PPO",
			path,
			text: slime("--advantage-estimator ppo", "--kl-coef 0.01"),
		},
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.01 }],
	},
	{
		...{
			name: "AReaL: without a reference",
			path: "c.yaml",
			text: "actor:\n  kl_ctl: 0.1\n  eps_clip: 0.2\n",
		},
		runs: [{ framework: "AReaL", objective: "biased", rules: ["areal/kl-without-reference"] }],
	},
	{
		...{ name: "AReaL: with one", path: "c.yaml", text: "actor:\n  kl_ctl: 0.05\nref:\n  path: x\n" },
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.05 }],
	},
	{
		...{
			name: "ROLL: the reference is loaded for nothing",
			path: "c.yaml",
			text: "init_kl_coef: 0.1\nactor_train:\n  device: cuda\n",
		},
		runs: [{ framework: "ROLL", objective: "silently-ignored", rules: ["roll/coef-without-switch"] }],
	},
	{
		...{
			name: "ROLL: a loss without a coefficient",
			path: "c.yaml",
			text: "use_kl_loss: true\nactor_train:\n  device: cuda\n",
		},
		runs: [{ objective: "none", rules: ["roll/loss-without-coefficient"] }],
	},
	{
		...{
			name: "ROLL: the loss is always k3",
			path: "c.yaml",
			text: "use_kl_loss: true\nkl_loss_coef: 0.001\nactor_train:\n  device: cuda\n",
		},
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{
			name: "ROLL: in the reward",
			path: "c.yaml",
			text: "add_token_level_kl: true\nactor_train:\n  device: cuda\n",
		},
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.2 }],
	},
	{
		...{ name: "open-instruct: the default", path, text: instruct("--exp_name x") },
		runs: [{ framework: "open-instruct", objective: "local-forward-kl", coefficient: 0.05 }],
	},
	{
		...{ name: "open-instruct: k1 in the loss", path, text: instruct("--beta 0.01", "--kl_estimator 0") },
		runs: [{ objective: "zero-mean-noise", rules: ["open-instruct/k1-in-loss"] }],
	},
	{
		...{
			name: "open-instruct: the ratio times k1, by its old name",
			path,
			text: instruct("--kl_estimator kl4"),
		},
		runs: [{ objective: "local-reverse-kl", importance: "token" }],
	},
	{
		...{
			name: "open-instruct: no reference",
			path,
			text: instruct("--beta 0.01", "--load_ref_policy False"),
		},
		runs: [{ objective: "silently-ignored", rules: ["open-instruct/no-reference"] }],
	},
	{
		...{
			name: "open-instruct: the PPO that has its KL in the reward",
			path,
			text: command("python open_instruct/ppo_vllm_thread_ray_gtrl.py", "--beta 0.07", "--gamma 1.0"),
		},
		runs: [
			{
				...{ framework: "open-instruct", objective: "sequence-reverse-kl", place: "reward" },
				...{ estimator: "k1", coefficient: 0.07, certainty: "certain" },
			},
		],
	},
	{
		...{
			name: "open-instruct: k3 in the reward of that PPO",
			path,
			text: command("python open_instruct/ppo_vllm_thread_ray_gtrl.py", "--kl_estimator kl3"),
		},
		runs: [{ objective: "reverse-minus-forward", rules: ["open-instruct/k3-in-reward"] }],
	},
	{
		...{
			name: "open-instruct: its second PPO, in the loss with the first's estimator",
			path,
			text: command("python open_instruct/ppo2.py", "--beta 0.02"),
		},
		runs: [{ objective: "zero-mean-noise", place: "loss", rules: ["open-instruct/k1-in-loss"] }],
	},
	{
		...{
			name: "prime-rl: to the sampler",
			path: "rl.toml",
			text: "max_steps = 10\n[trainer.loss]\nkl_tau = 0.002\n[orchestrator]\nbatch_size = 4\n[orchestrator.sampling]\nmax_tokens = 4\n",
		},
		runs: [{ framework: "prime-rl", objective: "to-sampler", coefficient: 0.002 }],
	},
	{
		...{ name: "prime-rl: its command", path, text: "uv run rl @ nowhere.toml --trainer.loss.kl_tau 0\n" },
		runs: [{ framework: "prime-rl", objective: "unknown" }],
	},
	{
		...{
			name: "tinker-cookbook: own token",
			path: "t.py",
			text: "from tinker_cookbook.rl import train\ntrain.Config(kl_penalty_coef=0.1, model_name='x')\n",
		},
		runs: [
			{ framework: "tinker-cookbook", objective: "local-reverse-kl", rules: ["tinker-cookbook/own-token"] },
		],
	},
	{
		...{
			name: "tinker-cookbook: reward-to-go",
			path,
			text: command(
				"python -m tinker_cookbook.recipes.math_rl.train",
				"kl_penalty_coef=0.1",
				"kl_discount_factor=1.0",
			),
		},
		runs: [{ objective: "sequence-reverse-kl" }],
	},
	{
		...{
			name: "tinker-cookbook: discounted",
			path,
			text: command(
				"python -m tinker_cookbook.recipes.math_rl.train",
				"kl_penalty_coef=0.1",
				"kl_discount_factor=0.5",
			),
		},
		runs: [{ objective: "biased" }],
	},
	{
		...{
			name: "tinker-cookbook: none by default",
			path,
			text: command("python -m tinker_cookbook.recipes.math_rl.train", "model_name=x"),
		},
		runs: [{ objective: "none" }],
	},
	{
		...{
			name: "ART: k3 in the loss of old",
			path: "a.py",
			text: "import art\nawait model.train(groups, config=art.TrainConfig(learning_rate=1e-5, beta=0.1))\n",
		},
		runs: [{ framework: "ART", objective: "local-forward-kl" }],
	},
	{
		...{
			name: "ART: own-token k1",
			path: "a.py",
			text: "import art\nawait backend.train(model, groups, kl_penalty_coef=0.05)\n",
		},
		runs: [{ framework: "ART", objective: "local-reverse-kl", rules: ["art/own-token"] }],
	},
	{
		...{
			name: "torchforge: its function's default",
			path: "a.py",
			text: "from forge.losses import SimpleGRPOLoss\nloss = SimpleGRPOLoss()\n",
		},
		runs: [{ framework: "torchforge", objective: "local-forward-kl", coefficient: 0.1 }],
	},
];
