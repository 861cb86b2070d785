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
			source: "open-instruct, 2026-08: --kl_estimator 0|1|2|3 (2); kl1 to kl4 before 2025-12",
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
		/open_instruct[./](grpo|ppo)_|(^|\/)grpo_(fast|vllm_thread_ray_gtrl)\.py$/.test(program),
	read,
};

function read(ask: Ask): Reading {
	const key = "beta";
	const beta = ask.number(key, 0.05);
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
	const kind = kinds[ask.choice("kl_estimator", "2", ["0", "1", "2", "3", "kl1", "kl2", "kl3", "kl4"])];
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
