import type { Case } from "./case.ts";

const main = "python3 -m verl.trainer.main_ppo";
const on = "actor_rollout_ref.actor.use_kl_loss=True";
const coef = "actor_rollout_ref.actor.kl_loss_coef";
const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;

/** Commands that stand in files of jobs. */
export const jobCases: readonly Case[] = [
	{
		...{
			name: "SkyPilot: run, with its variables and the version of its image",
			path: "sky.yaml",
			text: lines(
				"resources:",
				"  accelerators: H100:8",
				"  image_id: docker:verlai/verl:app-verl0.6-vllm0.10",
				"envs:",
				"  KL: 0.02",
				"setup: |",
				"  pip install -e .",
				"run: |",
				'  if [ "$SKYPILOT_NODE_RANK" == "0" ]; then',
				`    ${main} \\`,
				`      ${on} ${coef}=$KL`,
				"  fi",
			),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.02, versionFrom: "file", certainty: "certain" }],
	},
	{
		...{
			name: "Kubernetes: a script in args",
			path: "job.yaml",
			text: lines(
				"kind: Job",
				"spec:",
				"  containers:",
				"    - name: train",
				"      env:",
				"        - name: BETA",
				'          value: "0.04"',
				'      command: ["/bin/bash", "-c"]',
				"      args:",
				"        - |",
				"          nvidia-smi",
				`          ${main} ${on} ${coef}=$BETA`,
			),
		},
		runs: [{ objective: "local-forward-kl", coefficient: 0.04 }],
	},
	{
		...{
			name: "Kubernetes: a word an item",
			path: "job.yaml",
			text: lines(
				"containers:",
				"  - command: [python3, -m, verl.trainer.main_ppo]",
				`    args: ["${on}", "actor_rollout_ref.actor.kl_loss_type=kl"]`,
			),
		},
		runs: [{ objective: "zero-mean-noise" }],
	},
	{
		...{
			name: "a workflow: what a matrix gives is not known",
			path: ".github/workflows/train.yml",
			text: lines(
				"jobs:",
				"  train:",
				"    strategy:",
				"      matrix:",
				"        beta: [0, 0.1]",
				"    steps:",
				"      - uses: actions/checkout@v4",
				"      - run: |",
				`          ${main} ${on} ${coef}=\${{ matrix.beta }}`,
			),
		},
		runs: [{ objective: "unknown", also: ["local-forward-kl", "none"] }],
	},
	{
		...{
			name: "a workflow: several steps, several runs",
			path: "ci.yml",
			text: lines(
				"steps:",
				`  - run: ${main} ${on}`,
				"  - run: echo done",
				`  - run: ${main} algorithm.use_kl_in_reward=True`,
			),
		},
		runs: [{ objective: "local-forward-kl" }, { objective: "sequence-reverse-kl" }],
	},
	{
		...{
			name: "a compose file's command",
			path: "compose.yaml",
			text: lines(
				"services:",
				"  train:",
				"    environment:",
				"      - KL=0.03",
				"    command: >",
				"      python3 -m openrlhf.cli.train_ppo_ray --pretrain x",
				"      --algo.kl.init_coef $KL",
			),
		},
		runs: [{ framework: "OpenRLHF", objective: "sequence-reverse-kl", coefficient: 0.03 }],
	},
	{
		...{
			name: "a job of a cluster: its entrypoint",
			path: "job.yaml",
			text: lines("entrypoint: python -m openrlhf.cli.train_ppo_ray --algo.kl.estimator k3 --pretrain x"),
		},
		runs: [{ objective: "reverse-minus-forward" }],
	},
	{
		...{
			name: "a list of lines",
			path: ".gitlab-ci.yml",
			text: lines("train:", "  script:", "    - pip install verl==0.7.0", `    - ${main} ${on} ${coef}=0.01`),
		},
		runs: [{ objective: "local-forward-kl", versionFrom: "file", coefficient: 0.01 }],
	},
	{
		...{
			name: "JSON: the entrypoint of a job",
			path: "job.json",
			text: `${JSON.stringify({ entrypoint: `${main} ${on} ${coef}=0.5` })}\n`,
		},
		runs: [{ coefficient: 0.5 }],
	},
];
