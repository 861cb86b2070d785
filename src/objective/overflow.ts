import { tokensOf } from "./batch.ts";
import { type PreparedObjective, prepareObjective } from "./prepare.ts";
import { type SequenceOutputs, weigh } from "./weigh.ts";

/** A token at which a ratio of probabilities, or a log-prob itself, left what numbers can hold. */
export interface Overflow {
	/** Index of the sequence in the batch, and of the token in it. */
	readonly sequence: number;
	readonly token: number;
	/** log pi, log ref and log mu there, nats. */
	readonly logp: number;
	readonly reference: number;
	readonly sampler: number;
}

/** Engines compute in f32: the square of a larger weight, and so the norm of a gradient that has it, is infinite. */
const largestWeight = Math.sqrt((2 - 2 ** -23) * 2 ** 127);

/**
 * Of the tokens whose score weight is too large, or no number, the one that is farthest from the reference or the
 * sampler: a KL in the reward spreads over its whole completion, and by the baseline over its group. Null where it is
 * none of the log-probs' doing.
 */
export function findOverflow(
	{ batch, objective, kl }: PreparedObjective,
	outputs: readonly SequenceOutputs[],
): Overflow | null {
	// A reward that is too large makes every weight so: what is left of it here keeps its sign alone.
	const largest = batch.rewards.reduce((most, reward) => Math.max(most, Math.abs(reward)), 1);
	const rewards = batch.rewards.map((reward) => reward / largest);
	const prepared = prepareObjective({ ...batch, rewards }, objective, kl);
	let found: Overflow | null = null;
	for (const [sequence, output] of outputs.entries()) {
		const { logprobs, divergence } = weigh(prepared, sequence, output);
		const [references, samplers] = [batch.reference, batch.sampler].map((of) =>
			tokensOf(batch, of, sequence),
		);
		for (const [token, logp] of output.logprobs.entries()) {
			const numbers = [logprobs[token], divergence?.[token] ?? 0, output.divergence?.[token] ?? 0, logp];
			if (numbers.every((x) => Math.abs(x) <= largestWeight)) continue;
			const here = { sequence, token, logp, reference: references[token], sampler: samplers[token] };
			if (found === null || distanceOf(here) > distanceOf(found)) found = here;
		}
	}
	return found;
}

function distanceOf({ logp, reference, sampler }: Overflow): number {
	const distance = Math.max(Math.abs(logp - reference), Math.abs(logp - sampler));
	return Number.isNaN(distance) ? Infinity : distance;
}
