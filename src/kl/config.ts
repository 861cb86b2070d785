import { expected } from "../errors.ts";
import { CREDITS, type Credit } from "./credit.ts";
import { ESTIMATORS, type Estimator } from "./estimators.ts";

/**
 * Whose log-probs the in-reward KL is computed from: "sampler", log mu as the tokens were drawn; or "current", log pi
 * re-evaluated before the update. On-policy the two are the same numbers up to rounding.
 */
export type RewardLogProbs = (typeof REWARD_LOG_PROBS)[number];
export const REWARD_LOG_PROBS = ["sampler", "current"] as const;

export interface KlNone {
	readonly place: "none";
}

/** reward <- reward - beta * KL; no gradient passes through the estimator. */
export interface KlInReward {
	readonly place: "reward";
	readonly estimator: Estimator;
	readonly credit: Credit;
	/** Strength, finite and >= 0. */
	readonly beta: number;
	readonly logprobs: RewardLogProbs;
}

/** loss <- loss + beta * KL, differentiated at the log-probs being trained. */
export interface KlInLoss {
	readonly place: "loss";
	readonly estimator: Estimator;
	/** Strength, finite and >= 0. */
	readonly beta: number;
}

/** How the divergence from the reference policy enters the objective. */
export type KlConfig = KlNone | KlInReward | KlInLoss;

/**
 * Refuses a configuration that no objective can be made of.
 * @throws ThaliaError `kl-config-invalid`
 */
export function validateKlConfig(config: KlConfig): void {
	oneOf("kl.place", ["none", "reward", "loss"], config.place);
	if (config.place === "none") return;
	oneOf("kl.estimator", ESTIMATORS, config.estimator);
	if (!Number.isFinite(config.beta) || config.beta < 0) {
		throw invalid(
			"a finite number >= 0",
			"kl.beta",
			config.beta,
			'For no KL term use beta 0 or place "none".',
		);
	}
	if (config.place === "loss") return;
	oneOf("kl.credit", CREDITS, config.credit);
	oneOf("kl.logprobs", REWARD_LOG_PROBS, config.logprobs);
}

function oneOf(subject: string, allowed: readonly string[], received: unknown): void {
	if (typeof received === "string" && allowed.includes(received)) return;
	throw invalid(`one of ${allowed.map((name) => JSON.stringify(name)).join(", ")}`, subject, received);
}

function invalid(what: string, subject: string, received: unknown, fix?: string) {
	return expected("kl-config-invalid", what, subject, received, fix);
}
