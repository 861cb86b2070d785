import type { Case } from "./case.ts";
import { notebook } from "./notebook.ts";

const script = (...lines: readonly string[]) => `${lines.join("\n")}\n`;
const path = "train.py";

/** TRL and what is made of it, and the forms of Python. */
export const huggingFaceCases: readonly Case[] = [
	{
		...{
			name: "TRL: a script of open-r1 without beta",
			path: "run.sh",
			text: "torchrun --nproc_per_node 8 src/open_r1/grpo_rec.py --num_generations 8 --use_vllm true\n",
		},
		runs: [
			{
				...{ framework: "TRL", objective: "local-forward-kl", coefficient: 0.04 },
				...{ certainty: "assumes-version", also: ["none"] },
			},
		],
	},
	{
		...{
			name: "TRL: k3 in the loss",
			path,
			text: script("from trl import GRPOConfig, GRPOTrainer", 'args = GRPOConfig(output_dir="x", beta=0.04)'),
		},
		runs: [
			{ framework: "TRL", objective: "local-forward-kl", estimator: "k3", place: "loss", coefficient: 0.04 },
		],
	},
	{
		...{
			name: "TRL: beta's default by the newest",
			path,
			text: script("import trl", "args = trl.GRPOConfig(output_dir='x')"),
		},
		runs: [
			{
				objective: "none",
				certainty: "assumes-version",
				also: ["local-forward-kl"],
				rules: ["trl/default-beta"],
			},
		],
	},
	{
		...{
			name: "TRL: its scripts of PPO",
			path: "run.sh",
			text: "accelerate launch examples/scripts/ppo/ppo.py --total_episodes 100 --missing_eos_penalty 1.0\n",
		},
		runs: [{ framework: "TRL", objective: "sequence-reverse-kl", place: "reward", coefficient: 0.05 }],
	},
	{
		...{
			name: "TRL: a script of one's own with the settings of RLOO",
			path: "run.sh",
			text: "accelerate launch tune.py --rloo_k 4 --kl_coef 0.03\n",
		},
		runs: [{ framework: "TRL", objective: "sequence-reverse-kl", coefficient: 0.03 }],
	},
	{
		...{
			name: "TRL: a script of one's own with the settings of the old PPO",
			path: "run.sh",
			text: "python ppo_tune.py --init_kl_coef=0.3 --adap_kl_ctrl=True --ppo_epochs=4\n",
		},
		runs: [{ framework: "TRL", objective: "sequence-reverse-kl", coefficient: 0.3 }],
	},
	{
		...{
			name: "TRL before 0.12: its PPO by the model's name",
			path,
			text: script("from trl import PPOConfig", 'config = PPOConfig(model_name="gpt2", batch_size=8)'),
		},
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.2 }],
	},
	{
		...{
			name: "TRL before 0.12: a reference that is the policy itself",
			path,
			text: script(
				"from trl import PPOConfig, PPOTrainer",
				'config = PPOConfig(model_name="gpt2", init_kl_coef=0.1)',
				"trainer = PPOTrainer(config, policy, policy, tokenizer)",
			),
		},
		runs: [{ objective: "silently-ignored", rules: ["trl/reference-is-policy"] }],
	},
	{
		...{
			name: "TRL before 0.12: a reference that is not the policy",
			path,
			text: script(
				"from trl import PPOConfig, PPOTrainer",
				'config = PPOConfig(model_name="gpt2", init_kl_coef=0.1)',
				"trainer = PPOTrainer(config=config, model=policy, ref_model=None, tokenizer=tokenizer)",
			),
		},
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.1 }],
	},
	{
		...{
			name: "TRL: a class of the file's own with a trainer's name",
			path,
			text: script(
				"import trl",
				"class GRPOTrainer:",
				"    def train(self):",
				"        args = trl.GRPOConfig(output_dir='x', beta=0.0)",
				"        trl.GRPOTrainer(model='m', args=args).train()",
				"GRPOTrainer(lr=1e-5).train()",
			),
		},
		runs: [{ objective: "none", certainty: "certain" }],
	},
	{
		...{
			name: "TRL 0.18: beta's default",
			path,
			text: script("from trl import GRPOConfig", "args = GRPOConfig()"),
			version: "0.18.1",
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.04, certainty: "certain" }],
	},
	{
		...{
			name: "TRL: the version by a pin in the file",
			path,
			text: script(
				"# x",
				"!pip",
				"from trl import GRPOConfig",
				"deps = ['trl==0.17.0']",
				"args = GRPOConfig()",
			),
		},
		runs: [{ objective: "local-forward-kl", versionFrom: "file" }],
	},
	{
		...{
			name: "TRL: corrected",
			path,
			text: script("from trl import GRPOConfig", "GRPOConfig(beta=0.01, use_bias_correction_kl=True)"),
		},
		runs: [{ objective: "local-reverse-kl", importance: "token", certainty: "certain" }],
	},
	{
		...{
			name: "TRL: corrected by the sequence's ratio",
			path,
			text: script(
				"from trl import GRPOConfig",
				"GRPOConfig(beta=0.01, use_bias_correction_kl=True, importance_sampling_level='sequence')",
			),
		},
		runs: [{ objective: "biased", rules: ["trl/correction-by-sequence"] }],
	},
	{
		...{
			name: "TRL: vLLM's ratio spares the KL",
			path,
			text: script(
				"from trl import GRPOConfig",
				"GRPOConfig(beta=0.01, vllm_importance_sampling_correction=True)",
			),
		},
		runs: [{ rules: ["trl/importance-spares-kl"] }],
	},
	{
		...{
			name: "TRL: RLOO by default",
			path,
			text: script("from trl import RLOOConfig", "RLOOConfig(output_dir='x')"),
		},
		runs: [
			{
				objective: "sequence-reverse-kl",
				estimator: "k1",
				place: "reward",
				coefficient: 0.05,
				certainty: "certain",
			},
		],
	},
	{
		...{
			name: "TRL 0.21: RLOO's kl_coef",
			path,
			text: script("from trl import RLOOConfig", "RLOOConfig(kl_coef=0.03, rloo_k=4)"),
			version: "0.21.0",
		},
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.03 }],
	},
	{
		...{
			name: "TRL: PPO",
			path,
			text: script("from trl.experimental.ppo import PPOConfig", "PPOConfig(kl_coef=0.1)"),
		},
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.1, place: "reward" }],
	},
	{
		...{
			name: "TRL: PPO with k3",
			path,
			text: script("from trl import PPOConfig", "PPOConfig(kl_estimator='k3')"),
		},
		runs: [{ objective: "reverse-minus-forward", rules: ["trl/k3-in-reward"] }],
	},
	{
		...{
			name: "TRL: AsyncGRPO has none",
			path,
			text: script("from trl.experimental.async_grpo import AsyncGRPOConfig", "AsyncGRPOConfig()"),
		},
		runs: [{ objective: "none" }],
	},
	{
		...{
			name: "TRL: DPO is no such run",
			path,
			text: script("from trl import DPOConfig", "DPOConfig(beta=0.1)"),
		},
		runs: [],
	},
	{
		...{
			name: "Python: a constant of the module",
			path,
			text: script(
				"from trl import GRPOConfig as Conf",
				"BETA = 2 * 1e-2",
				"def main():",
				"    return Conf(beta=BETA)",
			),
		},
		runs: [{ coefficient: 0.02 }],
	},
	{
		...{
			name: "Python: a name assigned twice is not known",
			path,
			text: script("from trl import GRPOConfig", "b = 0.1", "if x:", "    b = 0", "GRPOConfig(beta=b)"),
		},
		runs: [{ objective: "unknown", coefficient: null }],
	},
	{
		...{
			name: "Python: an argument is not known",
			path,
			text: script("from trl import GRPOConfig", "def make(beta):", "    return GRPOConfig(beta=beta)"),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "Python: argparse's default",
			path,
			text: script(
				"import argparse",
				"from trl import GRPOConfig",
				"p = argparse.ArgumentParser()",
				'p.add_argument("--kl-beta", type=float, default=0.07)',
				"args = p.parse_args()",
				"GRPOConfig(beta=args.kl_beta)",
			),
		},
		runs: [{ coefficient: 0.07 }],
	},
	{
		...{
			name: "Python: the environment's default",
			path,
			text: script(
				"import os",
				"from trl import GRPOConfig",
				'GRPOConfig(beta=float(os.environ.get("BETA", "0.03")))',
			),
		},
		runs: [{ coefficient: 0.03 }],
	},
	{
		...{
			name: "Python: a dict that is unpacked",
			path,
			text: script("from trl import GRPOConfig", 'kw = {"beta": 0.05, "lr": 1}', "GRPOConfig(**kw, seed=1)"),
		},
		runs: [{ coefficient: 0.05 }],
	},
	{
		...{
			name: "Python: what is unpacked is not known",
			path,
			text: script("from trl import GRPOConfig", "GRPOConfig(**load())"),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "Python: a subclass with a default",
			path,
			text: script(
				"from dataclasses import dataclass, field",
				"from trl import GRPOConfig",
				"@dataclass",
				"class Mine(GRPOConfig):",
				"    beta: float = field(default=0.06)",
			),
		},
		runs: [{ framework: "TRL", coefficient: 0.06 }],
	},
	{
		...{
			name: "Python: the command line fills it",
			path,
			text: script(
				"from trl import GRPOConfig, TrlParser",
				"parser = TrlParser((ScriptArguments, GRPOConfig))",
				"a, b = parser.parse_args_and_config()",
			),
		},
		runs: [{ framework: "TRL", objective: "unknown" }],
	},
	{
		...{
			name: "Python: assigned afterwards",
			path,
			text: script("from trl import GRPOConfig", "args = GRPOConfig()", "args.beta = 0.09"),
		},
		runs: [{ coefficient: 0.09 }],
	},
	{
		...{
			name: "Python: comments and strings are nothing",
			path,
			text: script('"""GRPOConfig(beta=0.5)"""', "# GRPOConfig(beta=0.4)"),
		},
		runs: [],
	},
	{
		...{
			name: "Python: a command as a list",
			path,
			text: script(
				"import subprocess",
				'subprocess.run(["python", "-m", "verl.trainer.main_ppo", "actor_rollout_ref.actor.use_kl_loss=True"])',
			),
		},
		runs: [{ framework: "verl", objective: "local-forward-kl" }],
	},
	{
		...{
			name: "TRL: its own command",
			path: "a.sh",
			text: "trl grpo --model_name_or_path x --beta 0.02 --num_generations 8\n",
		},
		runs: [{ framework: "TRL", coefficient: 0.02 }],
	},
	{
		...{
			name: "TRL: a script by accelerate",
			path: "a.sh",
			text: "accelerate launch --config_file zero3.yaml --num_processes 8 src/open_r1/grpo.py \\\n --num_generations 8 --beta=0.03\n",
		},
		runs: [{ framework: "TRL", objective: "local-forward-kl", coefficient: 0.03 }],
	},
	{
		...{
			name: "TRL: a recipe",
			path: "recipe.yaml",
			text: "model_name_or_path: x\nnum_generations: 16\nmax_completion_length: 512\nbeta: 0.01\n",
		},
		runs: [{ framework: "TRL", coefficient: 0.01 }],
	},
	{
		...{
			name: "Unsloth: its own default",
			path,
			text: script(
				"from unsloth import FastLanguageModel",
				"from trl import GRPOConfig",
				"GRPOConfig(learning_rate=1)",
			),
		},
		runs: [{ framework: "Unsloth", objective: "local-forward-kl", coefficient: 0.001 }],
	},
	{
		...{
			name: "Unsloth: before it rewrote the default",
			path,
			text: script("import unsloth", "from trl import GRPOConfig", "GRPOConfig()"),
			version: "2025.3.1",
		},
		runs: [{ framework: "Unsloth", coefficient: 0.04 }],
	},
	{
		...{
			name: "Unsloth: it ignores the correction",
			path,
			text: script(
				"import unsloth",
				"from trl import GRPOConfig",
				"GRPOConfig(beta=0.1, use_bias_correction_kl=True)",
			),
		},
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{
			name: "a notebook: its code, not its outputs",
			path: "n.ipynb",
			text: notebook(
				["!pip install trl", "from trl import GRPOConfig"],
				["args = GRPOConfig(", "    beta=0.04,", ")"],
			),
		},
		runs: [{ framework: "TRL", coefficient: 0.04 }],
	},
	{
		...{
			name: "a notebook: a version that it installs",
			path: "n.ipynb",
			text: notebook(["%pip install trl==0.15.2"], ["from trl import GRPOConfig", "GRPOConfig()"]),
		},
		runs: [{ objective: "local-forward-kl", versionFrom: "file" }],
	},
	{
		...{
			name: "verifiers: its own default",
			path,
			text: script("import verifiers as vf", "from verifiers import GRPOConfig", "vf.GRPOConfig(lr=1)"),
		},
		runs: [{ framework: "verifiers", coefficient: 0.001, objective: "local-forward-kl" }],
	},
	{
		...{
			name: "ms-swift: k3 in the loss by default",
			path: "a.sh",
			text: "swift rlhf --rlhf_type grpo --model x\n",
		},
		runs: [{ framework: "ms-swift", objective: "local-forward-kl", coefficient: 0.04 }],
	},
	{
		...{
			name: "ms-swift: in the reward",
			path: "a.sh",
			text: "NPROC_PER_NODE=8 swift rlhf --rlhf_type grpo --kl_in_reward true --beta 0.1\n",
		},
		runs: [{ objective: "sequence-reverse-kl", place: "reward", rules: ["kl/before-normalisation"] }],
	},
	{
		...{
			name: "ms-swift: RLOO has it in the reward",
			path: "a.sh",
			text: "swift rlhf --rlhf_type grpo --advantage_estimator rloo\n",
		},
		runs: [{ objective: "sequence-reverse-kl" }],
	},
	{
		...{
			name: "ms-swift: PPO is TRL's",
			path: "a.sh",
			text: 'swift rlhf --rlhf_type ppo --kl_coef "${KL:-0.1}"\nswift rlhf --rlhf_type ppo --gamma 0.9\n',
		},
		runs: [
			{ framework: "ms-swift", objective: "sequence-reverse-kl", coefficient: 0.1 },
			{ framework: "ms-swift", objective: "biased", coefficient: 0.05 },
		],
	},
	{
		...{
			name: "ms-swift: PPO whose estimator is the caller's",
			path: "ppo.sh",
			text: 'swift rlhf --rlhf_type ppo --kl_coef 0.1 --kl_penalty "$1"\n',
		},
		runs: [{ framework: "ms-swift", objective: "unknown", also: ["sequence-reverse-kl"] }],
	},
	{
		...{
			name: "Axolotl: a correction that it would not pass on",
			path: "grpo.yaml",
			text: "rl: grpo\nbase_model: a\ntrl:\n  beta: 0.01\nvllm_importance_sampling_correction: true\n",
		},
		runs: [{ framework: "Axolotl", objective: "local-forward-kl", rules: ["trl/importance-spares-kl"] }],
	},
	{
		...{
			name: "ms-swift: DPO is no such run",
			path: "a.sh",
			text: "swift rlhf --rlhf_type dpo --beta 0.1\n",
		},
		runs: [],
	},
	{
		...{ name: "Python: a trainer's subclass is no run of its own", path },
		text: script("from trl import GRPOTrainer", "class Mine(GRPOTrainer):", "    beta = 0.5"),
		runs: [],
	},
	{
		...{ name: "Unsloth: TRL's facts hold for it too", path },
		text: script(
			"import unsloth",
			"from trl import GRPOConfig",
			"GRPOConfig(beta=0.1, vllm_importance_sampling_correction=True)",
		),
		runs: [{ framework: "Unsloth", rules: ["trl/importance-spares-kl"] }],
	},
];
