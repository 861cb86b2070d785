import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { audit } from "./audit.ts";
import type { AuditedRun } from "./report.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "thalia-audit-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The runs of the first of these files, with the others beside it. */
async function runsOf(files: Readonly<Record<string, readonly string[]>>): Promise<readonly AuditedRun[]> {
	for (const [name, lines] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, name)), { recursive: true });
		writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
	}
	const { files: audited } = await audit([join(folder, Object.keys(files)[0])]);
	expect(audited[0].errors).toEqual([]);
	return audited[0].runs;
}

const actor = (...lines: readonly string[]) => [
	"actor_rollout_ref:",
	"  actor:",
	...lines.map((line) => `    ${line}`),
];
const on = "use_kl_loss: true";

test("a group with a package, and an option that is interpolated", async () => {
	const runs = await runsOf({
		"conf/train.yaml": [
			"defaults:",
			"  - engine: dp",
			"  - actor@actor_rollout_ref.actor: ${engine}_actor",
			"  - _self_",
			"algorithm: {use_kl_in_reward: false}",
		],
		"conf/engine/dp.yaml": ["{}"],
		"conf/actor/dp_actor.yaml": ["defaults:", "  - ../kl@_here_: strong", on],
		"conf/kl/strong.yaml": ["kl_loss_coef: 0.3", "kl_loss_type: kl"],
	});
	expect(runs).toMatchObject([{ objective: "zero-mean-noise", coefficient: 0.3 }]);
});

test("what is named after _self_ stands above it, what is named before it below", async () => {
	const coefficient = async (...defaults: readonly string[]) =>
		(
			await runsOf({
				"train.yaml": [
					"defaults:",
					...defaults.map((one) => `  - ${one}`),
					...actor(on, "kl_loss_coef: 0.1"),
					"algorithm: {use_kl_in_reward: false}",
				],
				"other.yaml": actor("kl_loss_coef: 0.2"),
				"third.yaml": actor("kl_loss_coef: 0.3"),
			})
		)[0].coefficient;
	expect(await coefficient("other", "_self_")).toBe(0.1);
	expect(await coefficient("_self_", "other")).toBe(0.2);
	expect(await coefficient("_self_", "other", "third")).toBe(0.3);
	expect(await coefficient("other")).toBe(0.1);
});

test("a file says by its first line where its settings stand", async () => {
	const runs = await runsOf({
		"train.yaml": [
			"defaults:",
			"  - kl: quiet",
			"  - experiment: rewarded",
			"algorithm: {adv_estimator: gae}",
		],
		"kl/quiet.yaml": ["# @package actor_rollout_ref.actor", "use_kl_loss: false"],
		"experiment/rewarded.yaml": [
			"# @package _global_",
			"algorithm:",
			"  use_kl_in_reward: true",
			"  kl_ctrl: {kl_coef: 0.02}",
		],
	});
	expect(runs).toMatchObject([{ objective: "sequence-reverse-kl", coefficient: 0.02 }]);
});

test("an override chooses another option of a group, wherever the group is named", async () => {
	const runs = await runsOf({
		"train.yaml": ["defaults:", "  - base", "  - override actor: noisy", "  - _self_", "trainer: {x: 1}"],
		"base.yaml": [
			"defaults:",
			"  - actor@actor_rollout_ref.actor: calm",
			"algorithm: {use_kl_in_reward: false}",
		],
		"actor/calm.yaml": [on, "kl_loss_type: low_var_kl"],
		"actor/noisy.yaml": [on, "kl_loss_type: kl"],
	});
	expect(runs).toMatchObject([{ objective: "zero-mean-noise" }]);
});

test("an optional file may be missing, another leaves the run open", async () => {
	const runs = async (word: string) =>
		runsOf({
			"train.yaml": ["defaults:", `  - ${word}kl_of_mine: x`, ...actor(on)],
		});
	expect(await runs("optional ")).toMatchObject([{ objective: "local-forward-kl" }]);
	expect(await runs("")).toMatchObject([{ objective: "unknown" }]);
});

