import { expected } from "../errors.ts";
import { assertLength, type LogProbs } from "../kl/log-probs.ts";

/**
 * Sampled completions, flat and ragged: sequence b holds tokens offsets[b] to offsets[b + 1] (end excluded; a
 * sequence may be empty). Only trained tokens are in it: prompts and masked tokens are left out. A group is
 * `groupSize` consecutive sequences, the completions of one prompt.
 *
 * All log-probs in nats and at the same temperature. One that is not finite throws nothing: the loss, and every
 * weight that depends on it, is then not finite either, and the engine discards the gradient.
 */
export interface TokenBatch {
	/** [B + 1], from 0 to N, never falling. */
	readonly offsets: Int32Array;
	/** log mu(y_t|h_t) under the policy that sampled, [N]. */
	readonly sampler: LogProbs;
	/** log ref(y_t|h_t) under the frozen reference, [N]. */
	readonly reference: LogProbs;
	/** log pi(y_t|h_t) before the update, [N]; needed by an in-reward KL on "current" log-probs. */
	readonly current?: LogProbs;
	/** One per sequence, [B], finite. */
	readonly rewards: Float64Array;
	readonly groupSize: number;
}

/** @throws ThaliaError `batch-invalid` or `shape-mismatch` */
export function validateBatch(batch: TokenBatch): void {
	const { offsets, rewards, groupSize } = batch;
	if (!Number.isInteger(groupSize) || groupSize < 1) {
		throw expected("batch-invalid", "a whole number >= 1", "groupSize", groupSize);
	}
	if (rewards.length === 0 || rewards.length % groupSize !== 0) {
		throw expected("batch-invalid", `one or more whole groups of ${groupSize}`, "rewards", rewards.length);
	}
	assertLength("offsets", offsets, rewards.length + 1);
	if (offsets[0] !== 0) throw expected("batch-invalid", "0", "offsets[0]", offsets[0]);
	for (const [b, reward] of rewards.entries()) {
		if (offsets[b + 1] < offsets[b]) {
			throw expected("batch-invalid", `at least ${offsets[b]}`, `offsets[${b + 1}]`, offsets[b + 1]);
		}
		if (!Number.isFinite(reward)) {
			throw expected(
				"batch-invalid",
				"a finite number",
				`rewards[${b}]`,
				reward,
				"Leave out the whole group of a completion that could not be scored.",
			);
		}
	}
	const tokens = offsets[rewards.length];
	if ((batch.sampler as LogProbs | undefined) === undefined) {
		const fix =
			"Record the log-probs that tokens were drawn with: ratios and kl.importance are made of them.";
		throw expected("batch-invalid", "the sampler's log-probs", "batch.sampler", undefined, fix);
	}
	assertLength("sampler log-probs", batch.sampler, tokens);
	assertLength("reference log-probs", batch.reference, tokens);
	if (batch.current !== undefined) assertLength("current log-probs", batch.current, tokens);
}

/** Sequence b's part of a per-token array, as a view. */
export function tokensOf<T extends LogProbs>(
	batch: { readonly offsets: Int32Array },
	values: T,
	b: number,
): T {
	return values.subarray(batch.offsets[b], batch.offsets[b + 1]) as T;
}
