import type { Candidate } from "../candidate.ts";
import { showValue } from "../value.ts";
import { type Ask, Unreadable } from "./ask.ts";
import { normalisationRule } from "./common-rules.ts";
import type { Found, Framework, Ignored, Reading, Term } from "./framework.ts";
import { type VerlName, verlEstimators, verlName } from "./verl-estimators.ts";
import { subtracted, verlBeside, verlOfDay, verlSpan } from "./verl-versions.ts";

const lossOn = "actor_rollout_ref.actor.use_kl_loss";
const lossCoef = "actor_rollout_ref.actor.kl_loss_coef";
const lossType = "actor_rollout_ref.actor.kl_loss_type";
const rewardOn = "algorithm.use_kl_in_reward";
const rewardCoef = ["algorithm.kl_ctrl.kl_coef", "critic.kl_ctrl.kl_coef"];
const rewardType = "algorithm.kl_penalty";

/** Entry points whose trainer is verl's own. */
const known = /(^|[./])(main_ppo\w*|main_dapo|fully_async_main|siirl\.main_dag|\w*main_ppo)(\.py)?$/;
/** What verl starts besides training by reward. */
const others =
	/(^|[./_-])sft|main_eval|main_generation|model_merger|preprocess|main_reward|(^|[./_-])eval(uate|uation)?(\.py)?$|(^|[./])verl\.(workers|utils|tools)\./;

export const verl: Framework = {
	name: "verl",
	assumed: "2026-08",
	packages: ["verl"],
	others: ["0.3.0.post1"],
	rules: [
		{
			id: "verl/kl-coef-without-switch",
			severity: "warning",
			message: "algorithm.kl_ctrl.kl_coef has no effect without algorithm.use_kl_in_reward=True",
			why: "From v0.4.0 the KL in the reward is behind a switch of its own, which is off. Up to v0.3.0.post1 the same coefficient acted wherever use_kl_loss was off.",
			source: "verl, 2026-08 and v0.3.0.post1: algorithm.use_kl_in_reward, algorithm.kl_ctrl.kl_coef",
		},
		{
			id: "verl/kl-loss-coef-without-switch",
			severity: "warning",
			message: "actor.kl_loss_coef has no effect without actor.use_kl_loss=True",
			why: "The KL in the loss is computed only behind use_kl_loss.",
			source: "verl, 2026-08: actor_rollout_ref.actor.use_kl_loss (false), .kl_loss_coef (0.001)",
		},
		{
			id: "verl/both-switches",
			severity: "error",
			message: "use_kl_in_reward and use_kl_loss are both on: the KL acts twice",
			why: "From v0.4.0 the switches are independent of each other.",
			source: "verl, from v0.4.0: algorithm.use_kl_in_reward, actor_rollout_ref.actor.use_kl_loss",
		},
		{
			id: "verl/reward-unless-loss",
			severity: "warning",
			message: "up to v0.3.0.post1 the KL is in the reward unless use_kl_loss=True",
			why: "There was no switch for the reward: it had the KL with coefficient 0.001 where the loss had none.",
			source: "verl, up to v0.3.0.post1",
		},
		{
			id: "verl/straight-through-crash",
			severity: "error",
			message: "the + suffix of kl_loss_type fails up to v0.7.1",
			why: "The straight-through forms were named before they worked.",
			source: "verl, up to v0.7.1: kl_loss_type with +",
		},
		{
			id: "verl/straight-through-in-reward",
			severity: "note",
			message: "the + suffix of kl_penalty has no effect in the reward",
			why: "It changes the gradient of the estimator, and no gradient passes through a reward.",
			source: "verl, 2026-08: algorithm.kl_penalty",
		},
		{
			id: "verl/k3-in-reward",
			severity: "error",
			message: "kl_penalty=low_var_kl puts k3 into the reward",
			why: "The low variance is that of the value. As a reward its gradient is the reverse KL less the forward one.",
			source: "verl, 2026-08: algorithm.kl_penalty",
		},
		{
			id: "verl/k1-in-loss",
			severity: "error",
			message: "kl_loss_type=kl puts k1 into the loss, where its expected gradient is zero",
			why: "The derivative of k1 is 1, and the score's mean is 0.",
			source: "verl, 2026-08: actor_rollout_ref.actor.kl_loss_type",
		},
		{
			id: "verl/kl-loss-subtracted",
			severity: "error",
			message: "the KL in the loss is subtracted: the policy is pushed away from its reference",
			why: "verl between 2025-01-23 and 2025-02-01, and projects that copied it then, have policy_loss - kl_loss * coef.",
			source: "verl, 2025-01-23 to 2025-02-01: verl/workers/actor/dp_actor.py",
		},
		{
			id: "verl/rollout-weights-spare-kl",
			severity: "note",
			message: "importance weights of the rollout (rollout_is) never multiply the KL in the loss",
			why: "They correct the policy loss alone: the KL stays that of the sampler's tokens.",
			source: "verl, 2026-08: rollout_is_weights",
		},
	],
	recognises: isVerl,
	spans: verlSpan,
	dated: verlOfDay,
	vendored: verlBeside,
	ownsBase: (base) =>
		/(^|\/)(ppo_trainer|ppo_\w+_trainer|dapo_\w*trainer|_generated_\w+|\w+_multiturn_\w+)(\.ya?ml)?$/.test(
			base,
		),
	read,
};

