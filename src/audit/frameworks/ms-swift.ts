import type { Candidate } from "../candidate.ts";
import type { Ask } from "./ask.ts";
import { normalisationRule } from "./common-rules.ts";
import type { Framework, Reading } from "./framework.ts";
import { readPpo, trl } from "./trl.ts";

export const msSwift: Framework = {
	name: "ms-swift",
	assumed: "2026-08",
	packages: ["ms-swift", "ms_swift"],
	others: [],
	rules: trl.rules,
	recognises: ({ program, settings }: Candidate) => {
		const isSwift =
			/^(swift|megatron) rlhf$|swift[./]cli[./](_megatron[./])?rlhf(\.py)?$|^RLHFArguments$|^GRPOArguments$/.test(
				program,
			);
		return (
			(isSwift || program === "") &&
			settings.some(({ key, value }) => key === "rlhf_type" && (value === "grpo" || value === "ppo"))
		);
	},
	read: (ask) => (ask.written("rlhf_type") === "ppo" ? readPpo(ask) : readGrpo(ask)),
};

function readGrpo(ask: Ask): Reading {
	const key = "beta";
	const beta = ask.number(key, 0.04);
	const remedy = { possible: true, changes: [["kl_in_reward", "true"]] } as const;
	if (beta === 0) return { terms: [], remedy };
	const advantage = ask.choice("advantage_estimator", "grpo", ["grpo", "rloo", "reinforce_plus_plus"]);
	if (!ask.flag("kl_in_reward", advantage !== "grpo"))
		return { terms: [{ place: "loss", estimator: "k3", beta, key }], remedy };
	const divides =
		advantage === "grpo" &&
		ask.text("scale_rewards", "group") !== "none" &&
		ask.text("scale_rewards", "group") !== "false";
	return {
		terms: [{ place: "reward", estimator: "k1", beta, key }],
		findings: divides ? [{ rule: normalisationRule.id, key }] : [],
		remedy,
	};
}
