import type { Candidate } from "../candidate.ts";
import type { Ask } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

const coef = "loss_fn.reference_policy_kl_penalty";
const kind = "loss_fn.reference_policy_kl_type";
const rewardOn = ["loss_fn.use_kl_in_reward", "grpo.use_kl_in_reward"];

/** Its own files of defaults: 0.01 and k3. */
const ownDefaults = /(^|\/)grpo_math_1B\w*\.ya?ml$/;

export const nemoRl: Framework = {
	name: "NeMo-RL",
	assumed: "2026-08",
	packages: ["nemo-rl", "nemo_rl"],
	others: ["0.6.0"],
	rules: [
		{
			id: "nemo-rl/reward-kl-vanishes",
			severity: "warning",
			message: "use_kl_in_reward with adv_estimator grpo or gdpo: the KL vanishes",
			why: "The loss leaves the KL to the reward, and these estimators never read it from there.",
			source: "NeMo-RL, 2026-08: use_kl_in_reward, grpo.adv_estimator.name (grpo)",
		},
		{
			id: "nemo-rl/own-token-reward",
			severity: "warning",
			message: "reinforce_plus_plus with use_kl_in_reward takes each token's own KL alone, by default of k3",
			why: "The penalty is taken off the token's own advantage, so no token answers for the KL of those after it; reference_policy_kl_type is k3 unless it is set.",
			source: "NeMo-RL, 2026-08: grpo.adv_estimator.name=reinforce_plus_plus",
		},
		{
			id: "nemo-rl/k2-with-importance",
			severity: "error",
			message: "reference_policy_kl_type k2 is wrong from v0.7.0: w * k2 follows no KL",
			why: "The importance weight is differentiated, which is right for k1 and k3 and adds k2's own value to the gradient.",
			source: "NeMo-RL, from v0.7.0",
		},
	],
	recognises: ({ program, settings, bases }: Candidate) =>
		/nemo_rl|(^|\/)run_grpo\w*\.py$/.test(program) ||
		settings.some(({ key }) => key.startsWith("loss_fn.reference_policy_kl")) ||
		(bases.some(({ file }) => ownDefaults.test(file)) &&
			settings.some(({ key }) => /^(grpo|policy)\./.test(key))),
	ownsBase: (base) => ownDefaults.test(base),
	read,
};

function read(ask: Ask): Reading {
	const beta = ask.number(coef, 0.01);
	const remedy = {
		possible: false,
		changes: [],
		nearest:
			"k1 by each token itself: use_kl_in_reward=true, grpo.adv_estimator.name=reinforce_plus_plus, reference_policy_kl_type=k1; no later token's KL counts",
	} as const;
	if (beta === 0) return { terms: [], remedy };
	const inReward = ask.flag(rewardOn, false);
	const advantage = inReward
		? ask.choice("grpo.adv_estimator.name", "grpo", ["grpo", "gdpo", "reinforce_plus_plus"])
		: "grpo";
	if (inReward && advantage !== "reinforce_plus_plus") {
		const why = `use_kl_in_reward takes it out of the loss, and ${advantage} reads no KL in the reward`;
		return {
			terms: [],
			ignored: [{ key: coef, why, rule: "nemo-rl/reward-kl-vanishes", coefficient: true }],
			instead: vanished(ask, beta),
			remedy,
		};
	}
	const estimator = ask.choice(kind, "k3", ["k1", "k2", "k3"]);
	if (inReward) {
		return {
			terms: [{ place: "reward", estimator, beta, key: coef, credit: "token" }],
			findings: [{ rule: "nemo-rl/own-token-reward", key: kind }],
			remedy,
		};
	}
	// Up to 0.6 the approximation's weight is not differentiated: on-policy it is 1.
	const corrected = ask.since("0.7.0")
		? ({ importance: "token", differentiateImportance: true } as const)
		: {};
	const isWrong = estimator === "k2" && ask.since("0.7.0");
	return {
		terms: [{ place: "loss", estimator, beta, key: coef, ...corrected }],
		findings: isWrong ? [{ rule: "nemo-rl/k2-with-importance", key: kind }] : [],
		remedy,
	};
}

/** A coefficient that the file does not hold, and that is not 0 by default, vanishes as well. */
function vanished(ask: Ask, beta: number): NonNullable<Reading["instead"]> {
	return {
		objective: "silently-ignored",
		reason: `the KL of coefficient ${ask.has(coef) ? String(beta) : "0.01, the default,"} vanishes between loss and reward`,
	};
}
