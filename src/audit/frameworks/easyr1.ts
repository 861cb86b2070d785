import type { Candidate } from "../candidate.ts";
import { type Ask, Unreadable } from "./ask.ts";
import { normalisationRule } from "./common-rules.ts";
import type { Framework, Reading } from "./framework.ts";
import { onlyValidates } from "./verl.ts";
import { verlEstimators, verlName } from "./verl-estimators.ts";

/** The fork of verl whose KL stands under `algorithm` alone. */
export const easyR1: Framework = {
	name: "EasyR1",
	assumed: "2026-08",
	packages: ["easyr1"],
	others: [],
	rules: [
		{
			id: "easyr1/kl-disabled",
			severity: "warning",
			message: "algorithm.kl_coef has no effect with algorithm.disable_kl=true",
			why: "The switch takes the reference policy away.",
			source: "EasyR1, verl/trainer/config.py: AlgorithmConfig.disable_kl",
		},
	],
	recognises: isEasyR1,
	read,
};

function isEasyR1(candidate: Candidate): boolean {
	const has = (prefix: string) => candidate.settings.some(({ key }) => key.startsWith(prefix));
	return (
		!onlyValidates(candidate) &&
		(/(^|[./])verl\.trainer\.main$/.test(candidate.program) || (has("worker.actor.") && has("algorithm.")))
	);
}

function read(ask: Ask): Reading {
	const isOff = ask.flag("algorithm.disable_kl", false);
	const key = "algorithm.kl_coef";
	const remedy = {
		possible: true,
		changes: [
			["algorithm.disable_kl", "false"],
			["algorithm.use_kl_loss", "false"],
			["algorithm.kl_penalty", "kl"],
		],
	} as const;
	if (isOff)
		return {
			terms: [],
			ignored: [{ key, why: "disable_kl is on", rule: "easyr1/kl-disabled", coefficient: true }],
			remedy,
		};
	const beta = ask.number(key, 1e-3);
	if (beta === 0) return { terms: [], remedy };
	const inLoss = ask.flag("algorithm.use_kl_loss", false);
	const name = verlName(ask, "algorithm.kl_penalty", "kl");
	if (name === "full")
		throw new Unreadable(
			"algorithm.kl_penalty=full is a KL over the vocabulary, which needs more than this file says",
		);
	const estimator = verlEstimators[name];
	const divides = !inLoss && ask.text("algorithm.adv_estimator", "grpo") === "grpo";
	return {
		terms: [{ place: inLoss ? "loss" : "reward", estimator, beta, key }],
		findings: divides ? [{ rule: normalisationRule.id, key }] : [],
		remedy,
	};
}
