import type { Case } from "./case.ts";

const path = "run.sh";
const swift = "swift rlhf --rlhf_type grpo --beta 0.01";
const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;
const slime = (...all: readonly string[]) =>
	lines(...all, "python3 train.py --hf-checkpoint x --num-rollout 9 ${ARGS[@]}");
const kl = "--use-kl-loss --kl-loss-coef 0.02 --kl-loss-type k3";

/** Tests in a script: what they decide where all that they look at is known, and what they leave open. */
export const shellChoiceCases: readonly Case[] = [
	{
		...{
			name: "shell: going on from a checkpoint, whose place is not known, says nothing of the KL",
			path: "run.sh",
		},
		text: [
			'more=""',
			"if [ -f $PWD/saves/latest ]; then",
			'  more="--load_checkpoint --ckpt_path $PWD/saves"',
			"fi",
			"python -m openrlhf.cli.train_ppo_ray --init_kl_coef 0.02 $more",
		].join("\n"),
		runs: [{ framework: "OpenRLHF", objective: "sequence-reverse-kl", coefficient: 0.02 }],
	},
	{
		...{ name: "shell: options that are not known stay open", path: "run.sh" },
		text: [
			'more=""',
			'if [ -f latest ]; then more="--load_checkpoint --ckpt_path saves $MORE"; fi',
			"python -m openrlhf.cli.train_ppo_ray --init_kl_coef 0.02 $more",
		].join("\n"),
		runs: [{ framework: "OpenRLHF", objective: "unknown" }],
	},
	{
		...{ name: "shell: a test of what the script sets, taken", path },
		text: lines(
			"KL=on",
			"if [ $KL = on ]; then B=0.02; else B=0; fi",
			"swift rlhf --rlhf_type grpo --beta $B",
		),
		runs: [{ objective: "local-forward-kl", coefficient: 0.02 }],
	},
	{
		...{ name: "shell: a test of what the script sets, not taken", path },
		text: lines(
			"KL=off",
			"if [ $KL = on ]; then B=0.02; else B=0; fi",
			"swift rlhf --rlhf_type grpo --beta $B",
		),
		runs: [{ objective: "none" }],
	},
	{
		...{ name: "shell: a test of what comes from elsewhere", path },
		text: lines("if [ $KL = on ]; then B=0.02; else B=0; fi", "swift rlhf --rlhf_type grpo --beta $B"),
		runs: [{ objective: "unknown" }],
	},
	{
		...{ name: "shell: a test of the caller's argument", path },
		text: lines('if [ "$1" = on ]; then B=0.02; else B=0; fi', "swift rlhf --rlhf_type grpo --beta $B"),
		runs: [{ objective: "unknown" }],
	},
	{
		...{ name: "shell: a test and what it allows, which by default it does not", path },
		text: slime("ARGS=(--advantage-estimator grpo)", `[ "\${KL:-no}" = yes ] && ARGS+=(${kl})`),
		runs: [{ framework: "slime", objective: "none" }],
	},
	{
		...{ name: "shell: a test and what it allows, which by default it does", path },
		text: slime("ARGS=(--advantage-estimator grpo)", `[[ "\${KL:-yes}" == yes ]] && ARGS+=(${kl})`),
		runs: [{ objective: "local-forward-kl", coefficient: 0.02 }],
	},
	{
		...{ name: "shell: a test and what it allows, which nobody knows", path },
		text: slime("ARGS=(--advantage-estimator grpo)", `[[ $KL && $KL == yes ]] && ARGS+=(${kl})`),
		runs: [{ objective: "unknown", also: ["none", "local-forward-kl"] }],
	},
	{
		...{ name: "shell: a test that fails, and what then is", path },
		text: slime("MODE=rl", "ARGS=(--advantage-estimator grpo)", `[ $MODE = sft ] || ARGS+=(${kl})`),
		runs: [{ objective: "local-forward-kl", coefficient: 0.02 }],
	},
	{
		...{ name: "shell: a number's test", path },
		text: slime("N=4", "ARGS=(--advantage-estimator grpo)", `if [ $N -gt 8 ]; then ARGS+=(${kl}); fi`),
		runs: [{ objective: "none" }],
	},
	{
		...{ name: "shell: options behind a KL that a condition takes", path },
		text: slime(
			`ARGS=(--advantage-estimator grpo ${kl})`,
			"if [ $X = 1 ]; then ARGS+=(--normalize-advantages); fi",
		),
		runs: [{ objective: "local-forward-kl", coefficient: 0.02 }],
	},
	{
		...{ name: "shell: an array of options with their values, split where it has no quotes", path },
		text: slime('ARGS=("--advantage-estimator grpo" "--kl-loss-coef 0.02")'),
		runs: [{ objective: "silently-ignored" }],
	},
	{
		...{ name: "shell: comments between backquotes", path },
		text: lines(`${swift} \\`, "  `# as in the paper` \\", "  --num_generations 8"),
		runs: [{ objective: "local-forward-kl", coefficient: 0.01, certainty: "certain" }],
	},
	{
		...{ name: "shell: options of a schedule that a condition takes, as one text", path },
		text: lines(
			'MORE=""',
			'if [ "$SCHEDULE" = cosine ]; then',
			'  MORE="actor_rollout_ref.actor.optim.style=cosine actor_rollout_ref.actor.optim.steps=3"',
			"fi",
			"python3 -m verl.trainer.main_ppo actor_rollout_ref.actor.use_kl_loss=True $MORE",
		),
		runs: [{ framework: "verl", objective: "local-forward-kl" }],
	},
];
