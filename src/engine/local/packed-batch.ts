import type { Sequence } from "../engine.ts";
import { promptKey } from "./micro-batches.ts";
import { type Network, packedAttention } from "./packed-attention.ts";
import { Tensor } from "./tensor.ts";

/**
 * Sequences as the rows that the network reads, [1, N]: each distinct prompt once, then every completion without its last
 * token, nothing padded. A completion's rows attend to its prompt's and to their own.
 */
export interface PackedBatch extends Network {
	/** [M] i64: rows whose next token is evaluated, sequence by sequence; a prompt's last row once for each completion. */
	readonly rows: Tensor;
	/** [M] i64: those next tokens. */
	readonly targets: Tensor;
	/** Where each sequence's evaluated tokens begin in M; one more entry holds M. */
	readonly offsets: readonly number[];
	dispose(): void;
}

/** A run of consecutive rows of the packed batch. */
interface Span {
	readonly start: number;
	readonly length: number;
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
	const attention = packedAttention(prompts, completions, ids.length);
	const index = (values: readonly number[]) => Tensor.fromArray(values, [values.length], "i64");
	const tensors = {
		tokens: Tensor.fromArray(ids, [1, ids.length], "i64"),
		positions: index(positions),
		rows: index(rows),
		targets: index(targets),
	};
	return {
		...tensors,
		length: positions.reduce((most, p) => Math.max(most, p + 1), 0),
		offsets,
		attend: attention.attend,
		dispose: () => {
			attention.dispose();
			for (const tensor of Object.values(tensors)) tensor.dispose();
		},
	};
}
