import type { KlConfig, RewardLogProbs, VocabularyEstimator } from "./config.ts";
import type { Credit } from "./credit.ts";
import type { Estimator } from "./estimators.ts";
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
	const { place, estimator, beta, importance, truncation, credit, logprobs, discount } = flat;
	if (place === "none") return { place };
	const credited =
		place === "loss" ? {} : { credit, logprobs, ...(discount === undefined ? {} : { discount }) };
	const { differentiateImportance } = flat;
	// Which estimator goes with which place only validateKlConfig can say.
	return {
		...{ place, estimator, ...credited, beta },
		...(importance === "none" ? {} : { importance }),
		...(truncation === undefined ? {} : { truncation }),
		...(differentiateImportance === undefined ? {} : { differentiateImportance }),
	} as KlConfig;
}
