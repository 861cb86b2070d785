import type { Candidate } from "../candidate.ts";
import { showValue } from "../value.ts";
import type { Ask } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

const isGrpo = ({ settings }: Candidate): boolean =>
	settings.some(({ key, value }) => key === "loss._component_" && /grpo/i.test(showValue(value)));

export const torchtune: Framework = {
	name: "torchtune",
	assumed: "0.6.1",
	packages: ["torchtune"],
	others: [],
	rules: [],
	recognises: (candidate: Candidate) =>
		candidate.settings.some(
			({ key, value }) =>
				key === "loss._component_" && /torchtune\.(rlhf|dev)\b.*(PPO|GRPO)/.test(showValue(value)),
		) || /^tune run$/.test(candidate.program),
	read,
};

function read(ask: Ask): Reading {
	if (isGrpo(ask.candidate))
		return {
			terms: [],
			instead: { objective: "unknown", reason: "torchtune's GRPO recipes are in development and change" },
			remedy: { possible: false, changes: [], nearest: "torchtune's PPO recipe has k1 in the reward" },
		};
	return {
		terms: [
			{
				place: "reward",
				estimator: "k1",
				beta: ask.number("kl_coeff", 0.01),
				key: "kl_coeff",
				credit: "reward-to-go",
				discount: ask.discount("gamma"),
			},
		],
		remedy: { possible: true, changes: [["kl_coeff", "0.01"]] },
	};
}
