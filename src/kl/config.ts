import { expected } from "../errors.ts";
import { CREDITS, type Credit } from "./credit.ts";
import { type Clamp, ESTIMATORS, type Estimator } from "./estimators.ts";
import { IMPORTANCES, type Importance, type Truncation } from "./importance.ts";

/**
 * Which policy the KL holds the policy to: the reference, or the one that sampled (prime-rl), of which an engine knows the
 * sampled tokens' log-probs alone.
 */
export type KlTo = (typeof KL_TO)[number];
export const KL_TO = ["reference", "sampler"] as const;

/**
 * Whose log-probs the in-reward KL is computed from: "sampler", log mu as the tokens were drawn; or "current", log pi
 * re-evaluated before the update. On-policy the two are the same numbers up to rounding.
 */
export type RewardLogProbs = (typeof REWARD_LOG_PROBS)[number];
export const REWARD_LOG_PROBS = ["sampler", "current"] as const;

/**
 * Estimators that read the whole next-token distribution, by D_t = KL(pi(.|h_t) || ref(.|h_t)):
 * - "full": D_t itself. In the loss its gradient, in the reward its value
 * - "rao-blackwell": the complete gradient of sum_t D_t, prefixes included (Amini et al., arXiv 2504.10637). In the
 *   loss grad D_t + s_t sum_{n>t} D_n; in the reward, where no gradient passes, u_t stands in for grad D_t
 * - "rao-blackwell-local": without the prefixes. In the loss grad D_t; in the reward u_t - D_t, the closed-form baseline
 * - "top-k": grad of D_t's sum over the policy's k most likely tokens, the rest sampled with weight u_t + 1
 */
export type VocabularyEstimator = (typeof VOCABULARY_ESTIMATORS)[number];
export const VOCABULARY_ESTIMATORS = ["full", "rao-blackwell", "rao-blackwell-local", "top-k"] as const;

export interface KlNone {
	readonly place: "none";
}

interface KlTerm {
	/** Strength, finite and >= 0. */
	readonly beta: number;
	/** Where another policy sampled. Default "none". */
	readonly importance?: Importance;
	/** Of the importance weight; only with one. Default: none. */
	readonly truncation?: Truncation;
	/** Default "reference". */
	readonly to?: KlTo;
	/** Of an estimator that reads the sampled token alone. Default: none. */
	readonly clamp?: Clamp;
}

/** How a KL in the reward goes through the group's baseline and the surrogate; without importance of its own. */
interface Shaped {
	/**
	 * Whether it is one with the reward when an advantage divides by a standard deviation ("before", of credit "sequence"
	 * alone), or is taken off the finished advantage ("after", FRPO, arXiv 2601.10201). Default: before with credit
	 * "sequence", after with the others.
	 */
	readonly normalisation?: "before" | "after";
	/** Whether the surrogate's ratio and clip act on it too ("inside"), or on the reward alone. Default "inside". */
	readonly clip?: "inside" | "outside";
	/**
	 * What is taken off it where it comes after normalisation: the baseline of the advantage, position by position
	 * ("group"), or its mean over the batch's tokens ("batch", tinker-cookbook). Default "group".
	 */
	readonly centre?: "group" | "batch";
}

interface Credited extends Shaped {
	/** Which tokens answer for a token's KL. */
	readonly credit: Credit;
	/** With credit "reward-to-go": a token's KL counts discount^n for the n-th token before it; 0 to 1, default 1. */
	readonly discount?: number;
	readonly logprobs: RewardLogProbs;
}

/** reward <- reward - beta * KL; no gradient passes through the estimator. */
export interface KlInReward extends KlTerm, Credited {
	readonly place: "reward";
	readonly estimator: Estimator | Exclude<VocabularyEstimator, "top-k">;
}

interface Differentiated {
	/** Whether the importance weight is differentiated too, as DeepSeek-V3.2 does. Default false. */
	readonly differentiateImportance?: boolean;
}

/** loss <- loss + beta * KL, differentiated at the log-probs being trained. */
export interface KlInLoss extends KlTerm, Differentiated {
	readonly place: "loss";
	readonly estimator: Estimator | VocabularyEstimator;
	/** Tokens in the head of "top-k", 1 or more; with that estimator alone, and with it required. */
	readonly topK?: number;
}

/** In the reward and in the loss, beta each. */
export interface KlInBoth extends KlTerm, Credited, Differentiated {
	readonly place: "both";
	readonly estimator: Estimator | "full";
}

/** How the divergence from the reference policy enters the objective. */
export type KlConfig = KlNone | KlInReward | KlInLoss | KlInBoth;

export const PLACES = ["none", "reward", "loss", "both"] as const;

