import type { Candidate } from "../candidate.ts";
import type { Ask } from "./ask.ts";
import { normalisationRule } from "./common-rules.ts";
import type { Found, Framework, Reading } from "./framework.ts";

const under = (key: string) => `trainer.algorithm.${key}`;

export const skyRl: Framework = {
	name: "SkyRL",
	assumed: "2026-08",
	packages: ["skyrl", "skyrl-train"],
	others: [],
	rules: [
		{
			id: "skyrl/k3-in-reward",
			severity: "error",
			message: "use_kl_in_reward with the estimator left at k3 (the default) puts k3 into the reward",
			why: "One estimator serves both places, and its default is the loss's.",
			source: "SkyRL, 2026-08: trainer.algorithm.use_kl_in_reward, .kl_estimator_type (k3)",
		},
		{
			id: "skyrl/both-refused",
			severity: "error",
			message: "use_kl_in_reward needs use_kl_loss=false, whose default is true: SkyRL refuses both",
			why: "The two are exclusive, and the loss is on unless it is switched off.",
			source: "SkyRL, 2026-08: trainer.algorithm.use_kl_loss (true)",
		},
	],
	recognises: ({ program, settings }: Candidate) =>
		/skyrl/.test(program) || settings.some(({ key }) => key.startsWith("trainer.algorithm.")),
	ownsBase: (base) => /(^|\/)ppo_base_config(\.ya?ml)?$/.test(base),
	read,
};

function read(ask: Ask): Reading {
	const inLoss = ask.flag(under("use_kl_loss"), true);
	const inReward = ask.flag(under("use_kl_in_reward"), false);
	const key = under("kl_loss_coef");
	const remedy = {
		possible: true,
		changes: [
			[under("use_kl_in_reward"), "true"],
			[under("use_kl_loss"), "false"],
			[under("kl_estimator_type"), "k1"],
			...["use_kl_estimator_k3", "use_abs_kl"]
				.map(under)
				.filter((old) => ask.has(old) && ask.flag(old, false))
				.map((old) => [old, "false"] as const),
			...(isDiscounted(ask) ? ([[under("gamma"), "1.0"]] as const) : []),
		],
	} as const;
	if (inLoss && inReward)
		return {
			terms: [],
			findings: [{ rule: "skyrl/both-refused", key: under("use_kl_in_reward") }],
			instead: {
				objective: "unknown",
				reason: "SkyRL refuses use_kl_in_reward together with use_kl_loss, whose default is true",
			},
			remedy,
		};
	if (!inLoss && !inReward)
		return {
			terms: [],
			ignored: [{ key, why: "use_kl_loss and use_kl_in_reward are off", coefficient: true }],
			remedy,
		};
	const beta = ask.number(key, 0.001);
	const deprecated = ask.flag(under("use_kl_estimator_k3"), false)
		? "k3"
		: ask.flag(under("use_abs_kl"), false)
			? "abs"
			: null;
	const estimator =
		deprecated ?? ask.choice(under("kl_estimator_type"), "k3", ["k1", "k2", "k3", "abs"] as const);
	const found: Found[] = [];
	if (inReward && estimator === "k3")
		found.push({ rule: "skyrl/k3-in-reward", key: under("kl_estimator_type") });
	if (inLoss) return { terms: [{ place: "loss", estimator, beta, key }], remedy };
	const names = ["grpo", "rloo", "gae", "reinforce++", "maxrl"] as const;
	const advantage = ask.choice(under("advantage_estimator"), "grpo", names);
	if (advantage === "grpo" && ask.text(under("grpo_norm_by_std"), "true") !== "false")
		found.push({ rule: normalisationRule.id, key });
	const term = { place: "reward", estimator, beta, key } as const;
	if (advantage !== "gae" && advantage !== "reinforce++") return { terms: [term], findings: found, remedy };
	const discount = ask.discount(under("gamma"));
	return { terms: [{ ...term, credit: "reward-to-go", discount }], findings: found, remedy };
}

/** Whether what comes later counts less to a KL in the reward. */
function isDiscounted(ask: Ask): boolean {
	const held = ask.at(under("gamma"))?.value;
	return held !== undefined && Number(held) !== 1;
}
