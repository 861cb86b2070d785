import { expected } from "../errors.ts";

/**
 * How rewards become advantages: leave-one-out, group mean and standard deviation, group mean, group mean and then
 * whitening over the batch, or the bare reward.
 */
export type AdvantageKind = (typeof ADVANTAGES)[number];
export const ADVANTAGES = ["rloo", "grpo", "dr-grpo", "reinforce++", "reinforce"] as const;

/** q is the ratio of policy to sampler, of a token where nothing else is said; sg stops the gradient. */
export type Surrogate =
	/** -A log pi (Williams 1992). Nothing corrects for a sampler that is not the policy. */
	| { readonly kind: "reinforce" }
	/**
	 * -min(q A, clip(q, 1 - epsilonLow, 1 + epsilonHigh) A) (PPO, Schulman et al., arXiv 1707.06347; two epsilons as DAPO,
	 * arXiv 2503.14476). With `dualClip` c, where A < 0 never more than -c A (Ye et al., arXiv 1912.09729).
	 * 0 < epsilonLow <= 1; epsilonHigh > 0; dualClip > 1.
	 */
	| {
			readonly kind: "ppo-clip";
			readonly epsilonLow: number;
			readonly epsilonHigh: number;
			readonly dualClip?: number;
	  }
	/** -sg(clip(q, 1 - epsilonLow, 1 + epsilonHigh)) A log pi (CISPO, MiniMax-M1, arXiv 2506.13585). No token is lost. */
	| { readonly kind: "cispo"; readonly epsilonLow: number; readonly epsilonHigh: number }
	/** PPO's clip of q = (pi(y) / mu(y))^(1/T), one ratio for all tokens of a completion (GSPO-token, arXiv 2507.18071). */
	| { readonly kind: "gspo"; readonly epsilonLow: number; readonly epsilonHigh: number }
	/** -sg(min(q, cap)) A log pi, q of a token or of the whole completion (truncated importance sampling, Ionides 2008). */
	| { readonly kind: "tis"; readonly level: RatioLevel; readonly cap: number }
	/** -sg(q) A log pi where low <= q <= high, else nothing (IcePop, prime-rl). */
	| { readonly kind: "masked-is"; readonly level: RatioLevel; readonly low: number; readonly high: number };

export type RatioLevel = (typeof RATIO_LEVELS)[number];
export const RATIO_LEVELS = ["token", "sequence"] as const;
export const SURROGATES = ["reinforce", "ppo-clip", "cispo", "gspo", "tis", "masked-is"] as const;

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
	const at = (key: string) => `objective.surrogate.${key}`;
	const kind: string = surrogate.kind;
	switch (surrogate.kind) {
		case "reinforce":
			return;
		case "ppo-clip":
		case "cispo":
		case "gspo": {
			const { epsilonLow, epsilonHigh } = surrogate;
			if (!(epsilonLow > 0 && epsilonLow <= 1))
				throw invalid("a number above 0 and at most 1", at("epsilonLow"), epsilonLow);
			if (!(epsilonHigh > 0 && Number.isFinite(epsilonHigh)))
				throw invalid("a finite number above 0", at("epsilonHigh"), epsilonHigh);
			if (surrogate.kind !== "ppo-clip" || surrogate.dualClip === undefined) return;
			if (!(surrogate.dualClip > 1)) throw invalid("a number above 1", at("dualClip"), surrogate.dualClip);
			return;
		}
		case "tis":
			validateLevel(surrogate.level);
			if (!(surrogate.cap >= 1)) throw invalid("a number of at least 1", at("cap"), surrogate.cap);
			return;
		case "masked-is":
			validateLevel(surrogate.level);
			if (!(surrogate.low >= 0 && surrogate.low <= 1))
				throw invalid("a number from 0 to 1", at("low"), surrogate.low);
			if (!(surrogate.high >= 1)) throw invalid("a number of at least 1", at("high"), surrogate.high);
			return;
		default:
			throw invalid(oneOf(SURROGATES), at("kind"), kind);
	}
}

function validateLevel(level: RatioLevel): void {
	if (!RATIO_LEVELS.includes(level)) throw invalid(oneOf(RATIO_LEVELS), "objective.surrogate.level", level);
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
