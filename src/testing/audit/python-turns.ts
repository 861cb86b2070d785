import type { Case } from "./case.ts";

const path = "train.py";
const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;
const start = '"python", "-m", "verl.trainer.main_ppo"';
const on = "actor_rollout_ref.actor.use_kl_loss=True";
const coef = "actor_rollout_ref.actor.kl_loss_coef";

/** Loops, calls and lists of words in Python: a run for each value. */
export const pythonTurnCases: readonly Case[] = [
	{
		...{
			name: "Python: a loop over a list",
			path,
			text: lines(
				"from trl import GRPOConfig",
				"for beta in [0.0, 0.04]:",
				"    config = GRPOConfig(output_dir=f'out-{beta}', beta=beta)",
			),
		},
		runs: [{ objective: "none" }, { objective: "local-forward-kl", coefficient: 0.04 }],
	},
	{
		...{
			name: "Python: a list that has a name, enumerated",
			path,
			text: lines(
				"from trl import RLOOConfig",
				"BETAS = (0.1, 0.2)",
				"for i, beta in enumerate(BETAS):",
				"    RLOOConfig(beta=beta)",
			),
		},
		runs: [{ coefficient: 0.1 }, { coefficient: 0.2 }],
	},
	{
		...{
			name: "Python: a product of two lists; a turn that changes nothing is no run",
			path,
			text: lines(
				"import itertools",
				"from trl import RLOOConfig",
				"for beta, seed in itertools.product([0, 0.2], [1, 2]):",
				"    RLOOConfig(beta=beta)",
			),
		},
		runs: [{ objective: "none" }, { objective: "sequence-reverse-kl", coefficient: 0.2 }],
	},
	{
		...{
			name: "Python: zip, and a dict's items",
			path,
			text: lines(
				"from trl import PPOConfig",
				"for beta, kind in zip([0.1, 0.2], ['k1', 'k3']):",
				"    PPOConfig(kl_coef=beta, kl_estimator=kind)",
				"for name, beta in {'a': 0.3}.items():",
				"    PPOConfig(kl_coef=beta)",
			),
		},
		runs: [
			{ objective: "sequence-reverse-kl", coefficient: 0.1 },
			{ objective: "reverse-minus-forward", coefficient: 0.2 },
			{ coefficient: 0.3 },
		],
	},
	{
		...{
			name: "Python: a comprehension",
			path,
			text: lines("from trl import RLOOConfig", "configs = [RLOOConfig(beta=b) for b in (0.1, 0.3)]"),
		},
		runs: [{ coefficient: 0.1 }, { coefficient: 0.3 }],
	},
	{
		...{
			name: "Python: a function called in a loop",
			path,
			text: lines(
				"from trl import RLOOConfig",
				"def train(model, beta=0.5, *, seed=0):",
				"    return RLOOConfig(beta=beta)",
				"for b in [0.1, 0.2]:",
				"    train('m', b)",
				"train('m', seed=3)",
			),
		},
		runs: [{ coefficient: 0.1 }, { coefficient: 0.2 }, { coefficient: 0.5 }],
	},
	{
		...{
			name: "Python: a parameter's default, where nothing calls",
			path,
			text: lines("from trl import RLOOConfig", "def main(beta: float = 0.07):", "    RLOOConfig(beta=beta)"),
		},
		runs: [{ objective: "sequence-reverse-kl", coefficient: 0.07 }],
	},
	{
		...{
			name: "Python: a parameter without a default is not known",
			path,
			text: lines("from trl import GRPOConfig", "def main(beta):", "    GRPOConfig(beta=beta)"),
		},
		runs: [{ objective: "unknown", also: ["none", "local-forward-kl"] }],
	},
	{
		...{
			name: "Python: a loop over what is computed is not known",
			path,
			text: lines("from trl import GRPOConfig", "for beta in grid():", "    GRPOConfig(beta=beta)"),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "Python: two loops that share a name",
			path,
			text: lines(
				"from trl import RLOOConfig",
				"for b in [0.1]:",
				"    RLOOConfig(beta=b)",
				"for b in [0.2]:",
				"    RLOOConfig(beta=b)",
			),
		},
		runs: [{ coefficient: 0.1 }, { coefficient: 0.2 }],
	},
	{
		...{
			name: "Python: a command's words in a loop, with what is added to them",
			path,
			text: lines(
				"import subprocess",
				"for kl in (0.001, 0.01):",
				`    cmd = [${start}, "${on}", f"${coef}={kl}"]`,
				'    cmd.append("actor_rollout_ref.actor.kl_loss_type=kl")',
				"    subprocess.run(cmd)",
			),
		},
		runs: [
			{ objective: "zero-mean-noise", coefficient: 0.001 },
			{ objective: "zero-mean-noise", coefficient: 0.01 },
		],
	},
	{
		...{
			name: "Python: words that a condition adds may be there or not",
			path,
			text: lines(
				`cmd = [${start}, "algorithm.use_kl_in_reward=False"]`,
				"if args.kl:",
				`    cmd += ["${on}"]`,
				"if args.long:",
				'    cmd += ["trainer.total_epochs=3"]',
			),
		},
		runs: [{ objective: "unknown", also: ["none", "local-forward-kl"] }],
	},
	{
		...{
			name: "Python: what a condition adds that is no matter for the KL",
			path,
			text: lines(`cmd = [${start}, "${on}"]`, "if args.long:", '    cmd.extend(["trainer.total_epochs=3"])'),
		},
		runs: [{ objective: "local-forward-kl", certainty: "certain" }],
	},
	{
		...{
			name: "Python: lists that are joined are one command",
			path,
			text: lines(
				`base = [${start}]`,
				'full = base + ["algorithm.use_kl_in_reward=True"]',
				`other = [*base, "${on}"]`,
			),
		},
		runs: [{ objective: "sequence-reverse-kl" }, { objective: "local-forward-kl" }],
	},
	{
		...{
			name: "Python: a list that is joined with what is not known",
			path,
			text: lines(`run([${start}, "algorithm.use_kl_in_reward=False"] + extra)`),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "Python: a command as text",
			path,
			text: lines(
				"import os",
				"for kl in [0.01, 0.02]:",
				`    os.system(f"python -m verl.trainer.main_ppo ${on} ${coef}={kl} > log-{kl}.txt")`,
			),
		},
		runs: [{ coefficient: 0.01 }, { coefficient: 0.02 }],
	},
];
