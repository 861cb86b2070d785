import { type Case, command } from "./case.ts";

const path = "run.sh";
const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;
const loss = [
	"actor_rollout_ref.actor.use_kl_loss=True",
	"actor_rollout_ref.actor.kl_loss_coef=0.02",
	"actor_rollout_ref.actor.kl_loss_type=mse",
];

/** What starts a run, and what starts none. */
export const startCases: readonly Case[] = [
	{
		...{ name: "verl: an evaluation with a run's settings is none", path },
		text: lines(
			`python3 -m recipe.mine.evaluate ${loss.join(" ")} algorithm.use_kl_in_reward=True`,
			`python3 scripts/eval.py ${loss.join(" ")}`,
			`python3 -m verl.trainer.main_ppo trainer.val_only=True ${loss.join(" ")}`,
			"python3 -m verl.trainer.main config=c.yaml algorithm.kl_coef=0.1 trainer.val_only=true",
		),
		runs: [],
	},
	{
		...{ name: "verl: what may only validate is a run", path },
		text: `python3 -m verl.trainer.main_ppo trainer.val_only=False ${loss.join(" ")}\n`,
		runs: [{ objective: "local-reverse-kl" }],
	},
	{
		...{ name: "verl: a server beside the run", path },
		text: lines(
			"python -m verl.workers.rollout.serve --model_path m --temperature 1.0 &",
			command("python3 -m verl.trainer.main_ppo", ...loss),
		),
		runs: [{ framework: "verl", objective: "local-reverse-kl", coefficient: 0.02 }],
	},
	{
		...{ name: "Trinity-RFT: what samples, measures or imitates is no run", path: "c.yaml" },
		text: lines(
			"algorithm: {algorithm_type: sft}",
			"---",
			"algorithm: {algorithm_type: dpo, kl_loss_fn: k1}",
			"---",
			"mode: explore",
			"algorithm: {algorithm_type: grpo}",
			"---",
			"mode: train",
			"algorithm: {algorithm_type: grpo}",
		),
		runs: [{ framework: "Trinity-RFT", objective: "local-reverse-kl" }],
	},
	{
		...{ name: "shell: a script that is written without a name, and submitted", path },
		text: lines(
			"KL=0.004",
			"JOB=$(mktemp)",
			'cat > "$JOB" <<EOF',
			"#!/bin/bash",
			"#SBATCH -N 1",
			"python -m verl.trainer.main_ppo \\\\",
			"  actor_rollout_ref.actor.use_kl_loss=True \\\\",
			"  actor_rollout_ref.actor.kl_loss_coef=$KL \\\\",
			"  trainer.default_local_dir=/tmp/\\$SLURM_JOB_ID",
			"EOF",
			'ID=$(sbatch --parsable "$JOB")',
		),
		runs: [{ framework: "verl", objective: "local-forward-kl", coefficient: 0.004 }],
	},
	{
		...{ name: "shell: overrides for a script that is elsewhere", path },
		text: lines(
			'N=4 bash "${ROOT}/scripts/launch.sh" trainer.nnodes=2 \\',
			`  ${loss.join(" ")} algorithm.use_kl_in_reward=False`,
			'bash "${ROOT}/scripts/launch.sh" trainer.nnodes=2 trainer.n_gpus_per_node=8',
		),
		runs: [{ framework: "verl", objective: "local-reverse-kl", coefficient: 0.02 }],
	},
	{
		...{ name: "shell: overrides for a script that is elsewhere, and decides the rest", path },
		text: "bash elsewhere/launch.sh actor_rollout_ref.actor.kl_loss_coef=0.02\n",
		runs: [{ framework: "verl", objective: "unknown" }],
	},
	{
		...{ name: "shell: a command that a heredoc keeps for another shell", path },
		text: lines(
			"KL=0.03",
			"read -r -d '' job <<EOF",
			"cd ${ROOT} \\",
			"&& export HYDRA_FULL_ERROR=1 \\",
			"&& python -u examples/nlp/gpt/train_gpt_ppo_actor.py \\",
			'   "++model.data.data_prefix={train: [${DATA}], test: [${DATA}]}" \\',
			"   trainer.ppo.use_absolute_kl=False \\",
			'   trainer.ppo.initial_policy_kl_penalty="${KL}"',
			"EOF",
			'srun -o $OUT $MOUNTS bash -c "${job}" & pids[0]=$!',
		),
		runs: [{ framework: "NeMo-Aligner", objective: "sequence-reverse-kl", coefficient: 0.03 }],
	},
	{
		...{ name: "Python: the command line of a program that is started within", path: "run.py" },
		text: lines(
			"import sys",
			"from verl.trainer import main_ppo",
			`overrides = [${loss.map((one) => `"${one}"`).join(", ")}, "algorithm.use_kl_in_reward=False"]`,
			'sys.argv = ["verl.trainer.main_ppo"] + overrides',
			"main_ppo.main()",
		),
		runs: [{ framework: "verl", objective: "local-reverse-kl", coefficient: 0.02 }],
	},
	{
		...{ name: "Python: a command line that is only passed on", path: "run.py" },
		text: lines(
			"import runpy, sys",
			"kl_patch = 1",
			'sys.argv = ["verl.trainer.main_ppo", *sys.argv[1:]]',
			'runpy.run_module("verl.trainer.main_ppo")',
		),
		runs: [],
	},
];
