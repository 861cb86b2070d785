import { tokensOf } from "./batch.ts";
import type { PreparedObjective } from "./prepare.ts";
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

/** The first token whose score weight is not finite; null where all are. */
export function findOverflow(
	prepared: PreparedObjective,
	outputs: readonly SequenceOutputs[],
): Overflow | null {
	const { batch } = prepared;
	for (const [b, output] of outputs.entries()) {
		const { logprobs, divergence } = weigh(prepared, b, output);
		const finite = (t: number) =>
			[logprobs[t], divergence?.[t] ?? 0, output.logprobs[t]].every(Number.isFinite);
		const t = Array.from(logprobs.keys()).find((at) => !finite(at));
		if (t === undefined) continue;
		const [reference, sampler] = [batch.reference, batch.sampler].map((of) => tokensOf(batch, of, b)[t]);
		return { sequence: b, token: t, logp: output.logprobs[t], reference, sampler };
	}
	return null;
}
