import { type Case, command } from "./case.ts";

const main = "python3 -m verl.trainer.main_ppo";
const on = "actor_rollout_ref.actor.use_kl_loss=True";
const coef = "actor_rollout_ref.actor.kl_loss_coef";
const path = "run.sh";

/** Forms of launch scripts; what they say is verl's. */
export const shellCases: readonly Case[] = [
	{
		...{
			name: "shell: commands that edit, copy and read the framework's files run none of them",
			path: "setup.sh",
		},
		text: [
			"sed -i 's/0.01/0.02/' openrlhf/cli/train_ppo_ray.py",
			"cp ours/train_ppo_ray.py openrlhf/cli/train_ppo_ray.py",
			"/usr/bin/grep -n kl skyrl_train/entrypoints/main_base.py",
			"git checkout examples/start_rlvr_pipeline.py",
			"cat verl/trainer/main_ppo.py",
		].join("\n"),
		runs: [],
	},
	{
		...{
			name: "shell: a variable with a default",
			path,
			text: `KL=\${KL:-"0.02"}\n${command(main, on, `${coef}=$KL`)}`,
		},
		runs: [{ coefficient: 0.02 }],
	},
	{
		...{
			name: "shell: a default where it is used",
			path,
			text: command(main, on, `${coef}=\${KL:-\${OTHER:-0.03}}`),
		},
		runs: [{ coefficient: 0.03 }],
	},
	{
		...{ name: "shell: the last of two wins", path, text: command(main, on, `${coef}=0.1`, `${coef}=0.2`) },
		runs: [{ coefficient: 0.2 }],
	},
	{
		...{
			name: "shell: what is commented out is nothing",
			path,
			text: `# ${main} ${on} ${coef}=0.5\n${command(main, on)}# ${coef}=0.7\n`,
		},
		runs: [{ coefficient: 0.001 }],
	},
	{
		...{
			name: "shell: no space before the continuation",
			path,
			text: `${main} ${on}\\\n    ${coef}=0.04\\\n  trainer.n=1\n`,
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.04 }],
	},
	{
		...{
			name: "shell: a loop is a run each",
			path,
			text: `for beta in 0.0 0.01 0.1; do\n  ${main} ${on} ${coef}=$beta\ndone\n`,
		},
		runs: [
			{ objective: "none" },
			{ objective: "local-forward-kl", coefficient: 0.01 },
			{ objective: "local-forward-kl", coefficient: 0.1 },
		],
	},
	{
		...{
			name: "shell: a loop over an array",
			path,
			text: `BETAS=(0.01 0.1)\nfor b in "\${BETAS[@]}"; do ${main} ${on} ${coef}=\${b}; done`,
		},
		runs: [{ coefficient: 0.01 }, { coefficient: 0.1 }],
	},
	{
		...{
			name: "shell: a loop whose variable decides nothing is one run",
			path,
			text: `for seed in 1 2 3; do\n ${main} ${on} &\ndone\nwait\n`,
		},
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{
			name: "shell: arrays with comments, appended to",
			path,
			text: `ARGS=(\n  ${on}   # the loss\n  # ${coef}=9\n)\nARGS+=(${coef}=0.05)\n${main} "\${ARGS[@]}" "$@"\n`,
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.05 }],
	},
	{
		...{
			name: "shell: settings in a string",
			path,
			text: `KL_ARGS="${on} ${coef}=0.06"\n${main} $KL_ARGS\n`,
		},
		runs: [{ coefficient: 0.06 }],
	},
	{
		...{ name: "shell: settings in a variable that is not set", path, text: `${main} $KL_ARGS\n` },
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "shell: two runs in one file",
			path,
			text: `${main} ${on} && ${main} algorithm.use_kl_in_reward=True; echo done | tee log\n`,
		},
		runs: [{ place: "loss" }, { place: "reward" }],
	},
	{
		...{
			name: "shell: ray job submit",
			path,
			text: `ray job submit --address="http://127.0.0.1:8265" --runtime-env=env.yaml --no-wait -- ${command(main, on)}`,
		},
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{
			name: "shell: srun, nohup, env and bash -c",
			path,
			text: `nohup srun --nodes=1 env A=b bash -c "${main} ${on} ${coef}=0.07" > log 2>&1 &\n`,
		},
		runs: [{ coefficient: 0.07 }],
	},
	{
		...{
			name: "shell: branches that differ",
			path,
			text: `if [ "$MODE" = kl ]; then USE=True; else USE=False; fi\n${main} actor_rollout_ref.actor.use_kl_loss=$USE algorithm.use_kl_in_reward=False\n`,
		},
		runs: [{ objective: "unknown", also: ["local-forward-kl", "none"] }],
	},
	{
		...{
			name: "shell: a default by a branch",
			path,
			text: `if [ -z "$B" ]; then\n  B=0.08\nfi\n${main} ${on} ${coef}=$B\n`,
		},
		runs: [{ coefficient: 0.08 }],
	},
	{
		...{
			name: "shell: a function called with values",
			path,
			text: `run() {\n  local b=$1\n  ${main} ${on} ${coef}=$b\n}\nrun 0.01\nrun 0.02\n`,
		},
		runs: [{ coefficient: 0.01 }, { coefficient: 0.02 }],
	},
	{
		...{
			name: "shell: one variable for two switches",
			path,
			text: `KL=True\n${main} actor_rollout_ref.actor.use_kl_loss=$KL algorithm.use_kl_in_reward=$KL\n`,
		},
		runs: [{ objective: "double" }],
	},
	{
		...{
			name: "shell: + and ++ before a key, quotes around it",
			path,
			text: `${main} ++${on} '+${coef}=0.09' "algorithm.use_kl_in_reward=False"\n`,
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.09 }],
	},
	{
		...{
			name: "shell: a heredoc that writes YAML",
			path,
			text: `cat > conf.yaml <<'EOF'\nactor_rollout_ref:\n  actor:\n    use_kl_loss: true\nEOF\necho ok\n`,
		},
		runs: [{ framework: "verl", objective: "local-forward-kl" }],
	},
	{
		...{
			name: "shell: Python by a heredoc",
			path,
			text: `python - <<'EOF'\nfrom trl import GRPOConfig\nc = GRPOConfig(beta=0.04)\nEOF\n`,
		},
		runs: [{ framework: "TRL", coefficient: 0.04 }],
	},
	{
		...{ name: "shell: eval of a string", path, text: `CMD="${main} ${on}"\neval "$CMD"\n` },
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{
			name: "shell: a near miss is nothing",
			path,
			text: "export MKL_NUM_THREADS=1\npython dpo.py --beta 0.1 --adam_beta1 0.9\n",
		},
		runs: [],
	},
	{
		...{ name: "shell: paths below unset variables are no settings", path },
		text: `${main} ${on} data.val_files=[$HOME/a.parquet, $HOME/b.parquet] $DATA/c\n`,
		runs: [{ objective: "local-forward-kl", certainty: "certain" }],
	},
	{
		...{ name: "shell: a command that is read from a heredoc", path },
		text: "read -r -d '' training_commands <<EOF\nopenrlhf.cli.train_ppo_ray \\\n  --init_kl_coef 0.02 \\\n  --use_kl_loss \\\n  --kl_estimator k3\nEOF\ndeepspeed --module $training_commands\n",
		runs: [{ framework: "OpenRLHF", objective: "local-forward-kl", coefficient: 0.02 }],
	},
	{
		...{ name: "shell: commands that are read from a heredoc", path },
		text: "read -r -d '' all <<EOF\ncd $HERE \\\n&& python -m openrlhf.cli.train_ppo_ray --init_kl_coef 0.03\nEOF\nsrun bash -c \"$all\"\n",
		runs: [{ framework: "OpenRLHF", objective: "sequence-reverse-kl", coefficient: 0.03 }],
	},
	{
		...{ name: "shell: a script of whose path only the end is known", path },
		text: 'PY=$(which python3)\n"$PY" "$(pwd)/train.py" --hf-checkpoint x --use-kl-loss --kl-loss-coef 0.1 --kl-loss-type k2\n',
		runs: [{ framework: "slime", objective: "local-reverse-kl", coefficient: 0.1 }],
	},
	{
		...{ name: "shell: what an expansion sets by the way", path },
		text: ': "${KL:=0.04}" "${ON:=}"\npython -m openrlhf.cli.train_ppo_ray --init_kl_coef $KL $ON\n',
		runs: [{ framework: "OpenRLHF", objective: "sequence-reverse-kl", coefficient: 0.04 }],
	},
	{
		...{ name: "shell: a sourced array of the model's says nothing of the KL", path },
		text: 'source model.sh\nray job submit -- python3 train.py --hf-checkpoint x "${MODEL_ARGS[@]}"\n',
		runs: [{ framework: "slime", objective: "none", certainty: "certain" }],
	},
	{
		...{ name: "shell: a sourced array of another name may", path },
		text: 'source args.sh\nray job submit -- python3 train.py --hf-checkpoint x "${GRPO_ARGS[@]}"\n',
		runs: [{ framework: "slime", objective: "unknown" }],
	},
	{
		...{
			name: "shell: options of which a condition takes some, and none says anything of a KL",
			path: "run.sh",
			text: [
				"MORE=()",
				'if [ "$GPUS" -gt 1 ]; then MORE+=(--num_engines "$GPUS" --sleep true); fi',
				'swift rlhf --rlhf_type grpo --beta 0.01 "${MORE[@]}"',
				"",
			].join("\n"),
		},
		runs: [{ framework: "ms-swift", objective: "local-forward-kl", coefficient: 0.01 }],
	},
	{
		...{
			name: "shell: options of which a condition takes some, and one says something of a KL",
			path: "run.sh",
			text: [
				"MORE=()",
				'if [ "$GPUS" -gt 1 ]; then MORE+=(--kl_in_reward true); fi',
				'swift rlhf --rlhf_type grpo --beta 0.01 "${MORE[@]}"',
				"",
			].join("\n"),
		},
		runs: [{ framework: "ms-swift", objective: "unknown" }],
	},
	{
		...{
			name: "shell: a coefficient that nothing uses, and that may be 0",
			path: "run.sh",
			text: "python3 -m verl.trainer.main_ppo trainer.use_v1=False algorithm.kl_ctrl.kl_coef=$COEF\n",
		},
		runs: [{ objective: "unknown", also: ["silently-ignored", "none"] }],
	},
	{
		...{
			name: "verl-agent: its own keys are of a time with the switch",
			path: "run.sh",
			text: [
				"python3 -m verl.trainer.main_ppo actor_rollout_ref.actor.use_kl_loss=False \\",
				"  actor_rollout_ref.actor.use_invalid_action_penalty=True env.env_name=x",
				"",
			].join("\n"),
		},
		runs: [{ objective: "none", certainty: "certain" }],
	},
];
