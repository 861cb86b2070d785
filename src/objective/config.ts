import { expected } from "../errors.ts";

/**
 * How rewards become advantages: leave-one-out, group mean and standard deviation, group mean, or the bare reward.
 */
export type AdvantageKind = (typeof ADVANTAGES)[number];
export const ADVANTAGES = ["rloo", "grpo", "dr-grpo", "reinforce"] as const;

export type Surrogate =
	/** -A log pi. On-policy: nothing corrects for a sampler that is not the policy. */
	| { readonly kind: "reinforce" }
	/** PPO's clipped ratio per token. 0 < epsilonLow <= 1; epsilonHigh > 0. */
	| { readonly kind: "ppo-clip"; readonly epsilonLow: number; readonly epsilonHigh: number };

/** How per-token terms become one loss; see `aggregationScales`. `length` in tokens, a whole number >= 1. */
export type Aggregation =
	| (typeof AGGREGATIONS)[number]
	| { readonly kind: "fixed-length"; readonly length: number };
export const AGGREGATIONS = ["token-mean", "sequence-sum", "sequence-mean"] as const;

export interface ObjectiveConfig {
	readonly advantage: AdvantageKind;
	readonly surrogate: Surrogate;
	readonly aggregation: Aggregation;
}

/**
 * Refuses a configuration that means nothing, alone or with this group size.
 * @throws ThaliaError `objective-config-invalid`
 */
export function validateObjective(objective: ObjectiveConfig, groupSize: number): void {
	const { advantage, surrogate } = objective;
	if (!ADVANTAGES.includes(advantage)) throw invalid(oneOf(ADVANTAGES), "objective.advantage", advantage);
	if (!Number.isInteger(groupSize) || groupSize < 1)
		throw invalid("a whole number >= 1", "groupSize", groupSize);
	if (groupSize === 1 && advantage !== "reinforce") {
		throw invalid(
			"at least 2",
			`groupSize with advantage "${advantage}"`,
			groupSize,
			'A group of one has nothing to compare with: raise groupSize or use advantage "reinforce".',
		);
	}
	validateSurrogate(surrogate);
	validateAggregation(objective.aggregation);
}

function validateSurrogate(surrogate: Surrogate): void {
	const kind: string = surrogate.kind;
	if (kind !== "reinforce" && kind !== "ppo-clip") {
		throw invalid(oneOf(["reinforce", "ppo-clip"]), "objective.surrogate.kind", kind);
	}
	if (surrogate.kind === "reinforce") return;
	const { epsilonLow, epsilonHigh } = surrogate;
	if (!(epsilonLow > 0 && epsilonLow <= 1)) {
		throw invalid("a number above 0 and at most 1", "objective.surrogate.epsilonLow", epsilonLow);
	}
	if (!(epsilonHigh > 0 && Number.isFinite(epsilonHigh))) {
		throw invalid("a finite number above 0", "objective.surrogate.epsilonHigh", epsilonHigh);
	}
}

function validateAggregation(aggregation: Aggregation): void {
	if (typeof aggregation === "string") {
		if (AGGREGATIONS.includes(aggregation)) return;
		throw invalid(oneOf([...AGGREGATIONS, "fixed-length"]), "objective.aggregation", aggregation);
	}
	const kind: string = aggregation.kind;
	if (kind !== "fixed-length") throw invalid('"fixed-length"', "objective.aggregation.kind", kind);
	if (!Number.isInteger(aggregation.length) || aggregation.length < 1) {
		throw invalid("a whole number of tokens >= 1", "objective.aggregation.length", aggregation.length);
	}
}

function oneOf(names: readonly string[]): string {
	return `one of ${names.map((name) => JSON.stringify(name)).join(", ")}`;
}

function invalid(what: string, subject: string, received: unknown, fix?: string) {
	return expected("objective-config-invalid", what, subject, received, fix);
}
