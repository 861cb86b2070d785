import type { Framework } from "./framework.ts";

export const deepSpeedChat: Framework = {
	name: "DeepSpeed-Chat",
	assumed: "2024-12",
	packages: [],
	others: [],
	rules: [],
	recognises: ({ settings }) =>
		["actor_model_name_or_path", "critic_model_name_or_path"].every((name) =>
			settings.some(({ key }) => key === name),
		),
	// Its coefficient is written into the trainer: no setting changes it.
	read: () => ({
		terms: [
			{ place: "reward", estimator: "k1", beta: 0.1, key: "kl_ctl", credit: "reward-to-go", discount: 1 },
		],
		remedy: { possible: true, changes: [] },
	}),
};