const allowed = {
	reward: [...ESTIMATORS, "full", "rao-blackwell", "rao-blackwell-local"],
	loss: [...ESTIMATORS, ...VOCABULARY_ESTIMATORS],
	both: [...ESTIMATORS, "full"],
} as const;

/**
 * The part of a KL in the reward that is one with the task's reward: it goes through the group's baseline and the
 * surrogate. One with an importance of its own, or that reads the vocabulary, stands beside them.
 */
export function insideReward(config: KlConfig): SampledInReward | null {
	if (config.place !== "reward" && config.place !== "both") return null;
	const { estimator, importance = "none", credit, discount = 1, beta, logprobs, clamp = {} } = config;
	if (importance !== "none" || !isSampled(estimator)) return null;
	const { to = "reference", clip = "inside", centre = "group" } = config;
	const together = credit === "sequence" && clip === "inside" && centre === "group";
	const { normalisation = together ? "before" : "after" } = config;
	return { estimator, credit, discount, beta, logprobs, clamp, to, normalisation, clip, centre };
}

export interface SampledInReward extends Required<Credited> {
	readonly estimator: Estimator;
	readonly beta: number;
	readonly to: KlTo;
	readonly clamp: Clamp;
}

/** The rest of the term: what is left to be weighed at the policy's fresh log-probs. */
export function outsideReward(config: KlConfig): KlConfig {
	if (insideReward(config) === null) return config;
	if (config.place !== "both") return { place: "none" };
	const { estimator, beta, to, clamp } = config;
	return {
		...{ place: "loss", estimator, beta },
		...(to === undefined ? {} : { to }),
		...(clamp === undefined ? {} : { clamp }),
	};
}

export function isSampled(estimator: Estimator | VocabularyEstimator): estimator is Estimator {
	return ESTIMATORS.some((name) => name === estimator);
}

/** Whether it needs D_t or its gradient, which an engine may not be able to give. */
export function needsVocabulary(config: KlConfig): boolean {
	return config.place !== "none" && !isSampled(config.estimator);
}

/**
 * Refuses a configuration that no objective can be made of.
 * @throws ThaliaError `kl-config-invalid`
 */
export function validateKlConfig(config: KlConfig): void {
	oneOf("kl.place", PLACES, config.place);
	if (config.place === "none") return;
	const { place, estimator, beta, importance = "none", truncation } = config;
	oneOf("kl.estimator", allowed[place], estimator);
	if (!Number.isFinite(beta) || beta < 0) {
		throw invalid("a finite number >= 0", "kl.beta", beta, 'For no KL term use beta 0 or place "none".');
	}
	oneOf("kl.importance", IMPORTANCES, importance);
	if (truncation !== undefined) validateTruncation(truncation, importance);
	validateTo(config);
	if (config.clamp !== undefined) validateClamp(config.clamp, estimator);
	if (config.place === "loss") validateTopK(config);
	if (config.place !== "reward" && config.differentiateImportance === true && importance === "none") {
		const fix = 'Set kl.importance (DeepSeek-V3.2: "token"), or leave kl.differentiateImportance out.';
		throw invalid("false where kl.importance is none", "kl.differentiateImportance", true, fix);
	}
	if (config.place !== "reward" && config.differentiateImportance === true && !isDifferentiable(estimator)) {
		const fix = 'Leave it out, or use estimator "full".';
		throw invalid(`false with estimator "${estimator}"`, "kl.differentiateImportance", true, fix);
	}
	if (config.place === "reward" && "differentiateImportance" in config) {
		const fix = "No gradient passes through a reward: leave it out, or use place loss or both.";
		throw invalid(
			"nothing with place reward",
			"kl.differentiateImportance",
			config.differentiateImportance,
			fix,
		);
	}
	if (config.place === "loss") return;
	validateCredit(config);
	validateShape(config);
}

function validateTo({ to = "reference", ...config }: KlInReward | KlInLoss | KlInBoth): void {
	oneOf("kl.to", KL_TO, to);
	if (to === "reference") return;
	if (!isSampled(config.estimator)) {
		const fix = "The sampler's whole distribution is not kept: use kl.estimator=k2, or kl.to=reference.";
		throw invalid(
			"an estimator of the sampled token",
			"kl.estimator with kl.to sampler",
			config.estimator,
			fix,
		);
	}
	if (config.place !== "loss" && config.logprobs === "sampler") {
		const fix = "The sampler is at no distance from itself: set kl.logprobs=current.";
		throw invalid('"current"', "kl.logprobs with kl.to sampler", "sampler", fix);
	}
}

