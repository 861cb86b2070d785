import type { Candidate } from "../candidate.ts";
import { type Ask, Unreadable } from "./ask.ts";
import { normalisationRule } from "./common-rules.ts";
import type { Framework, Reading } from "./framework.ts";
import { onlyValidates } from "./verl.ts";
import { type VerlName, verlEstimators, verlName } from "./verl-estimators.ts";

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
		{
			id: "easyr1/other-place",
			severity: "warning",
			message: "worker.actor.use_kl_loss says which KL acts: the other's coefficient has no effect",
			why: "With it on the loss holds the KL and worker.actor.kl_loss_coef weighs it, with it off the reward and algorithm.kl_coef.",
			source:
				"EasyR1 of early 2025, verl/trainer/ray_trainer.py: fit; verl/workers/actor/config.py: ActorConfig",
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

/** As it was in early 2025: the KL of the loss stands under the actor. Later those names are filled in by the program. */
const older = {
	switch: "worker.actor.use_kl_loss",
	coef: "worker.actor.kl_loss_coef",
	type: "worker.actor.kl_loss_type",
} as const;

function read(ask: Ask): Reading {
	const isNewer = ask.has("algorithm.disable_kl", "algorithm.use_kl_loss");
	if (isNewer && ask.has(older.coef, older.type))
		throw new Unreadable(
			"settings of the KL under worker.actor, as they were once, stand beside the newer ones",
		);
	return !isNewer && ask.has(older.switch, older.coef, older.type) ? readOlder(ask) : readNewer(ask);
}

function readOlder(ask: Ask): Reading {
	const remedy = {
		possible: true,
		changes: [
			[older.switch, "false"],
			["algorithm.kl_penalty", "kl"],
		],
	} as const;
	const inLoss = ask.flag(older.switch, true);
	const key = inLoss ? older.coef : "algorithm.kl_coef";
	const beta = ask.number(key, 1e-3);
	const unused = inLoss ? "algorithm.kl_coef" : older.coef;
	const ignored = ask.has(unused)
		? [
				{
					key: unused,
					why: `${older.switch} is ${inLoss ? "on" : "off"}`,
					rule: "easyr1/other-place",
					coefficient: true,
				},
			]
		: [];
	if (beta === 0) return { terms: [], ignored, remedy };
	return {
		...acting(ask, inLoss, beta, key, inLoss ? [older.type, "low_var_kl"] : penalty),
		ignored,
		remedy,
	};
}

const penalty = ["algorithm.kl_penalty", "kl"] as const;

function readNewer(ask: Ask): Reading {
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
	return { ...acting(ask, inLoss, beta, key, penalty), remedy };
}

function acting(
	ask: Ask,
	inLoss: boolean,
	beta: number,
	key: string,
	type: readonly [key: string, fallback: VerlName],
): Omit<Reading, "remedy"> {
	const name = verlName(ask, ...type);
	if (name === "full")
		throw new Unreadable(`${type[0]}=full is a KL over the vocabulary, which needs more than this file says`);
	const estimator = verlEstimators[name];
	const divides = !inLoss && ask.text("algorithm.adv_estimator", "grpo") === "grpo";
	return {
		terms: [{ place: inLoss ? "loss" : "reward", estimator, beta, key }],
		findings: divides ? [{ rule: normalisationRule.id, key }] : [],
	};
}
