import type { Candidate } from "../candidate.ts";
import type { Ask } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

/** By number; before 2025-12 by name. */
const kinds = {
	"0": "k1",
	"1": "k2",
	"2": "k3",
	"3": "ratio",
	kl1: "k1",
	kl2: "k2",
	kl3: "k3",
	kl4: "ratio",
} as const;

export const openInstruct: Framework = {
	name: "open-instruct",
	assumed: "2026-08",
	packages: ["open-instruct", "open_instruct"],
	others: [],
	rules: [
		{
			id: "open-instruct/k1-in-loss",
			severity: "error",
			message: "kl_estimator 0 (kl1) is k1 in the loss, whose expected gradient is zero",
			why: "All estimators stand in the loss; the derivative of k1 is 1.",
			source:
				"open-instruct, 2026-08: --kl_estimator 0|1|2|3 (2); kl1 to kl4 before 2025-12; ppo2.py of 2025 (kl1)",
		},
		{
			id: "open-instruct/k3-in-reward",
			severity: "error",
			message: "ppo_vllm_thread_ray_gtrl.py with kl_estimator kl3 puts k3 into the reward",
			why: "The KL of this script is in the reward, per token, whatever the estimator.",
			source: "open-instruct, up to 2025: open_instruct/ppo_vllm_thread_ray_gtrl.py, --kl_estimator (kl1)",
		},
		{
			id: "open-instruct/no-reference",
			severity: "warning",
			message: "beta has no effect with load_ref_policy false",
			why: "Without a reference there is nothing to be held to.",
			source: "open-instruct, 2026-08: --load_ref_policy (True)",
		},
	],
	recognises: ({ program }: Candidate) =>
		/open_instruct[./](grpo_|ppo_|ppo2(\.py)?$)|(^|\/)(grpo_fast|(grpo|ppo)_vllm_thread_ray_gtrl)\.py$/.test(
			program,
		),
	read,
};

function read(ask: Ask): Reading {
	const key = "beta";
	const beta = ask.number(key, 0.05);
	const { program } = ask.candidate;
	if (/(^|[./])ppo_vllm/.test(program)) return readReward(ask, key, beta);
	const remedy = {
		possible: false,
		changes: [["kl_estimator", "1"]],
		nearest: "k2 in the loss (kl_estimator 1), the local reverse KL: the KL is never in the reward",
	} as const;
	if (beta === 0) return { terms: [], remedy };
	if (!ask.flag("load_ref_policy", true))
		return {
			terms: [],
			ignored: [
				{ key, why: "load_ref_policy is off", rule: "open-instruct/no-reference", coefficient: true },
			],
			remedy,
		};
	// `ppo2.py` has the KL of its sibling in the loss, and kept the sibling's default.
	const fallback = /(^|[./])ppo2(\.py)?$/.test(program) ? "kl1" : "2";
	const kind = kinds[ask.choice("kl_estimator", fallback, ["0", "1", "2", "3", "kl1", "kl2", "kl3", "kl4"])];
	if (kind === "ratio")
		return {
			terms: [
				{ place: "loss", estimator: "k1", beta, key, importance: "token", differentiateImportance: true },
			],
			remedy,
		};
	const findings = kind === "k1" ? [{ rule: "open-instruct/k1-in-loss", key: "kl_estimator" }] : [];
	return { terms: [{ place: "loss", estimator: kind, beta, key }], findings, remedy };
}

/** The first PPO of theirs, which Tulu 3 was made with: the KL is in the reward, per token, with GAE. */
function readReward(ask: Ask, key: string, beta: number): Reading {
	const estimator = ({ kl1: "k1", kl2: "k2", kl3: "k3" } as const)[
		ask.choice("kl_estimator", "kl1", ["kl1", "kl2", "kl3"])
	];
	return {
		terms: [
			{ place: "reward", estimator, beta, key, credit: "reward-to-go", discount: ask.discount("gamma") },
		],
		findings:
			estimator === "k3" && beta !== 0 ? [{ rule: "open-instruct/k3-in-reward", key: "kl_estimator" }] : [],
		remedy: { possible: true, changes: [["kl_estimator", "kl1"]] },
	};
}