function isVerl(candidate: Candidate): boolean {
	const { program, settings } = candidate;
	if (others.test(program) || onlyValidates(candidate)) return false;
	// SkyRL has a main_dapo too.
	if (settings.some(({ key }) => key.startsWith("trainer.algorithm."))) return false;
	return (
		/(^|[./])verl([./]|$)/.test(program) ||
		known.test(program) ||
		settings.some(({ key }) => key.startsWith("actor_rollout_ref."))
	);
}

/** Whether it is an evaluation that verl's own trainer makes. */
export function onlyValidates({ settings }: Candidate): boolean {
	const last = settings.findLast(({ key }) => key === "trainer.val_only");
	return last !== undefined && /^true$/i.test(showValue(last.value));
}

function read(ask: Ask): Reading {
	const { program, form } = ask.candidate;
	const isCustom = form !== "yaml" && form !== "json" && program !== "dict" && !known.test(program);
	// Another trainer may have defaults of its own, and do something else by them.
	const own = (key: string): void => {
		if (isCustom && !ask.has(key))
			throw new Unreadable(
				`${program === "" ? "the program" : program} is no entry point of verl that is known, and ${key} is not set here`,
			);
	};
	own(lossOn);
	const inLoss = ask.flag(lossOn, false);
	const hasSwitch = ask.has(rewardOn) || ask.since("0.3.1");
	// A KL in the loss leaves the reward without one in every version, unless it is asked for.
	if (hasSwitch && !inLoss && !isSurelyNew(ask.candidate)) own(rewardOn);
	const inReward = hasSwitch ? ask.flag(rewardOn, false) : !inLoss;
	if (inReward && ask.under("rllm."))
		throw new Unreadable("rllm's trainers leave the KL out of the reward, whatever use_kl_in_reward says");
	const terms = [...(inReward ? [rewardTerm(ask)] : []), ...(inLoss ? [lossTerm(ask)] : [])];
	const acting = terms.filter(({ beta }) => beta !== 0);
	const held = ask.at(...rewardCoef)?.value;
	const needsCoefficient = held === undefined ? !inReward : Number(held) === 0;
	const isFlipped = ask.version === subtracted && acting.some(({ place }) => place === "loss");
	return {
		terms,
		...(isFlipped
			? {
					instead: {
						objective: "sign-flipped" as const,
						reason: "verl of the end of January 2025 subtracts the KL loss",
					},
				}
			: {}),
		ignored: [...(inReward ? [] : unusedInReward), ...(inLoss ? [] : unusedInLoss)],
		findings: [
			...(isFlipped ? [{ rule: "verl/kl-loss-subtracted", key: lossCoef }] : []),
			...findings(ask, acting, hasSwitch),
		],
		remedy: ask.under("rllm.")
			? rllmRemedy
			: {
					possible: true,
					changes: [
						[rewardOn, "True"],
						[rewardType, "kl"],
						...(needsCoefficient ? ([[rewardCoef[0], "0.001"]] as const) : []),
						...(inLoss ? ([[lossOn, "False"]] as const) : []),
					],
				},
	};
}

