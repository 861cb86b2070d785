import { expect, test } from "vitest";
import { runsInFolder } from "../testing/audit/in-folder.ts";

const command = (...settings: readonly string[]) => [
	`python3 -m verl.trainer.main_ppo --config-path conf --config-name train ${settings.join(" ")}`,
];
const files = {
	"conf/train.yaml": [
		"defaults:",
		"  - algorithm: plain",
		"  - kind/actor@actor_rollout_ref.actor: calm",
		"  - _self_",
		"trainer: {x: 1}",
	],
	"conf/algorithm/plain.yaml": ["use_kl_in_reward: false"],
	"conf/algorithm/grpo.yaml": ["use_kl_in_reward: true", "kl_ctrl: {kl_coef: 0.3}", "adv_estimator: gae"],
	"conf/kind/actor/calm.yaml": ["use_kl_loss: false"],
	"conf/kind/actor/noisy.yaml": ["use_kl_loss: true", "kl_loss_type: kl", "kl_loss_coef: 0.2"],
	"conf/experiment/rewarded.yaml": [
		"# @package _global_",
		"defaults:",
		"  - override /algorithm: grpo",
		"algorithm: {kl_ctrl: {kl_coef: 0.7}}",
	],
};

test.each([
	["nothing", [], { objective: "none" }],
	["a group", ["algorithm=grpo"], { objective: "sequence-reverse-kl", coefficient: 0.3 }],
	["a group and a setting", ["algorithm=grpo", "algorithm.kl_ctrl.kl_coef=0.4"], { coefficient: 0.4 }],
	["the last of two", ["algorithm=grpo", "algorithm=plain"], { objective: "none" }],
	["a package", ["kind/actor@actor_rollout_ref.actor=noisy"], { objective: "zero-mean-noise" }],
	["an experiment", ["+experiment=rewarded"], { objective: "sequence-reverse-kl", coefficient: 0.7 }],
	["one that is not there", ["algorithm=other"], { objective: "unknown" }],
	["an experiment that is not there", ["+experiment=other"], { objective: "unknown" }],
	["a group that no defaults have", ["method/x=y"], { objective: "unknown" }],
	["data", ["+data=gsm8k", "trainer_name=mine"], { objective: "none" }],
])("a group on the command line: %s", async (_, settings, expected) => {
	expect(await runsInFolder({ "run.sh": command(...settings), ...files })).toMatchObject([expected]);
});

test("groups of the framework's own file leave nothing open", async () => {
	const runs = await runsInFolder({
		"run.sh": [
			"python3 -m verl.trainer.main_ppo model_engine=megatron actor@actor_rollout_ref.actor=megatron_actor",
		],
	});
	expect(runs).toMatchObject([{ objective: "none" }]);
});

const entry = (decorator: string) => ["import hydra", decorator, "def main(config):", "    run(config)"];
const kl = [
	"algorithm: {use_kl_in_reward: true, adv_estimator: gae}",
	"actor_rollout_ref: {actor: {use_kl_loss: false}}",
];

test.each([
	["a path and a name", '@hydra.main(version_base=None, config_path="../conf", config_name="train")', ""],
	["another name", '@hydra.main(config_path="../conf", config_name="other")', "--config-name train"],
])("an entry point beside the script: %s", async (_, decorator, flags) => {
	const runs = await runsInFolder({
		"scripts/run.sh": [`python3 -m src.train ${flags} algorithm.kl_ctrl.kl_coef=0.3`],
		"src/train.py": entry(decorator),
		"conf/train.yaml": kl,
	});
	expect(runs).toMatchObject([{ framework: "verl", objective: "sequence-reverse-kl", coefficient: 0.3 }]);
});

test.each([
	["a file that is not there", '@hydra.main(config_path="conf", config_name="gone")'],
	["a name that is computed", '@hydra.main(config_path="conf", config_name=NAME)'],
])("an entry point that starts from %s", async (_, decorator) => {
	const runs = await runsInFolder({
		"run.sh": ["python3 train.py actor_rollout_ref.actor.kl_loss_coef=0.1"],
		"train.py": entry(decorator),
	});
	expect(runs).toMatchObject([{ objective: "unknown" }]);
});
