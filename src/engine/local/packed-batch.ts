import type { Sequence } from "../engine.ts";
import { promptKey } from "./micro-batches.ts";
import { type Network, packedAttention, type Span, spansOf } from "./packed-attention.ts";
import { Tensor } from "./tensor.ts";

/**
 * Sequences as the rows that the network reads: each distinct prompt once, then every completion without its last
 * token, nothing padded. A completion's rows attend to its prompt's and to their own.
 */
export interface PackedBatch extends Network {
	/** [M] i64: rows whose next token is evaluated, sequence by sequence; a prompt's last row once for each completion. */
	readonly rows: Tensor;
	/** [M] i64: those next tokens. */
	readonly targets: Tensor;
	/** Where each sequence's evaluated tokens begin in M; one more entry holds M. */
	readonly offsets: readonly number[];
}

export function packSequences(sequences: readonly Sequence[]): PackedBatch {
	const ids: number[] = [];
	const positions: number[] = [];
	const append = (tokens: Int32Array, from: number): Span => {
		const start = ids.length;
		tokens.forEach((token, t) => {
			ids.push(token);
			positions.push(from + t);
		});
		return { start, length: tokens.length };
	};
	const prompts: Span[] = [];
	const promptOf = new Map<string, number>();
	for (const sequence of sequences) {
		const key = promptKey(sequence);
		if (promptOf.has(key)) continue;
		promptOf.set(key, prompts.length);
		prompts.push(append(sequence.tokens.subarray(0, sequence.promptLength), 0));
	}
	const rows: number[] = [];
	const targets: number[] = [];
	const offsets = [0];
	const completions = sequences.map((sequence) => {
		const { tokens, promptLength } = sequence;
		const prompt = promptOf.get(promptKey(sequence))!;
		const own = append(tokens.subarray(promptLength, -1), promptLength);
		rows.push(prompts[prompt].start + promptLength - 1);
		for (let t = 0; t < own.length; t++) rows.push(own.start + t);
		targets.push(...tokens.subarray(promptLength));
		offsets.push(rows.length);
		return { prompt, ...own };
	});
	const attention = packedAttention(prompts, completions);
	const index = (values: readonly number[]) => Tensor.fromArray(values, [values.length], "i64");
	const tensors = {
		tokens: index(ids),
		positions: index(positions),
		rows: index(rows),
		targets: index(targets),
	};
	return {
		...tensors,
		length: positions.reduce((most, p) => Math.max(most, p + 1), 0),
		offsets,
		attend: attention.attend,
		attendBackward: attention.attendBackward,
		dispose: () => {
			attention.dispose();
			for (const tensor of Object.values(tensors)) tensor.dispose();
		},
	};
}

/** Sequences of which every token is read, one after the other. */
export function promptNetwork(sequences: readonly ArrayLike<number>[]): Network {
	const index = (values: readonly number[]) => Tensor.fromArray(values, [values.length], "i64");
	const attention = packedAttention(spansOf(sequences), []);
	const tokens = index(sequences.flatMap((sequence) => Array.from(sequence)));
	const positions = index(sequences.flatMap((sequence) => Array.from(sequence, (_, t) => t)));
	return {
		...attention,
		tokens,
		positions,
		length: Math.max(...sequences.map(({ length }) => length)),
		dispose: () => {
			attention.dispose();
			tokens.dispose();
			positions.dispose();
		},
	};
}
