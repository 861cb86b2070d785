import type { KlConfig, KlInReward, KlTo, RewardLogProbs, VocabularyEstimator } from "./config.ts";
import type { Credit } from "./credit.ts";
import type { Clamp, Estimator } from "./estimators.ts";
import type { Importance, Truncation } from "./importance.ts";

/** A KL as recipes write it: every axis a key of its own, whatever the others are. */
export interface FlatKl {
	readonly place: KlConfig["place"];
	readonly estimator: Estimator | VocabularyEstimator;
	readonly credit: Credit;
	readonly discount?: number | undefined;
	readonly beta: number;
	readonly logprobs: RewardLogProbs;
	readonly importance: Importance;
	readonly truncation?: Truncation | undefined;
	readonly differentiateImportance?: boolean | undefined;
	readonly to?: KlTo | undefined;
	readonly clamp?: Clamp | undefined;
	readonly topK?: number | undefined;
	readonly normalisation?: KlInReward["normalisation"] | undefined;
	readonly clip?: KlInReward["clip"] | undefined;
	readonly centre?: KlInReward["centre"] | undefined;
}

export const flatDefaults: FlatKl = {
	place: "reward",
	estimator: "k1",
	credit: "sequence",
	beta: 0.05,
	logprobs: "sampler",
	importance: "none",
};

/** Keeps what its place uses. What contradicts itself stays, for `validateKlConfig` to refuse. */
export function klFromFlat(flat: FlatKl): KlConfig {
	const { place, estimator, beta, importance, truncation, differentiateImportance, to, clamp } = flat;
	if (place === "none") return { place };
	const { credit, logprobs, discount, normalisation, clip, centre, topK } = flat;
	const credited = { credit, logprobs, ...definedOnly({ discount, normalisation, clip, centre }) };
	// Which estimator goes with which place only validateKlConfig can say.
	return {
		...{ place, estimator, ...(place === "loss" ? definedOnly({ topK }) : credited), beta },
		...(importance === "none" ? {} : { importance }),
		...definedOnly({ truncation, differentiateImportance, clamp }),
		...(to === "sampler" ? { to } : {}),
	} as KlConfig;
}

function definedOnly<T extends object>(values: T): Partial<T> {
	return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
