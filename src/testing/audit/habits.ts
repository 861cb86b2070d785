import { type Case, command } from "./case.ts";

const main = "python3 -m verl.trainer.main_ppo";
const on = "actor_rollout_ref.actor.use_kl_loss=True";
const coef = "actor_rollout_ref.actor.kl_loss_coef";
const path = "run.sh";
const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;

/** What real launch scripts do besides. */
export const habitCases: readonly Case[] = [
	{
		...{
			name: "shell: options that a loop reads from the caller keep their defaults",
			path,
			text: lines(
				"KL=0.001",
				'while [[ "$#" -gt 0 ]]; do',
				'  case "$1" in',
				'    --kl) KL="$2"; shift 2 ;;',
				"    *) exit 1 ;;",
				"  esac",
				"done",
				`${main} ${on} ${coef}=$KL`,
			),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.001 }],
	},
	{
		...{
			name: "shell: getopts",
			path,
			text: lines(
				"KL=0.01",
				"while getopts 'k:' opt; do",
				"  KL=$OPTARG",
				"done",
				`${main} ${on} ${coef}=$KL`,
			),
		},
		runs: [{ coefficient: 0.01 }],
	},
	{
		...{
			name: "shell: a loop over the caller's words",
			path,
			text: lines("KL=0.02", 'for word in "$@"; do KL=$word; done', `${main} ${on} ${coef}=$KL`),
		},
		runs: [{ coefficient: 0.02 }],
	},
	{
		...{
			name: "shell: a loop that waits changes nothing that it does not set",
			path,
			text: lines("KL=0.02", "while ! ray status; do sleep 5; done", `${main} ${on} ${coef}=$KL`),
		},
		runs: [{ coefficient: 0.02 }],
	},
	{
		...{
			name: "shell: eval expands once more",
			path,
			text: lines(
				"export USE=True",
				`CMD=(${main} actor_rollout_ref.actor.use_kl_loss=\\$USE)`,
				'main() { echo "Command: ${CMD[*]}"; eval "${CMD[@]}" "$@"; }',
				'main "$@"',
			),
		},
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{
			name: "shell: what is only said is no run",
			path,
			text: lines(`echo "${main} algorithm.use_kl_in_reward=True"`, `echo ${main} ${on}`, `${main} ${on}`),
		},
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{
			name: "shell: a launcher that is an array",
			path,
			text: lines(
				"LAUNCH=(python3)",
				'if [ "$UV" != 0 ]; then LAUNCH=(uv run python3); fi',
				`ACTOR=(${on} ${coef}=\${KL:-0.004})`,
				'"${LAUNCH[@]}" -m verl.trainer.main_ppo "${ACTOR[@]}" "$@"',
			),
		},
		runs: [{ coefficient: 0.004 }],
	},
	{
		...{
			name: "shell: bash -c has the script's variables",
			path,
			text: lines("export KL=0.06", `srun bash -c '${main} ${on} ${coef}=$KL'`),
		},
		runs: [{ coefficient: 0.06 }],
	},
	{
		...{
			name: "verl: a key of an old version, and the KL in the reward",
			path,
			text: command(
				main,
				"actor_rollout_ref.actor.fsdp_config.grad_offload=False",
				"algorithm.kl_ctrl.kl_coef=0.001",
			),
		},
		runs: [
			{
				objective: "sequence-reverse-kl",
				certainty: "certain",
				coefficient: 0.001,
				rules: ["verl/reward-unless-loss"],
			},
		],
	},
	{
		...{
			name: "verl: of that time the sign of the loss's KL is in doubt",
			path,
			text: command(main, on, "actor_rollout_ref.rollout.n_agent=5"),
		},
		runs: [{ objective: "local-forward-kl", certainty: "assumes-version", also: ["sign-flipped"] }],
	},
	{
		...{
			name: "verl: a key that is added says nothing of the version",
			path,
			text: command(
				main,
				"+actor_rollout_ref.actor.fsdp_config.grad_offload=False",
				"algorithm.kl_ctrl.kl_coef=0.001",
			),
		},
		runs: [{ objective: "silently-ignored", certainty: "assumes-version", also: ["sequence-reverse-kl"] }],
	},
	{
		...{
			name: "verl: a key that is added though newer versions have it",
			path,
			text: command(main, "algorithm.kl_ctrl.kl_coef=0.001", "+trainer.val_before_train=False"),
		},
		runs: [{ objective: "sequence-reverse-kl", certainty: "assumes-version", also: ["silently-ignored"] }],
	},
	{
		...{
			name: "verl: a key of a new version",
			path,
			text: command(main, "algorithm.kl_ctrl.kl_coef=0.001", "algorithm.norm_adv_by_std_in_grpo=False"),
		},
		runs: [{ objective: "silently-ignored", certainty: "certain" }],
	},
	{
		...{
			name: "verl: the week in which the KL was subtracted",
			path,
			text: command(main, on, `${coef}=0.001`),
			version: "2025-01-27",
		},
		runs: [
			{ objective: "sign-flipped", place: "loss", coefficient: 0.001, rules: ["verl/kl-loss-subtracted"] },
		],
	},
	{
		...{
			name: "verl: in that week the reward's KL has its right sign",
			path,
			text: command(main, "algorithm.kl_ctrl.kl_coef=0.001"),
			version: "2025-01-27",
		},
		runs: [{ objective: "sequence-reverse-kl" }],
	},
	{
		...{
			name: "verl: the day after, and a day before",
			path,
			text: command(main, on, `${coef}=0.001`),
			version: "2025-02-03",
		},
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{
			name: "verl: a negative coefficient",
			path,
			text: command(main, on, `${coef}=-0.01`),
		},
		runs: [{ objective: "sign-flipped", coefficient: -0.01 }],
	},
	{
		...{
			name: "verl: another program that says where its KL is",
			path,
			text: command("python3 -m siirl.client.main", on, `${coef}=0.01`),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.01 }],
	},
	{
		...{
			name: "rllm: its own trainer, and a coefficient that waits for its switch",
			path,
			text: command(
				"python3 -m examples.math.train",
				"actor_rollout_ref.actor.use_kl_loss=False",
				`${coef}=0.001`,
				"rllm.stepwise_advantage.enable=False",
			),
		},
		runs: [{ objective: "silently-ignored", rules: ["verl/kl-loss-coef-without-switch"] }],
	},
	{
		...{
			name: "rllm: a KL in the reward is left out",
			path,
			text: command(main, "algorithm.use_kl_in_reward=True", "rllm.agent.max_steps=3"),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "verl: a file of its own examples that is not there says nothing of a KL",
			path,
			text: command(main, "--config-name='gsm8k_multiturn_grpo'", on, `${coef}=0.001`),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.001 }],
	},
	{
		...{
			name: "YAML: a group that says nothing of a KL may be missing",
			path: "base.yaml",
			text: lines(
				"defaults:",
				"  - ppo_trainer",
				"  - envs",
				"actor_rollout_ref:",
				"  actor: {use_kl_loss: true, kl_loss_coef: 0.01}",
				"algorithm: {use_kl_in_reward: false}",
			),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.01 }],
	},
	{
		...{
			name: "YAML: oc.select with a default, and a place beside",
			path: "c.yaml",
			text: lines(
				"kl: 0.02",
				"actor_rollout_ref:",
				"  actor:",
				"    use_kl_loss: ${oc.select:use_kl,true}",
				"    start: 0.5",
				"    kl_loss_coef: ${.start}",
				"algorithm: {use_kl_in_reward: false}",
			),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.5 }],
	},
	{
		...{
			name: "miles: a launcher whose text grows by conditions with defaults",
			path: "run.py",
			text: lines(
				"from dataclasses import dataclass",
				"import miles.utils.external_utils.command_utils as U",
				"@dataclass",
				"class ScriptArgs(U.ExecuteTrainConfig):",
				"    use_kl_loss: bool = True",
				"    bridge: bool = False",
				'    extra_args: str = ""',
				"def execute(args):",
				'    ckpt_args = f"--hf-checkpoint {args.model_dir} "',
				"    if not args.bridge:",
				'        ckpt_args += "--load x "',
				'    grpo_args = "--advantage-estimator grpo "',
				"    if args.use_kl_loss:",
				'        grpo_args += "--use-kl-loss --kl-loss-coef 0.02 --kl-loss-type k2 "',
				"    if args.fp8:",
				'        grpo_args += "--eps-clip 0.2 "',
				'    train_args = f"{ckpt_args} {grpo_args} {args.extra_args} "',
				"    U.execute_train(train_args=train_args, config=args)",
			),
		},
		runs: [{ framework: "slime", objective: "local-reverse-kl", coefficient: 0.02 }],
	},
	{
		...{
			name: "miles: a condition that is not known",
			path: "run.py",
			text: lines(
				"import miles.utils.external_utils.command_utils as U",
				'grpo_args = "--hf-checkpoint x --advantage-estimator grpo "',
				"if kl():",
				'    grpo_args += "--use-kl-loss --kl-loss-coef 0.02 --kl-loss-type k3 "',
				"U.execute_train(train_args=grpo_args)",
			),
		},
		runs: [{ objective: "unknown" }],
	},
	{
		...{
			name: "shell: blanks and comments behind the backslash of a line that is meant to go on",
			path,
			text: lines(
				`${main} \\ # the program`,
				`  ${on} \\ `,
				`  ${coef}=0.5 \\\t`,
				"  algorithm.use_kl_in_reward=False \\ # of no effect",
				"  actor_rollout_ref.actor.kl_loss_type=mse",
			),
		},
		runs: [{ objective: "local-reverse-kl", coefficient: 0.5, certainty: "certain" }],
	},
	{
		...{
			name: "slime: a launcher in Python",
			path: "run.py",
			text: lines(
				"import slime.utils.external_utils.command_utils as U",
				"def execute():",
				'    ckpt_args = f"--hf-checkpoint models/{NAME} "',
				"    grpo_args = (",
				'        "--advantage-estimator grpo "',
				'        "--use-kl-loss "',
				'        "--kl-loss-coef 0.01 "',
				'        "--kl-loss-type low_var_kl "',
				"    )",
				'    train_args = f"{ckpt_args} {grpo_args} {U.get_default_wandb_args(__file__)} "',
				"    U.execute_train(train_args=train_args, num_gpus_per_node=8)",
			),
		},
		runs: [{ framework: "slime", objective: "local-forward-kl", coefficient: 0.01 }],
	},
];
