import type { Candidate } from "../candidate.ts";
import { type Ask, Unreadable } from "./ask.ts";
import { distils } from "./distillation.ts";
import type { Framework, Reading } from "./framework.ts";

export const tinkerCookbook: Framework = {
	name: "tinker-cookbook",
	assumed: "2026-08",
	packages: ["tinker-cookbook", "tinker_cookbook"],
	others: [],
	rules: [
		{
			id: "tinker-cookbook/own-token",
			severity: "warning",
			message: "kl_discount_factor 0 (the default) takes each token's own KL alone off its advantage",
			why: "No token answers for the KL of those after it: kl_discount_factor=1 is the reward-to-go.",
			source: "tinker-cookbook, 2026-08: kl_penalty_coef (0.0), kl_discount_factor (0.0)",
		},
	],
	recognises: ({ program, settings, hints }: Candidate) =>
		/tinker_cookbook[./](recipes|rl)/.test(program) ||
		(hints.some((hint) => hint.startsWith("tinker_cookbook")) &&
			settings.some(({ key }) => /^kl_(penalty_coef|discount_factor)$/.test(key))) ||
		(hints.some((hint) => /^tinker_cookbook\.rl/.test(hint)) && program === "Config"),
	read,
};

function read(ask: Ask): Reading {
	// Its kl_penalty_coef weighs the teacher's KL.
	if (ask.candidate.hints.some((hint) => /^tinker_cookbook\.distillation(\.|$)/.test(hint)))
		throw new Unreadable(distils);
	const key = "kl_penalty_coef";
	const beta = ask.number(key, 0);
	const remedy = {
		possible: true,
		changes: [["kl_discount_factor", "1.0"], ...(beta === 0 ? ([[key, "0.05"]] as const) : [])] as const,
	} as const;
	if (beta === 0) return { terms: [], remedy };
	const discount = ask.number("kl_discount_factor", 0);
	const own = discount === 0;
	return {
		terms: [
			{
				place: "reward",
				estimator: "k1",
				beta,
				key,
				...(own ? { credit: "token" as const } : { credit: "reward-to-go" as const, discount }),
			},
		],
		findings: own
			? [
					{
						rule: "tinker-cookbook/own-token",
						key: ask.has("kl_discount_factor") ? "kl_discount_factor" : key,
					},
				]
			: [],
		remedy,
	};
}