const rllmRemedy = {
	possible: false,
	nearest:
		"rllm's trainers have a KL in the loss alone: kl_loss_type=k2 there is each token's reverse KL by itself",
	changes: [],
} as const;

/** Whether its settings are of a version in which the KL in the reward is off unless it is asked for. */
function isSurelyNew(candidate: Candidate): boolean {
	return verlSpan(candidate).atLeast !== undefined;
}

function rewardTerm(ask: Ask): Term {
	const beta = ask.number(rewardCoef, 0.001);
	const base = { place: "reward", beta, key: rewardCoef[0] } as const;
	if (beta === 0) return { ...base, estimator: "k1" };
	const name = verlName(ask, rewardType, "kl").replace("+", "") as VerlName;
	if (name === "full") throw new Unreadable("kl_penalty=full is named by verl and not made");
	const estimator = verlEstimators[name];
	if (!/^(gae|reinforce_plus_plus|remax)$/.test(ask.text("algorithm.adv_estimator", "gae") ?? ""))
		return { ...base, estimator };
	const discount = ask.discount("algorithm.gamma");
	return { ...base, estimator, credit: "reward-to-go", discount };
}

function lossTerm(ask: Ask): Term {
	const beta = ask.number(lossCoef, 0.001);
	const base = { place: "loss", beta, key: lossCoef } as const;
	if (beta === 0) return { ...base, estimator: "k3" };
	const name = verlName(ask, lossType, "low_var_kl");
	if (name === "full") throw new Unreadable("kl_loss_type=full is named by verl and not made");
	return { ...base, estimator: verlEstimators[name] };
}

const unusedInReward: readonly Ignored[] = [
	...rewardCoef.map((key) => ({
		key,
		why: "use_kl_in_reward is off",
		rule: "verl/kl-coef-without-switch",
		coefficient: true,
	})),
	{ key: rewardType, why: "use_kl_in_reward is off", coefficient: false },
];

const unusedInLoss: readonly Ignored[] = [
	{ key: lossCoef, why: "use_kl_loss is off", rule: "verl/kl-loss-coef-without-switch", coefficient: true },
	{ key: lossType, why: "use_kl_loss is off", coefficient: false },
];

function findings(ask: Ask, acting: readonly Term[], hasSwitch: boolean): Found[] {
	const found: Found[] = [];
	const reward = acting.find(({ place }) => place === "reward");
	const loss = acting.find(({ place }) => place === "loss");
	if (reward !== undefined && loss !== undefined) found.push({ rule: "verl/both-switches", key: rewardOn });
	if (!hasSwitch && reward !== undefined) found.push({ rule: "verl/reward-unless-loss", key: rewardCoef[0] });
	const lossText = ask.written(lossType);
	if (loss !== undefined && lossText.endsWith("+") && !ask.since("0.7.2"))
		found.push({ rule: "verl/straight-through-crash", key: lossType });
	if (reward !== undefined && ask.written(rewardType).endsWith("+"))
		found.push({ rule: "verl/straight-through-in-reward", key: rewardType });
	if (reward?.estimator === "k3") found.push({ rule: "verl/k3-in-reward", key: rewardType });
	if (loss?.estimator === "k1") found.push({ rule: "verl/k1-in-loss", key: lossType });
	if (loss !== undefined && (ask.under("algorithm.rollout_is") || ask.under("algorithm.rollout_correction")))
		found.push({ rule: "verl/rollout-weights-spare-kl", key: lossCoef });
	const divides =
		ask.text("algorithm.adv_estimator", "gae") === "grpo" &&
		ask.text("algorithm.norm_adv_by_std_in_grpo", "true")?.toLowerCase() !== "false";
	if (reward !== undefined && divides) found.push({ rule: normalisationRule.id, key: rewardCoef[0] });
	return found;
}
