import type { Candidate } from "../candidate.ts";
import { type Ask, Unreadable } from "./ask.ts";
import { distils } from "./distillation.ts";
import type { Found, Framework, Ignored, Reading, Term } from "./framework.ts";

/** The newest version whose agents' pipeline has the KL in the reward without a switch. */
const beforeSwitch = "2025-07";

const names = { kl: "k1", abs: "abs", mse: "k2", full: "full" } as const;

export const roll: Framework = {
	name: "ROLL",
	assumed: "2026-08",
	packages: [],
	others: [],
	spans: ({ settings }: Candidate) => {
		// Of its agents' pipeline before the rename of this key the switch was no matter.
		const has = (pattern: RegExp) => settings.some(({ key }) => pattern.test(key));
		if (!has(/^train_env_manager\./)) return {};
		if (has(/^train_env_manager\.env_groups$/)) return { atMost: beforeSwitch };
		return has(/^train_env_manager\.num_env_groups$/) ? {} : { others: [beforeSwitch] };
	},
	rules: [
		{
			id: "roll/loss-without-coefficient",
			severity: "warning",
			message: "use_kl_loss is true and kl_loss_coef is not set, or 0: no KL acts",
			why: "The coefficient's default is 0.",
			source: "ROLL, 2026-08: use_kl_loss, kl_loss_coef (0)",
		},
		{
			id: "roll/coef-without-switch",
			severity: "warning",
			message: "init_kl_coef has no effect without add_token_level_kl",
			why: "The reference is loaded and critic/kl logged, and nothing is taken off the reward.",
			source: "ROLL, 2026-08: init_kl_coef (0.2), add_token_level_kl (false)",
		},
	],
	recognises: ({ program, settings }: Candidate) =>
		/(^|\/)start_(rlvr|agentic|vl|diffusion)\w*pipeline\.py$|(^|[./])roll[./]pipeline/.test(program) ||
		(settings.some(
			({ key }) =>
				key === "add_token_level_kl" ||
				key === "init_kl_coef" ||
				key === "use_kl_loss" ||
				key === "enable_reference",
		) &&
			settings.some(({ key }) => /^(actor_train|actor_infer|reference)\./.test(key))) ||
		isDistilled(settings) ||
		(settings.some(({ key }) => key.startsWith("actor_train.")) &&
			settings.some(({ key }) => key.startsWith("actor_infer.")) &&
			settings.some(({ key }) => key === "adv_estimator")),
	read,
};

/** On-policy distillation names its roles by itself. */
function isDistilled(settings: Candidate["settings"]): boolean {
	return ["student_train.", "student_infer."].every((role) =>
		settings.some(({ key }) => key.startsWith(role)),
	);
}

function read(ask: Ask): Reading {
	if (isDistilled(ask.candidate.settings)) throw new Unreadable(distils);
	const inReward =
		ask.flag("add_token_level_kl", false) || (ask.under("train_env_manager.") && !ask.since("2025-08"));
	const inLoss = ask.flag("use_kl_loss", false);
	const terms: Term[] = [];
	const ignored: Ignored[] = [];
	const found: Found[] = [];
	if (inReward) {
		const estimator = names[ask.choice("kl_penalty", "kl", ["kl", "abs", "mse", "full"])];
		if (estimator === "full")
			throw new Unreadable(
				"kl_penalty=full is a KL over the vocabulary, which needs more than this file says",
			);
		terms.push({
			place: "reward",
			estimator,
			beta: ask.number("init_kl_coef", 0.2),
			key: "init_kl_coef",
			credit: "reward-to-go",
			discount: ask.discount("gamma"),
		});
	} else
		ignored.push({
			key: "init_kl_coef",
			why: "add_token_level_kl is off",
			rule: "roll/coef-without-switch",
			coefficient: true,
		});
	if (inLoss) {
		const beta = ask.number("kl_loss_coef", 0);
		if (beta === 0) found.push({ rule: "roll/loss-without-coefficient", key: "use_kl_loss" });
		terms.push({ place: "loss", estimator: "k3", beta, key: "kl_loss_coef" });
	} else ignored.push({ key: "kl_loss_coef", why: "use_kl_loss is off", coefficient: true });
	return {
		terms,
		ignored,
		findings: found,
		remedy: {
			possible: true,
			changes: [
				["add_token_level_kl", "true"],
				["kl_penalty", "kl"],
				...(inLoss ? ([["use_kl_loss", "false"]] as const) : []),
			],
		},
	};
}
