import type { Case } from "./case.ts";

const path = "train.py";
const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;
const trl = (...own: readonly string[]) => lines("from trl import GRPOConfig, GRPOTrainer", ...own);

/** Settings that stand in a dict before a class is given them, and what happens to it on the way. */
export const pythonDictCases: readonly Case[] = [
	{
		...{
			name: "a default of a dict without its value",
			path,
			text: trl("SETTINGS = {}", 'SETTINGS.setdefault("beta")', "GRPOConfig(**SETTINGS)"),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "a class of settings without a KL, that another file uses",
			path,
			text: lines(
				"from dataclasses import dataclass",
				"from trl import RLOOConfig",
				"@dataclass",
				"class Settings(RLOOConfig):",
				"    data: str = 'sums'",
			),
		},
		runs: [{ objective: "unknown", certainty: "unknown" }],
	},
	{
		...{
			name: "a dict of settings that is read key by key",
			path,
			text: trl(
				'SETTINGS = {"beta": 0.04, "steps": -1, "inner": {"epsilon": 0.2}}',
				"def train():",
				'    return GRPOConfig(beta=SETTINGS["beta"], epsilon=SETTINGS["inner"]["epsilon"], max_prompt_length=8)',
			),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.04, certainty: "certain" }],
	},
	{
		...{
			name: "a dict's entry or what stands for it",
			path,
			text: trl(
				"SETTINGS = dict(lr=1e-5)",
				'GRPOConfig(beta=SETTINGS.get("beta", 0.02), max_prompt_length=8)',
			),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "a dict's entry that changes",
			path,
			text: trl('S = {"beta": 0.04}', 'S["beta"] = float(input())', 'GRPOConfig(beta=S["beta"])'),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "an entry that is set after the dict is made",
			path,
			text: trl('kw = {"num_generations": 4}', 'kw["beta"] = 0.1', "GRPOConfig(**kw, max_prompt_length=8)"),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.1 }],
	},
	{
		...{
			name: "an entry that a condition sets",
			path,
			text: trl(
				"def make(strict):",
				"    kw = dict(num_generations=4, max_prompt_length=8)",
				"    if strict:",
				'        kw["beta"] = 0.1',
				"    return GRPOConfig(**kw)",
			),
		},
		runs: [{ objective: "unknown", also: ["local-forward-kl", "none"] }],
	},
	{
		...{
			name: "an entry where the version has it",
			path,
			text: trl(
				"kw = dict(num_generations=4, max_prompt_length=8)",
				'if "beta" in inspect.signature(GRPOConfig).parameters:',
				'    kw["beta"] = 0.1',
				"GRPOConfig(**kw)",
			),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.1 }],
	},
	{
		...{
			name: "entries that are put in and taken out",
			path,
			text: trl(
				'kw = {"beta": 0.3, "max_prompt_length": 8}',
				'kw.update({"beta": 0.1}, num_generations=4)',
				'kw |= {"epsilon": 0.2}',
				'kw.setdefault("beta", 0.9)',
				'kw.pop("epsilon")',
				"GRPOConfig(**kw)",
			),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.1 }],
	},
	{
		...{
			name: "a dict that takes in one that is not known",
			path,
			text: trl("kw = dict(max_prompt_length=8)", "kw.update(load())", "GRPOConfig(**kw)"),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "what the class knows of a dict",
			path,
			text: trl(
				"kw = dict(beta=0.1, max_prompt_length=8, gone=None)",
				"known = {f.name for f in fields(GRPOConfig)}",
				"kw = {k: v for k, v in kw.items() if k in known and v is not None}",
				"GRPOConfig(**kw)",
			),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.1 }],
	},
	{
		...{
			name: "a name that is given another value before it is used",
			path,
			text: trl("beta = 0.5", "beta = 0.1", "GRPOConfig(beta=beta, max_prompt_length=8)"),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.1 }],
	},
	{
		...{
			name: "a name that a condition gives another value",
			path,
			text: trl("beta = 0.5", "if hard():", "    beta = 0.0", "GRPOConfig(beta=beta, max_prompt_length=8)"),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "a name that a loop makes smaller",
			path,
			text: trl(
				"beta = 0.5",
				"for turn in range(turns):",
				"    beta = beta - 0.5",
				"    GRPOConfig(beta=beta, max_prompt_length=8)",
			),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "a default that a comparison asks for",
			path,
			text: trl(
				"p = argparse.ArgumentParser()",
				'p.add_argument("--beta", type=float, default=None)',
				"a = p.parse_args()",
				"GRPOConfig(beta=a.beta if a.beta is not None else 0.04, max_prompt_length=8)",
			),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.04 }],
	},
	{
		...{
			name: "an attribute that a condition sets",
			path,
			text: trl("a = GRPOConfig(beta=0.1, max_prompt_length=8)", "if fast():", "    a.beta = 0.0"),
		},
		runs: [{ objective: "unknown", also: ["local-forward-kl", "none"] }],
	},
	{
		...{
			name: "a version that a comment has",
			path,
			text: trl("# tested with trl==0.14.0", "GRPOConfig(num_generations=4)"),
		},
		runs: [{ objective: "local-forward-kl", certainty: "assumes-version", also: ["none"] }],
	},
	{
		...{
			name: "Tunix: leave-one-out is its GRPO with other advantages",
			path,
			text: lines("from tunix.rl.grpo import rloo_learner as lib", "lib.RLOOConfig(beta=0.1)"),
			version: "0.1.6",
		},
		runs: [{ framework: "Tunix", objective: "local-forward-kl", coefficient: 0.1 }],
	},
	{
		...{
			name: "TRL before 0.12: PPO by the settings of its time",
			path,
			text: lines("from trl import PPOConfig", "PPOConfig(batch_size=1, early_stopping=False)"),
		},
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.2 }],
	},
	{
		...{
			name: "keys that are sifted by what the version has say nothing of the version",
			path,
			text: trl(
				'kw = {"output_dir": "x", "vllm_device": "cuda:0"}',
				"GRPOConfig(**{k: v for k, v in kw.items() if k in allowed})",
			),
		},
		runs: [{ objective: "none", certainty: "assumes-version", also: ["local-forward-kl"] }],
	},
	{
		...{
			name: "a helper that adds an option to a list",
			path,
			text: lines(
				'command = ["python3", "-m", "openrlhf.cli.train_ppo_ray"]',
				'add(command, "--algo.kl.init_coef", 0.03)',
				'add(command, "--algo.kl.use_loss")',
				'add(command, "--algo.kl.estimator", "k3")',
				"run(command)",
			),
		},
		runs: [{ framework: "OpenRLHF", objective: "local-forward-kl", coefficient: 0.03 }],
	},
];
