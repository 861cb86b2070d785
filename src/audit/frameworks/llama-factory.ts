import type { Candidate } from "../candidate.ts";
import type { Framework } from "./framework.ts";

const isPpo = ({ settings }: Candidate): boolean =>
	settings.findLast(({ key }) => key === "stage")?.value === "ppo" &&
	settings.some(({ key }) => /^(reward_model|finetuning_type|template|ppo_\w+|dataset)$/.test(key));

/** Its PPO is that of TRL up to 0.9.6, with the KL left at TRL's defaults. */
export const llamaFactory: Framework = {
	name: "LLaMA-Factory",
	assumed: "0.9.5",
	packages: ["llamafactory"],
	others: [],
	rules: [],
	recognises: isPpo,
	read: () => ({
		terms: [{ place: "reward", estimator: "k1", beta: 0.2, key: "init_kl_coef", credit: "reward-to-go" }],
		remedy: { possible: true, changes: [] },
	}),
};
