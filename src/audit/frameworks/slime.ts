import type { Candidate } from "../candidate.ts";
import { type Ask, Unreadable } from "./ask.ts";
import { distils } from "./distillation.ts";
import type { Found, Framework, Ignored, Reading, Term } from "./framework.ts";

const names = { k1: "k1", k2: "k2", k3: "k3", low_var_kl: "k3" } as const;

export const slime: Framework = {
	name: "slime",
	assumed: "2026-08",
	packages: ["slime"],
	others: [],
	rules: [
		{
			id: "slime/kl-coef-without-effect",
			severity: "warning",
			message: "--kl-coef has no effect with grpo, gspo and cispo",
			why: "Their advantages are of the task's reward alone.",
			source: "slime, 2026-08: --kl-coef, --advantage-estimator (grpo)",
		},
		{
			id: "slime/monitoring-only",
			severity: "warning",
			message:
				"--use-kl-loss with a coefficient of 0 (the default) computes the KL and does not train with it",
			why: "The reference is loaded and the KL logged; its weight in the loss is 0.",
			source: "slime, 2026-08: --use-kl-loss, --kl-loss-coef (0.0)",
		},
		{
			id: "slime/k1-in-loss",
			severity: "error",
			message:
				"--use-kl-loss with --kl-loss-type left at k1 (the default): k1 in the loss, whose expected gradient is zero",
			why: "The derivative of k1 is 1, and the score's mean is 0.",
			source: "slime, 2026-08: --kl-loss-type (k1)",
		},
		{
			id: "slime/unbiased-k2",
			severity: "error",
			message: "--use-unbiased-kl is right for k1 and k3, and wrong for k2",
			why: "The importance weight is differentiated, which adds k2's own value to the gradient.",
			source: "slime, 2026-08: --use-unbiased-kl",
		},
		{
			id: "slime/loss-coef-without-switch",
			severity: "warning",
			message: "--kl-loss-coef has no effect without --use-kl-loss",
			why: "The KL in the loss is behind the switch.",
			source: "slime, 2026-08: --use-kl-loss",
		},
	],
	recognises: ({ program, settings, form }: Candidate) => {
		if (form === "python" || form === "toml" || program === "") return false;
		const has = (...keys: readonly string[]) => settings.some(({ key }) => keys.includes(key));
		return (
			has("hf_checkpoint", "num_rollout", "rollout_num_gpus", "ref_load", "advantage_estimator") &&
			/(train(_async)?\.py$|slime)/.test(program) &&
			!has("algo.kl.init_coef", "init_kl_coef")
		);
	},
	read,
};

function read(ask: Ask): Reading {
	const advantage = ask.text("advantage_estimator", "grpo");
	const takesReward = advantage !== undefined && /^(ppo|reinforce_plus_plus\w*)$/.test(advantage);
	if (advantage === "on_policy_distillation") throw new Unreadable(distils);
	const inLoss = ask.flag("use_kl_loss", false);
	const terms: Term[] = [];
	const ignored: Ignored[] = [];
	const found: Found[] = [];
	const typeOf = () => names[ask.choice("kl_loss_type", "k1", ["k1", "k2", "k3", "low_var_kl"])];
	if (takesReward) {
		const beta = ask.number("kl_coef", 0);
		if (beta !== 0)
			terms.push({
				place: "reward",
				estimator: typeOf(),
				beta,
				key: "kl_coef",
				...(advantage === "reinforce_plus_plus_baseline"
					? { credit: "token" as const }
					: { credit: "reward-to-go" as const, discount: ask.discount("gamma") }),
			});
	} else
		ignored.push({
			key: "kl_coef",
			why: `${advantage ?? "the advantage estimator"} never reads it`,
			rule: "slime/kl-coef-without-effect",
			coefficient: true,
		});
	if (inLoss) {
		const beta = ask.number("kl_loss_coef", 0);
		if (beta === 0) found.push({ rule: "slime/monitoring-only", key: "use_kl_loss" });
		else {
			const estimator = typeOf();
			const corrected = ask.flag("use_unbiased_kl", false);
			if (estimator === "k1" && !corrected)
				found.push({
					rule: "slime/k1-in-loss",
					key: ask.has("kl_loss_type") ? "kl_loss_type" : "use_kl_loss",
				});
			if (estimator === "k2" && corrected) found.push({ rule: "slime/unbiased-k2", key: "use_unbiased_kl" });
			const importance = corrected ? ({ importance: "token", differentiateImportance: true } as const) : {};
			terms.push({ place: "loss", estimator, beta, key: "kl_loss_coef", ...importance });
		}
	} else
		ignored.push({
			key: "kl_loss_coef",
			why: "--use-kl-loss is not given",
			rule: "slime/loss-coef-without-switch",
			coefficient: true,
		});
	return {
		terms,
		ignored,
		findings: found,
		remedy: {
			possible: true,
			changes: [
				["advantage-estimator", "reinforce_plus_plus"],
				["kl-coef", "0.001"],
				// Of a KL in the reward it is the estimator too.
				...(ask.has("kl_loss_type") ? ([["kl-loss-type", "k1"]] as const) : []),
				...(inLoss ? ([["use-kl-loss", "false"]] as const) : []),
			],
		},
	};
}