function validateClamp({ logRatio, value }: Clamp, estimator: Estimator | VocabularyEstimator): void {
	if (!isSampled(estimator)) {
		const fix = "There is no sampled ratio to clamp: leave kl.clamp out.";
		throw invalid(`nothing with estimator "${estimator}"`, "kl.clamp", { logRatio, value }, fix);
	}
	for (const [name, bound] of Object.entries({ logRatio, value })) {
		if (bound !== undefined && !(bound > 0)) throw invalid("a number above 0", `kl.clamp.${name}`, bound);
	}
}

function validateTopK({ estimator, topK }: KlInLoss): void {
	if (estimator === "top-k") {
		if (topK !== undefined && Number.isInteger(topK) && topK >= 1) return;
		throw invalid("a whole number >= 1", 'kl.topK with estimator "top-k"', topK, "Such as kl.topK=64.");
	}
	if (topK !== undefined) {
		throw invalid(
			`nothing with estimator "${estimator}"`,
			"kl.topK",
			topK,
			"Leave it out, or use kl.estimator=top-k.",
		);
	}
}

function validateShape(config: KlInReward | KlInBoth): void {
	const { normalisation, clip, centre, importance = "none", estimator, credit } = config;
	const given = Object.entries({ normalisation, clip, centre }).find(([, value]) => value !== undefined);
	if (given === undefined) return;
	if (importance !== "none" || !isSampled(estimator)) {
		const why = importance === "none" ? `estimator "${estimator}"` : `kl.importance ${importance}`;
		const fix = "Such a KL stands beside baseline and surrogate: leave it out.";
		throw invalid(`nothing with ${why}`, `kl.${given[0]}`, given[1], fix);
	}
	if (normalisation !== undefined) oneOf("kl.normalisation", ["before", "after"], normalisation);
	if (clip !== undefined) oneOf("kl.clip", ["inside", "outside"], clip);
	if (centre !== undefined) oneOf("kl.centre", ["group", "batch"], centre);
	if (normalisation !== "before") return;
	const fix = "Set kl.normalisation=after, or leave it out.";
	if (credit !== "sequence")
		throw invalid(`"after" with credit "${credit}"`, "kl.normalisation", "before", fix);
	if (clip === "outside") throw invalid('"after" with kl.clip outside', "kl.normalisation", "before", fix);
	if (centre === "batch") throw invalid('"after" with kl.centre batch', "kl.normalisation", "before", fix);
}

/** The others are gradients by themselves, of no value that a weight could multiply. */
function isDifferentiable(estimator: Estimator | VocabularyEstimator): boolean {
	return isSampled(estimator) || estimator === "full";
}

/** Credits that a value which reads the vocabulary can have: D_t is known before token t, which cannot answer for it. */
const vocabularyCredits = {
	full: ["sequence", "reward-to-go"],
	"rao-blackwell": ["reward-to-go"],
	"rao-blackwell-local": ["token"],
} as const satisfies Record<Exclude<VocabularyEstimator, "top-k">, readonly Credit[]>;

function validateCredit({ credit, discount = 1, logprobs, estimator }: KlInReward | KlInBoth): void {
	oneOf("kl.credit", CREDITS, credit);
	oneOf("kl.logprobs", REWARD_LOG_PROBS, logprobs);
	if (!isSampled(estimator))
		oneOf(`kl.credit with estimator "${estimator}"`, vocabularyCredits[estimator], credit);
	if (!(discount >= 0 && discount <= 1)) throw invalid("a number from 0 to 1", "kl.discount", discount);
	if (discount === 1 || (credit === "reward-to-go" && isSampled(estimator))) return;
	const what = isSampled(estimator) ? `credit "${credit}"` : `estimator "${estimator}"`;
	throw invalid(`1 with ${what}`, "kl.discount", discount, "Leave it out.");
}

function validateTruncation({ low = 0, high = Infinity, by }: Truncation, importance: Importance): void {
	if (importance === "none") {
		const fix = "Set kl.importance, or leave kl.truncation out.";
		throw invalid("nothing where kl.importance is none", "kl.truncation", { low, high, by }, fix);
	}
	if (!(low >= 0 && low <= 1)) throw invalid("a number from 0 to 1", "kl.truncation.low", low);
	if (!(high >= 1)) throw invalid("a number of at least 1", "kl.truncation.high", high);
	oneOf("kl.truncation.by", ["clip", "mask"], by);
}

function oneOf(subject: string, names: readonly string[], received: unknown): void {
	if (typeof received === "string" && names.includes(received)) return;
	throw invalid(`one of ${names.map((name) => JSON.stringify(name)).join(", ")}`, subject, received);
}

function invalid(what: string, subject: string, received: unknown, fix?: string) {
	return expected("kl-config-invalid", what, subject, received, fix);
}
