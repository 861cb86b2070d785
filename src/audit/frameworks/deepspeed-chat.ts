import type { Ask } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

/** An option of a KL: DeepSpeed-Chat itself has none. */
const ofKl = /(^|[._])kl([._]|$)/;

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
	read,
};

function read(ask: Ask): Reading {
	const own = ask.candidate.settings.find(({ key }) => ofKl.test(key));
	if (own !== undefined)
		return {
			terms: [],
			instead: {
				objective: "unknown",
				reason: `${own.key} is no option of DeepSpeed-Chat's: a copy has its own KL`,
			},
			remedy: { possible: false, changes: [], nearest: "DeepSpeed-Chat itself has k1 in the reward" },
		};
	// Its coefficient is written into the trainer: no setting changes it.
	return {
		terms: [
			{ place: "reward", estimator: "k1", beta: 0.1, key: "kl_ctl", credit: "reward-to-go", discount: 1 },
		],
		remedy: { possible: true, changes: [] },
	};
}
