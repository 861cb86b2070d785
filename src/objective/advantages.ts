import type { AdvantageKind } from "./config.ts";

/** Added to the group's standard deviation, as TRL does. */
const GRPO_EPSILON = 1e-4;
/** As verl and OpenRLHF do. */
const WHITEN_EPSILON = 1e-8;

/**
 * A_i = r_i - mean of the others' rewards: leave-one-out baseline (Kool et al. 2019; RLOO, Ahmadian et al.,
 * arXiv 2402.14740). Unbiased, since the baseline does not depend on y_i.
 * @param rewards [B], groups of `groupSize` >= 2 consecutive entries; returns [B]
 */
export function rlooAdvantages(rewards: Float64Array, groupSize: number): Float64Array {
	return byGroup(rewards, groupSize, (group) => {
		const sum = total(group);
		return group.map((r) => r - (sum - r) / (groupSize - 1));
	});
}

/**
 * A_i = (r_i - mean) / (std + 1e-4), std with n - 1 (GRPO, DeepSeekMath, arXiv 2402.03300). Biased: groups are
 * reweighted by their spread.
 * @param rewards [B], groups of `groupSize` >= 2 consecutive entries; returns [B]
 */
export function grpoAdvantages(rewards: Float64Array, groupSize: number): Float64Array {
	return byGroup(rewards, groupSize, (group) => {
		const mean = total(group) / groupSize;
		const variance = total(group.map((r) => (r - mean) ** 2)) / (groupSize - 1);
		return group.map((r) => (r - mean) / (Math.sqrt(variance) + GRPO_EPSILON));
	});
}

/**
 * A_i = r_i - mean (Dr. GRPO, arXiv 2503.20783). The mean holds r_i itself, which shrinks the expected gradient by
 * 1 - 1/n and leaves its direction.
 * @param rewards [B], groups of `groupSize` consecutive entries; returns [B]
 */
export function drGrpoAdvantages(rewards: Float64Array, groupSize: number): Float64Array {
	return byGroup(rewards, groupSize, (group) => {
		const mean = total(group) / groupSize;
		return group.map((r) => r - mean);
	});
}

/**
 * (A - mean) / (std + 1e-8) over all tokens of the batch, std with n - 1 (REINFORCE++ baseline, arXiv 2501.03262, as verl
 * and OpenRLHF have it: after the group's mean was taken off). Biased: each batch is divided by its own spread.
 * @param advantages per token, [N]
 */
export function whiten(advantages: Float64Array): Float64Array {
	if (advantages.length < 2) return advantages.slice();
	const mean = total(advantages) / advantages.length;
	const variance = total(advantages.map((a) => (a - mean) ** 2)) / (advantages.length - 1);
	return advantages.map((a) => (a - mean) / (Math.sqrt(variance) + WHITEN_EPSILON));
}

/**
 * Of "reinforce++" before `whiten`.
 * @param rewards [B], groups of `groupSize` consecutive entries; returns one advantage per sequence, [B]
 */
export function sequenceAdvantages(
	kind: AdvantageKind,
	rewards: Float64Array,
	groupSize: number,
): Float64Array {
	if (kind === "rloo") return rlooAdvantages(rewards, groupSize);
	if (kind === "grpo") return grpoAdvantages(rewards, groupSize);
	return kind === "reinforce" ? rewards.slice() : drGrpoAdvantages(rewards, groupSize);
}

/**
 * Per-token costs less what the group spends at the same position, the baseline of `kind` taken position by
 * position: the mean of the others for rloo, of all for the rest, none for reinforce. A sequence that has
 * ended costs 0. As the rloo baseline at t does not depend on y_i, and whether y_i reaches t is known from its
 * prefix, the expected gradient stays what it is without one.
 * @param costs [N], by sequence as `offsets` [B + 1] says; returns [N]
 */
export function centreCosts(
	kind: AdvantageKind,
	costs: Float64Array,
	offsets: Int32Array,
	groupSize: number,
): Float64Array {
	if (kind === "reinforce") return costs.slice();
	const centred = new Float64Array(costs.length);
	for (let first = 0; first < offsets.length - 1; first += groupSize) {
		const members = Array.from({ length: groupSize }, (_, i) => first + i);
		const sums = new Float64Array(Math.max(...members.map((b) => offsets[b + 1] - offsets[b])));
		for (const b of members) {
			for (let i = offsets[b]; i < offsets[b + 1]; i++) sums[i - offsets[b]] += costs[i];
		}
		for (const b of members) {
			for (let i = offsets[b]; i < offsets[b + 1]; i++) {
				const sum = sums[i - offsets[b]];
				centred[i] = costs[i] - (kind === "rloo" ? (sum - costs[i]) / (groupSize - 1) : sum / groupSize);
			}
		}
	}
	return centred;
}

function byGroup(
	rewards: Float64Array,
	groupSize: number,
	of: (group: Float64Array) => Float64Array,
): Float64Array {
	const advantages = new Float64Array(rewards.length);
	for (let first = 0; first < rewards.length; first += groupSize) {
		advantages.set(of(rewards.subarray(first, first + groupSize)), first);
	}
	return advantages;
}

function total(values: Float64Array): number {
	return values.reduce((sum, value) => sum + value, 0);
}
