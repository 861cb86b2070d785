import { type Case, command } from "./case.ts";
import { notebook } from "./notebook.ts";

const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;
const path = "train.py";

/** Settings that more than one change keeps from k1 in the reward, in every form. */
export const remedyCases: readonly Case[] = [
	{
		...{ name: "remedy: a dict that nests", path },
		text: lines(
			"config = {",
			'    "algorithm": {"adv_estimator": "grpo"},',
			'    "actor_rollout_ref": {"actor": {"use_kl_loss": True, "kl_loss_coef": 0.002}},',
			"}",
		),
		runs: [{ framework: "verl", objective: "local-forward-kl", coefficient: 0.002 }],
	},
	{
		...{ name: "remedy: a call within a call", path },
		text: lines(
			"from areal.api.cli_args import GRPOConfig, PPOActorConfig",
			"config = GRPOConfig(",
			'    actor=PPOActorConfig(kl_ctl=0.0, discount=0.9, kl_estimator="k3"),',
			'    ref=PPOActorConfig(path="base"),',
			")",
		),
		runs: [{ framework: "AReaL", objective: "none" }],
	},
	{
		...{ name: "remedy: a coefficient of 0 and a discount", path },
		text: lines("from trl import PPOConfig", "PPOConfig(kl_coef=0.0, gamma=0.95, kl_estimator='k1')"),
		runs: [{ framework: "TRL", objective: "none" }],
	},
	{
		...{ name: "remedy: a coefficient below 0", path },
		text: lines("from trl import RLOOConfig", "RLOOConfig(output_dir='x', beta=-0.1)"),
		runs: [{ framework: "TRL", objective: "sign-flipped" }],
	},
	{
		...{ name: "remedy: PPO's old names", path },
		text: lines("from trl import PPOConfig", "PPOConfig(kl_penalty='mse', mini_batch_size=4)"),
		version: "0.11.0",
		runs: [{ framework: "TRL", estimator: "k2", place: "reward" }],
	},
	{
		...{ name: "remedy: assigned afterwards", path },
		text: lines("from trl import RLOOConfig", "args = RLOOConfig()", "args.beta = 0"),
		runs: [{ objective: "none" }],
	},
	{
		...{ name: "remedy: a dict that is unpacked", path },
		text: lines("from trl import PPOConfig", 'kw = {"kl_estimator": "k3"}', "PPOConfig(**kw)"),
		runs: [{ objective: "reverse-minus-forward" }],
	},
	{
		...{ name: "remedy: fields of a class", path },
		text: lines(
			"from dataclasses import dataclass, field",
			"from trl import PPOConfig",
			"@dataclass",
			"class Mine(PPOConfig):",
			"    gamma: float = 0.5",
			'    kl_estimator: str = field(default="k3")',
		),
		runs: [{ framework: "TRL", objective: "biased" }],
	},
	{
		...{ name: "remedy: a default of the command line", path },
		text: lines(
			"import argparse",
			"from trl import RLOOConfig",
			"p = argparse.ArgumentParser()",
			'p.add_argument("--beta", type=float, default=0.0)',
			"RLOOConfig(beta=p.parse_args().beta)",
		),
		runs: [{ objective: "none" }],
	},
	{
		...{ name: "remedy: trlX, of a coefficient of 0", path },
		text: lines(
			"from trlx.data.default_configs import TRLConfig, PPOConfig",
			"config = TRLConfig(method=PPOConfig(name='PPOConfig', init_kl_coef=0.0, gamma=0.9))",
		),
		runs: [{ framework: "trlX", objective: "none" }],
	},
	{
		...{ name: "remedy: tinker-cookbook has none by default", path },
		text: lines("from tinker_cookbook.rl import train", "train.Config(kl_penalty_coef=0.0)"),
		runs: [{ framework: "tinker-cookbook", objective: "none" }],
	},
	{
		...{ name: "remedy: flags as a list of words", path },
		text: lines(
			"import subprocess",
			'subprocess.run(["python", "-m", "openrlhf.cli.train_ppo_ray", "--use_kl_loss", "--kl_estimator", "k3"])',
		),
		runs: [{ framework: "OpenRLHF", objective: "local-forward-kl" }],
	},
	{
		...{ name: "remedy: a section that is nothing yet", path: "c.yaml" },
		text: lines("actor:", "  path: Qwen/Qwen3-0.6B", "  kl_ctl: 0.1", "ref: null", "gconfig: {n_samples: 4}"),
		runs: [{ framework: "AReaL", objective: "biased" }],
	},
	{
		...{ name: "remedy: ROLL, a coefficient of 0 and a discount", path: "c.yaml" },
		text: lines(
			...["add_token_level_kl: true", "init_kl_coef: 0", "gamma: 0.9", "kl_penalty: mse"],
			...["actor_train:", "  device: cuda"],
		),
		runs: [{ framework: "ROLL", objective: "none" }],
	},
	{
		...{ name: "remedy: SkyRL's old switch of k3", path: "c.yaml" },
		text: lines(
			...["trainer:", "  algorithm:", "    use_kl_loss: false", "    use_kl_in_reward: true"],
			...["    use_kl_estimator_k3: true", "    kl_loss_coef: 0.01"],
		),
		runs: [{ framework: "SkyRL", objective: "reverse-minus-forward" }],
	},
	{
		...{ name: "remedy: SkyRL refuses both", path: "c.yaml" },
		text: lines("trainer: {algorithm: {use_kl_in_reward: true}} # and the loss is on by default"),
		runs: [{ framework: "SkyRL", objective: "unknown" }],
	},
	{
		...{ name: "remedy: Trinity-RFT, coefficients of 0", path: "c.yaml" },
		text: lines(
			...[
				"algorithm:",
				"  algorithm_type: ppo",
				"  kl_penalty_fn: k2",
				"  kl_penalty_fn_args:",
				"    kl_coef: 0.0",
			],
			...["  kl_loss_fn: none"],
		),
		runs: [{ framework: "Trinity-RFT", objective: "none" }],
	},
	{
		...{ name: "remedy: NeMo-Aligner, off", path: "c.yaml" },
		text: lines("trainer:", "  ppo:", "    initial_policy_kl_penalty: 0.0", "    discount_factor: 0.99"),
		runs: [{ framework: "NeMo-Aligner", objective: "none" }],
	},
	{
		...{ name: "remedy: EasyR1, switched off", path: "c.yaml" },
		text: lines(
			...[
				"algorithm:",
				"  adv_estimator: grpo",
				"  disable_kl: true",
				"  kl_coef: 0.0",
				"  kl_penalty: low_var_kl",
			],
			...["worker: {actor: {global_batch_size: 128}}"],
		),
		runs: [{ framework: "EasyR1" }],
	},
	{
		...{ name: "remedy: torchtune, discounted", path: "c.yaml" },
		text: lines("loss:", "  _component_: torchtune.rlhf.loss.PPOLoss", "kl_coeff: 0.01", "gamma: 0.9 # far"),
		runs: [{ framework: "torchtune", objective: "biased" }],
	},
	{
		...{ name: "remedy: verl with GAE, discounted", path: "c.yaml" },
		text: lines(
			...["algorithm:", "  adv_estimator: gae", "  gamma: 0.9", "  use_kl_in_reward: True"],
			...["  kl_ctrl: {type: fixed, kl_coef: 0}", "actor_rollout_ref: {actor: {ppo_epochs: 1}}"],
		),
		runs: [{ framework: "verl" }],
	},
	{
		...{ name: "remedy: ms-swift in YAML, with dashes of its own", path: "c.yaml" },
		text: lines("rlhf_type: grpo", "beta: 0", "num_generations: 8"),
		runs: [{ framework: "ms-swift", objective: "none" }],
	},
	{
		...{ name: "remedy: ms-swift in JSON", path: "c.json" },
		text: `${JSON.stringify({ rlhf_type: "grpo", beta: 0.04, num_generations: 8 }, null, 2)}\n`,
		runs: [{ framework: "ms-swift", objective: "local-forward-kl" }],
	},
	{
		...{ name: "remedy: verl in JSON", path: "c.json" },
		text: `${JSON.stringify({ algorithm: { use_kl_in_reward: false }, actor_rollout_ref: { actor: { use_kl_loss: true } } })}\n`,
		runs: [{ framework: "verl", objective: "local-forward-kl" }],
	},
	{
		...{ name: "remedy: AReaL in JSON, without a reference", path: "c.json" },
		text: `${JSON.stringify({ actor: { kl_ctl: 0.1, path: "base" }, seed: 1 }, null, 1)}\n`,
		runs: [{ framework: "AReaL", objective: "biased" }],
	},
	{
		...{ name: "remedy: ROLL in JSON", path: "c.json" },
		text: `${JSON.stringify({ use_kl_loss: true, kl_loss_coef: 0.01, actor_train: { device: "cuda" } })}\n`,
		runs: [{ framework: "ROLL", objective: "local-forward-kl" }],
	},
	{
		...{ name: "remedy: EasyR1 in TOML", path: "c.toml" },
		text: lines("[algorithm]", "kl_penalty = 'low_var_kl'", "kl_coef = 0.01", "[worker.actor]", "n = 1"),
		runs: [{ framework: "EasyR1", objective: "reverse-minus-forward" }],
	},
	{
		...{ name: "remedy: AReaL in TOML, without a reference", path: "c.toml" },
		text: lines("[actor]", "kl_ctl = 0.1", 'path = "base"'),
		runs: [{ framework: "AReaL", objective: "biased" }],
	},
	{
		...{ name: "remedy: ROLL in TOML", path: "c.toml" },
		text: lines("use_kl_loss = true", "kl_loss_coef = 0.01", "[actor_train]", 'device = "cuda"'),
		runs: [{ framework: "ROLL", objective: "local-forward-kl" }],
	},
	{
		...{ name: "remedy: Trinity-RFT in TOML", path: "c.toml" },
		text: lines("[algorithm]", 'algorithm_type = "rloo"', 'kl_loss_fn = "k3"'),
		runs: [{ framework: "Trinity-RFT", objective: "local-forward-kl" }],
	},
	{
		...{ name: "remedy: a notebook's call", path: "n.ipynb" },
		text: notebook(["from trl import PPOConfig"], ["args = PPOConfig(", '    kl_estimator="k3",', ")"]),
		runs: [{ objective: "reverse-minus-forward" }],
	},
	{
		...{ name: "remedy: a notebook's call without settings", path: "n.ipynb" },
		text: notebook(["from tinker_cookbook.rl import train", "c = train.Config(lr=1)"]),
		runs: [{ objective: "none" }],
	},
	{
		...{ name: "remedy: a notebook's command", path: "n.ipynb" },
		text: notebook(["!swift rlhf --rlhf_type grpo --model x", "print(1)"]),
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{ name: "remedy: a notebook's command of hydra", path: "n.ipynb" },
		text: notebook(["!python -m verl.trainer.main_ppo actor_rollout_ref.actor.use_kl_loss=True trainer.n=1"]),
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{ name: "remedy: a variable's value", path: "run.sh" },
		text: `ON=True\n${command("python3 -m verl.trainer.main_ppo", "actor_rollout_ref.actor.use_kl_loss=$ON")}`,
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{ name: "remedy: RL2 from the loss into the reward", path: "run.sh" },
		text: command(
			"torchrun -m RL2.trainer.ppo actor.kl.coef=0",
			"actor.kl.type=loss actor.kl.loss_estimator=k2",
		),
		runs: [{ framework: "RL2", objective: "none" }],
	},
];
