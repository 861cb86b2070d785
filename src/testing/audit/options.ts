import { type Case, command } from "./case.ts";

const main = "python3 -m verl.trainer.main_ppo";
const on = "actor_rollout_ref.actor.use_kl_loss=True";
const off = "actor_rollout_ref.actor.use_kl_loss=False";
const coef = "actor_rollout_ref.actor.kl_loss_coef";
const path = "run.sh";
const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;
const loop = (...arms: readonly string[]) => [
	"while [[ $# -gt 0 ]]; do",
	'  case "$1" in',
	...arms.map((arm) => `    ${arm} ;;`),
	'    *) echo "unknown $1"; exit 1 ;;',
	"  esac",
	"done",
];

/** What scripts make of their options, and of tests whose outcome is known. */
export const optionCases: readonly Case[] = [
	{
		...{ name: "shell: an option's default stands, and that the caller may set it is said", path },
		text: lines("KL=0.001", ...loop('--kl) KL="$2"; shift 2'), `${main} ${on} ${coef}=$KL`),
		runs: [
			{ objective: "local-forward-kl", coefficient: 0.001, certainty: "certain", callerMayChoose: [coef] },
		],
	},
	{
		...{ name: "shell: options that are no matter for the KL leave it certain", path },
		text: lines(
			"N=1",
			"MODEL=m",
			...loop('-n) N="$2"; shift 2', "--model) MODEL=$2; shift 2"),
			`${main} ${on} trainer.n=$N x=$MODEL`,
		),
		runs: [{ objective: "local-forward-kl", certainty: "certain", callerMayChoose: [] }],
	},
	{
		...{ name: "shell: a loop without end that shifts", path },
		text: lines(
			"KL=0.002",
			"while true; do case $1 in -k) KL=$2; shift 2;; *) break;; esac; done",
			`${main} ${on} ${coef}=$KL`,
		),
		runs: [{ coefficient: 0.002, certainty: "certain", callerMayChoose: [coef] }],
	},
	{
		...{ name: "shell: getopts at the top, and what it would set", path },
		text: lines(
			...[
				"KL=0.01",
				"N=1",
				'while getopts "k:n:" opt; do',
				"  case $opt in k) KL=$OPTARG;; n) N=$OPTARG;; esac",
				"done",
			],
			...["shift $((OPTIND-1))", `${main} ${on} ${coef}=$KL trainer.n=$N "$@"`],
		),
		runs: [{ coefficient: 0.01, certainty: "certain", callerMayChoose: [coef] }],
	},
	{
		...{ name: "shell: arguments by set, taken by a loop", path },
		text: lines(
			"set -- --kl 0.3 --other",
			...loop("--kl) KL=$2; shift 2", "--other) shift"),
			`${main} ${on} ${coef}=$KL`,
		),
		runs: [{ coefficient: 0.3, certainty: "certain", callerMayChoose: [] }],
	},
	{
		...{ name: "shell: --name=value, cut at its sign", path },
		text: lines(
			...[
				"go() {",
				'  for arg in "$@"; do',
				"    case $arg in",
				'      --kl=*) KL="${arg#*=}" ;;',
				"      --use=*) USE=${arg##*=} ;;",
			],
			...[
				"    esac",
				"  done",
				`  ${main} actor_rollout_ref.actor.use_kl_loss=$USE ${coef}=$KL`,
				"}",
				"go --kl=0.4 --use=True",
			],
		),
		runs: [{ objective: "local-forward-kl", coefficient: 0.4 }],
	},
	{
		...{ name: "shell: a function that reads options, called twice", path },
		text: lines(
			...[
				"run() {",
				"  local kl=0.1",
				"  while [ $# -gt 0 ]; do",
				"    if [ \"$1\" = '--kl' ]; then kl=$2; shift; fi",
				"    shift",
				"  done",
			],
			...[`  ${main} ${on} ${coef}=$kl`, "}", "run --kl 0.2", "run"],
		),
		runs: [{ coefficient: 0.2 }, { coefficient: 0.1 }],
	},
	{
		...{ name: "shell: for without words is over the arguments", path },
		text: lines(`each() { for b; do ${main} ${on} ${coef}=$b; done; }`, "each 0.1 0.2"),
		runs: [{ coefficient: 0.1 }, { coefficient: 0.2 }],
	},
	{
		...{ name: "shell: a branch that is known is the only one", path },
		text: lines(
			"USE_KL=1",
			`if [ "$USE_KL" = 1 ]; then`,
			`  ${main} ${on}`,
			"else",
			`  ${main} ${off}`,
			"fi",
		),
		runs: [{ objective: "local-forward-kl", certainty: "certain", callerMayChoose: [] }],
	},
	{
		...{ name: "shell: a branch by a default, and the command of the other", path },
		text: lines(
			"MODE=${MODE:-kl}",
			`if [[ $MODE == k* ]]; then`,
			`  ${main} ${on}`,
			"else",
			`  ${main} ${off}`,
			"fi",
		),
		runs: [{ objective: "local-forward-kl" }, { objective: "none" }],
	},
	{
		...{ name: "shell: settings by a branch whose test is a default", path },
		text: lines(
			"USE_KL=${USE_KL:-true}",
			"ARGS=()",
			`if $USE_KL; then ARGS+=(${on}); else ARGS+=(${off}); fi`,
			`${main} "\${ARGS[@]}"`,
		),
		runs: [{ objective: "local-forward-kl", certainty: "certain", callerMayChoose: ["$ARGS"] }],
	},
	{
		...{ name: "shell: a branch by what is not known leaves both", path },
		text: lines(
			"ARGS=(a=1)",
			`if [ "$(hostname)" = x ]; then ARGS+=(${on}); else ARGS+=(${off}); fi`,
			`${main} "\${ARGS[@]}"`,
		),
		runs: [{ objective: "unknown", also: ["none", "local-forward-kl"] }],
	},
	{
		...{ name: "shell: a test with && is a branch", path },
		text: lines(
			"K=0",
			`ARGS="${off}"`,
			`[ "$K" -gt 0 ] && ARGS="${on}"`,
			`[[ $K -eq 0 ]] || ARGS="${on}"`,
			`${main} $ARGS`,
		),
		runs: [{ objective: "none" }],
	},
	{
		...{ name: "shell: a test with && that is not known", path },
		text: lines(`USE=False`, `[ -f kl.txt ] && USE=True`, `${main} actor_rollout_ref.actor.use_kl_loss=$USE`),
		runs: [{ objective: "unknown" }],
	},
	{
		...{ name: "shell: case of a value that is known", path },
		text: lines(
			...[
				"ALGO=grpo-kl",
				"case $ALGO in",
				`  ppo|gae) USE=False ;;`,
				"  grpo*) USE=True ;;",
				"  *) exit 1 ;;",
				"esac",
			],
			`${main} actor_rollout_ref.actor.use_kl_loss=$USE`,
		),
		runs: [{ objective: "local-forward-kl", certainty: "certain", callerMayChoose: [] }],
	},
	{
		...{ name: "shell: behind exit there is nothing; behind || exit there is", path },
		text: lines("cd x || exit 1", "mkdir y ||", "  exit 1", `${main} ${on}`, "exit 0", `${main} ${off}`),
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{ name: "shell: what a subshell sets ends with it", path },
		text: lines(
			"USE=True",
			"(USE=False; cd x; echo $USE)",
			`${main} actor_rollout_ref.actor.use_kl_loss=$USE`,
		),
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{ name: "shell: a command in a text that grows, evaluated", path },
		text: lines(`CMD="${main}"`, `CMD+=" ${on}"`, `CMD="$CMD ${coef}=0.7"`, 'echo "$CMD"', 'eval "$CMD"'),
		runs: [{ objective: "local-forward-kl", coefficient: 0.7 }],
	},
	{
		...{ name: "shell: a command in an array that grows", path },
		text: lines(`cmd=(${main})`, `cmd+=(${on})`, `cmd+=("${coef}=0.7")`, '"${cmd[@]}" 2>&1 | tee log'),
		runs: [{ objective: "local-forward-kl", coefficient: 0.7 }],
	},
	{
		...{ name: "shell: settings that an option adds", path },
		text: lines(
			...[`ARGS=(${on})`, "MORE="],
			...loop(`--kl) ARGS+=(${coef}=$2); shift 2`, '--more) MORE="$MORE trainer.n=$2"; shift 2'),
			`${main} "\${ARGS[@]}" $MORE`,
		),
		runs: [{ objective: "local-forward-kl", certainty: "certain", callerMayChoose: ["$ARGS"] }],
	},
	{
		...{ name: "shell: exit in a group behind || ends nothing", path },
		text: lines("cd x || { echo no; exit 1; }", "mkdir y ||", "{ exit 2; }", `${main} ${on}`),
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{ name: "shell: a script that has to be filled in", path },
		text: lines(
			"HOME={your_home}",
			'if [ "$HOME" = "{your_home}" ]; then echo "set HOME"; exit 1; fi',
			`${main} ${on}`,
		),
		runs: [{ objective: "local-forward-kl" }],
	},
	{
		...{ name: "shell: what arithmetic sets is not known", path },
		text: lines(
			"N=0",
			"((N++))",
			`if [ $N -eq 0 ]; then U=False; else U=True; fi`,
			`${main} actor_rollout_ref.actor.use_kl_loss=$U`,
		),
		runs: [{ objective: "unknown" }],
	},
	{
		...{ name: "shell: what a loop's branch sets is not known before it", path },
		text: lines(
			"U=False",
			`for f in *.txt; do ${main} actor_rollout_ref.actor.use_kl_loss=$U; done`,
			`while sleep 1; do ${main} actor_rollout_ref.actor.use_kl_loss=$U; if x; then U=True; fi; done`,
		),
		runs: [{ objective: "none" }, { objective: "unknown" }],
	},
	{
		...{ name: "shell: an argument of a caller that is not known is not nothing", path },
		text: lines(
			"main() {",
			`  if [ -n "$1" ]; then U=False; else U=True; fi`,
			`  ${main} actor_rollout_ref.actor.use_kl_loss=$U`,
			"}",
			'main "$@"',
		),
		runs: [{ objective: "unknown" }],
	},
	{
		...{ name: "shell: which of an array it is", path },
		text: lines(
			"KLS=(0 0.1)",
			"I=1",
			`${main} ${on} ${coef}=\${KLS[$I]}`,
			`${main} ${on} ${coef}=\${KLS[$SLURM_ARRAY_TASK_ID]}`,
		),
		runs: [{ objective: "local-forward-kl", coefficient: 0.1 }, { objective: "unknown" }],
	},
	{
		...{ name: "shell: an argument's default, which the caller may give", path },
		text: lines("KL=${1:-0.1}", `${main} ${on} ${coef}=$KL`),
		runs: [{ coefficient: 0.1, certainty: "certain", callerMayChoose: [coef] }],
	},
	{
		...{ name: "shell: an option without a value before it", path },
		text: lines(
			"until [ $# -eq 0 ]; do case $1 in --kl) KL=$2; shift;; esac; shift; done",
			`${main} ${on} ${coef}=\${KL:-0.2}`,
		),
		runs: [{ coefficient: 0.2, certainty: "certain", callerMayChoose: [coef] }],
	},
	{
		...{ name: "shell: commands within tests are run", path },
		text: lines(`if ! ${main} ${on}; then echo failed; fi`, `while ! ${main} ${off}; do sleep 1; done`),
		runs: [{ objective: "local-forward-kl" }, { objective: "none" }],
	},
	{
		...{ name: "shell: a script that is written and then started", path },
		text: lines(`cat > go.sh <<EOF`, `${main} ${on} ${coef}=\\$1`, "EOF", "chmod +x go.sh", "./go.sh 0.3"),
		runs: [{ objective: "local-forward-kl", coefficient: 0.3 }],
	},
	{
		...{ name: "shell: settings that are written and then taken", path },
		text: lines(
			...[
				"B=0.02",
				"cat > recipe.yaml <<EOF",
				"num_generations: 8",
				"use_vllm: true",
				"beta: $B",
				"loss_type: $L",
				"EOF",
			],
			"accelerate launch grpo.py --config recipe.yaml --num_generations 4 --use_vllm true",
		),
		runs: [{ framework: "TRL", objective: "local-forward-kl", coefficient: 0.02 }],
	},
	{
		...{ name: "shell: break ends a loop, and what a test leaves ends none", path },
		text: lines(
			`for b in 0.1 0.2; do ${main} ${on} ${coef}=$b; [ $b = 0.1 ] && break; done`,
			`for b in 0.3 0.4; do ${main} ${on} ${coef}=$b || break; done`,
		),
		runs: [{ coefficient: 0.1 }, { coefficient: 0.3 }, { coefficient: 0.4 }],
	},
	{
		...{ name: "shell: elif by arithmetic", path },
		text: lines(
			"N=2",
			"if (( N > 2 )) || false; then USE=x; elif [ $N -ge 2 ]; then USE=True; else USE=False; fi",
			command(main, "actor_rollout_ref.actor.use_kl_loss=$USE"),
		),
		runs: [{ objective: "local-forward-kl" }],
	},
];
