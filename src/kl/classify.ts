import { isSampled, type KlConfig, type KlInBoth, type KlInLoss, type KlInReward } from "./config.ts";
import type { Estimator } from "./estimators.ts";
import { addTerms, anything, type Cause, combination, type Terms, type Where } from "./expectation.ts";

/** Which objective a configuration follows, in expectation. */
export type FollowedObjective =
	| "sequence-reverse-kl"
	| "local-reverse-kl"
	| "local-forward-kl"
	| "zero-mean-noise"
	| "reverse-minus-forward"
	| "to-sampler"
	| "none"
	| "biased";

export interface Classification {
	readonly objective: FollowedObjective;
	/** Whether the expected gradient is that of the sequence-level reverse KL(policy || reference). */
	readonly exact: boolean;
	/** Whose prefixes a local KL is taken at. */
	readonly prefixes: "policy" | "sampler";
	/** Of "biased": what makes it none of the others. */
	readonly causes: readonly Cause[];
}

/**
 * What the KL term of a configuration follows, worked out from the configuration alone: its expected gradient is a sum
 * of few terms (see `expectation.ts`), and each objective is one such sum. `classify.test.ts` compares it with exact
 * enumeration over the whole space of configurations.
 * @param offPolicy whether another policy than the one being trained samples
 */
export function classifyKl(config: KlConfig, offPolicy: boolean): Classification {
	if (config.place === "none" || config.beta === 0) return verdict("none", "policy", []);
	if (config.to === "sampler")
		return verdict(isNoise(config, offPolicy) ? "zero-mean-noise" : "to-sampler", "policy", []);
	const terms: Terms = new Map();
	if (config.place !== "loss") addTerms(terms, rewardTerms(config, offPolicy));
	if (config.place !== "reward") addTerms(terms, lossTerms(config, offPolicy));
	const { causes, local, future, forward, where } = combination(terms);
	if (causes.length > 0) return verdict("biased", where, causes);
	if (where === "both") return verdict("biased", where, ["importance"]);
	const signature = [local, future, forward].join(" ");
	const named = signatures[signature];
	if (named === undefined || (future !== 0 && where === "sampler"))
		return verdict("biased", where, ["estimator"]);
	return verdict(named, where, []);
}

/** On-policy the sampler is at no distance: what is left of a KL to it is k1's derivative of 1, whose mean is 0. */
function isNoise({ place, estimator }: KlInReward | KlInLoss | KlInBoth, offPolicy: boolean): boolean {
	return !offPolicy && place !== "reward" && estimator === "k1";
}

/** Coefficients of the local reverse KL, its future part, and the local forward KL. */
const signatures: Partial<Record<string, FollowedObjective>> = {
	"0 0 0": "zero-mean-noise",
	"1 1 0": "sequence-reverse-kl",
	"1 0 0": "local-reverse-kl",
	"0 0 1": "local-forward-kl",
	"1 1 -1": "reverse-minus-forward",
	"1 0 -1": "reverse-minus-forward",
};

function verdict(
	objective: FollowedObjective,
	where: Where | "both",
	causes: readonly Cause[],
): Classification {
	const prefixes = where === "sampler" ? "sampler" : "policy";
	return { objective, exact: objective === "sequence-reverse-kl", prefixes, causes };
}

/** E[s_t k_t]: what a token's own value contributes through its score. */
const ownValue: Record<Estimator, readonly [local: number, forward: number] | null> = {
	k1: [1, 0],
	"k1+": [1, 0],
	k3: [1, -1],
	"k3+": [1, -1],
	k2: null,
	abs: null,
};

/** E[s_t k'_t]: what its derivative does. */
const ownSlope: Record<Estimator, readonly [local: number, forward: number] | null> = {
	k1: [0, 0],
	k2: [1, 0],
	"k1+": [1, 0],
	"k3+": [1, 0],
	k3: [0, 1],
	abs: null,
};

/** Where a weighted term of token n stands: at whose prefixes, or nowhere. */
function placeOf(
	{ importance = "none" }: KlInReward | KlInLoss | KlInBoth,
	offPolicy: boolean,
): Where | null {
	if (!offPolicy) return "policy";
	if (importance === "none") return null;
	return importance === "token" ? "sampler" : "policy";
}

function rewardTerms(config: KlInReward | KlInBoth, offPolicy: boolean): Terms {
	const { estimator, credit, discount = 1, logprobs, truncation, importance = "none" } = config;
	if (config.clamp !== undefined) return anything("clamp");
	const where = placeOf(config, offPolicy);
	if (where === null) return anything("importance");
	if (offPolicy && logprobs === "sampler" && estimator !== "full") return anything("logprobs-source");
	if (offPolicy && truncation !== undefined) return anything("truncation");
	const terms: Terms = new Map();
	if (credit === "sequence" || (credit === "reward-to-go" && discount > 0)) {
		// A later token's value needs every ratio up to it.
		if (offPolicy && importance === "token") return anything("importance");
		if (discount < 1) return anything("discount");
		if (isSampled(estimator) && ownValue[estimator] === null) return anything("estimator");
		addTerms(terms, futureTerm(where));
	}
	if (estimator === "full") return terms;
	const own = isSampled(estimator) ? ownValue[estimator] : ([1, 0] as const);
	if (own === null) return anything("estimator");
	return addTerms(terms, localTerms(own, where));
}

function lossTerms(config: KlInLoss | KlInBoth, offPolicy: boolean): Terms {
	const { estimator, importance = "none", truncation, differentiateImportance = false } = config;
	if (config.clamp !== undefined) return anything("clamp");
	if (offPolicy && truncation !== undefined) return anything("truncation");
	const where = placeOf(config, offPolicy);
	const reachesFuture = importance === "prefix" || importance === "sequence";
	const terms: Terms = new Map();
	if (!isSampled(estimator)) {
		// D_t and its gradient depend on the prefix alone: without importance they are right at the sampler's prefixes.
		if (estimator === "top-k" && where === null) return anything("importance");
		addTerms(terms, localTerms([1, 0], where ?? "sampler"));
		if (estimator === "rao-blackwell") {
			if (offPolicy && !reachesFuture) return anything("importance");
			addTerms(terms, futureTerm("policy"));
		}
		if (differentiateImportance && reachesFuture) addTerms(terms, futureTerm("policy"));
		return terms;
	}
	const slope = ownSlope[estimator];
	if (slope === null) return anything("estimator");
	if (where === null) return anything("importance");
	addTerms(terms, localTerms(slope, where));
	if (!differentiateImportance) return terms;
	const own = ownValue[estimator];
	if (own === null) return anything("estimator");
	addTerms(terms, localTerms(own, where));
	return reachesFuture ? addTerms(terms, futureTerm(where)) : terms;
}

function futureTerm(where: Where): Terms {
	return new Map([[`future ${where}` as const, 1]]);
}

function localTerms([local, forward]: readonly [number, number], where: Where): Terms {
	return new Map([
		[`local ${where}` as const, local],
		[`forward ${where}` as const, forward],
	]);
}