test("a command line changes what an interpolation of its file stands for", async () => {
	const runs = await runsOf({
		"run.sh": ["python3 -m verl.trainer.main_ppo --config-path conf --config-name train my_kl=0.4"],
		"conf/train.yaml": [
			"my_kl: 0.1",
			...actor(on, "kl_loss_coef: ${my_kl}"),
			"algorithm: {use_kl_in_reward: false}",
		],
	});
	expect(runs).toMatchObject([{ objective: "local-forward-kl", coefficient: 0.4 }]);
});

test("files that name each other end", async () => {
	const runs = await runsOf({
		"a.yaml": ["defaults:", "  - b", ...actor(on), "algorithm: {use_kl_in_reward: false}"],
		"b.yaml": ["defaults:", "  - a", "x: 1"],
	});
	expect(runs).toMatchObject([{ objective: "local-forward-kl" }]);
});

test("a recipe whose KL stands in its base alone", async () => {
	const runs = await runsOf({
		"recipes/grpo.yaml": ["defaults: ../base.yaml", "grpo: {max_num_steps: 5}"],
		"base.yaml": ["loss_fn: {reference_policy_kl_penalty: 0, reference_policy_kl_type: k3}"],
	});
	expect(runs).toMatchObject([{ framework: "NeMo-RL", objective: "none" }]);
});

test("a script that is sourced, by a path whose start is not known", async () => {
	const runs = await runsOf({
		"run/train.sh": [
			'DIR="$(cd "$(dirname "$0")" && pwd)"',
			'source "${DIR}/common.sh"',
			"python3 -m verl.trainer.main_ppo ${COMMON[@]} actor_rollout_ref.actor.kl_loss_coef=$KL",
		],
		"run/common.sh": ["KL=0.05", "COMMON=(actor_rollout_ref.actor.use_kl_loss=True)"],
	});
	expect(runs).toMatchObject([{ objective: "local-forward-kl", coefficient: 0.05, line: 3 }]);
});

test("a copy of verl in the project tells its own sign and switches", async () => {
	const script = ["python3 -m verl.trainer.main_ppo actor_rollout_ref.actor.use_kl_loss=True"];
	const trainer = ["def fit(): apply_kl_penalty()"];
	expect(
		await runsOf({
			"scripts/train.sh": script,
			"verl/workers/actor/dp_actor.py": ["policy_loss = policy_loss - kl_loss * self.config.kl_loss_coef"],
			"verl/trainer/ppo/ray_trainer.py": trainer,
		}),
	).toMatchObject([{ objective: "sign-flipped", versionFrom: "file", certainty: "certain" }]);
	expect(
		await runsOf({
			"scripts/train.sh": ["python3 -m verl.trainer.main_ppo algorithm.kl_ctrl.kl_coef=0.01"],
			"verl/workers/actor/dp_actor.py": ["policy_loss = policy_loss + kl_loss * self.config.kl_loss_coef"],
			"verl/trainer/ppo/ray_trainer.py": trainer,
		}),
	).toMatchObject([{ objective: "sequence-reverse-kl", certainty: "certain" }]);
});

test.each([
	["an image's tag", "Dockerfile", "FROM verlai/verl:app-verl0.5-vllm0.9.1"],
	[
		"a clone of a tag",
		"Dockerfile",
		"RUN git clone -b v0.5.0 --depth 1 https://github.com/volcengine/verl.git",
	],
])("a version by %s", async (_, name, line) => {
	const runs = await runsOf({
		"run.sh": ["python3 -m verl.trainer.main_ppo algorithm.kl_ctrl.kl_coef=0.01"],
		[name]: [line],
	});
	expect(runs).toMatchObject([{ objective: "silently-ignored", versionFrom: "file", certainty: "certain" }]);
});
