import type { Sequence, TokenOutputs } from "../engine/engine.ts";
import type { TokenBatch } from "../objective/batch.ts";
import type { Rollout, RolloutGroup } from "../rollout/collect.ts";

/** What one update learns from: whole groups, every completion of which has a reward. */
export interface TrainingBatch {
	readonly sequences: readonly Sequence[];
	readonly tokens: TokenBatch;
	/** Position of each sequence among the completions that were sampled. */
	readonly positions: readonly number[];
}

/**
 * Drops every group with a completion that could not be scored: its baseline would stand on what is left by chance.
 * Undefined where no group is left.
 *
 * @param reference, current outputs of every sampled completion, in order
 */
export function trainingBatch(
	groups: readonly RolloutGroup[],
	groupSize: number,
	reference: readonly TokenOutputs[],
	current: readonly TokenOutputs[] | undefined,
): TrainingBatch | undefined {
	const positions: number[] = [];
	const sequences: Sequence[] = [];
	const rollouts: Rollout[] = [];
	const rewards: number[] = [];
	groups.forEach((group, g) => {
		const scores = group.rollouts.flatMap(({ scored }) => ("reward" in scored ? [scored.reward] : []));
		if (scores.length < group.rollouts.length) return;
		rewards.push(...scores);
		group.rollouts.forEach((rollout, i) => {
			positions.push(g * groupSize + i);
			rollouts.push(rollout);
			sequences.push(sequenceOf(group.prompt, rollout.tokens));
		});
	});
	if (sequences.length === 0) return undefined;
	const offsets = new Int32Array(rollouts.length + 1);
	rollouts.forEach(({ tokens }, b) => (offsets[b + 1] = offsets[b] + tokens.length));
	const flat = (outputs: readonly TokenOutputs[]) => concat(positions.map((p) => outputs[p].logprobs));
	return {
		sequences,
		positions,
		tokens: {
			offsets,
			// As drawn: tempered, which the policy and the reference are evaluated as too, and truncated where they are not.
			sampler: concat(rollouts.map(({ samplerLogprobs }) => samplerLogprobs)),
			reference: flat(reference),
			...(current === undefined ? {} : { current: flat(current) }),
			rewards: Float64Array.from(rewards),
			groupSize,
		},
	};
}

export function sequenceOf(prompt: Int32Array, completion: Int32Array): Sequence {
	const tokens = new Int32Array(prompt.length + completion.length);
	tokens.set(prompt);
	tokens.set(completion, prompt.length);
	return { tokens, promptLength: prompt.length };
}

function concat(parts: readonly Float32Array[]): Float32Array {
	const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		out.set(part, at);
		at += part.length;
	}
	return out;
}
