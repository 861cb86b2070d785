import type { Sequence } from "../engine.ts";

/**
 * Splits sequences into batches of at most `tokenBudget` tokens, padding included (a longer single sequence is a batch
 * of its own). Longest first, so that a batch holds sequences of like length. Returns positions in `sequences`.
 */
export function microBatches(sequences: readonly Sequence[], tokenBudget: number): number[][] {
	const order = sequences
		.map((_, i) => i)
		.sort((a, b) => sequences[b].tokens.length - sequences[a].tokens.length || a - b);
	const batches: number[][] = [];
	let room = 0;
	for (const i of order) {
		if (room < 1) {
			batches.push([]);
			room = Math.max(1, Math.floor(tokenBudget / sequences[i].tokens.length));
		}
		batches.at(-1)!.push(i);
		room--;
	}
	return batches;
}
