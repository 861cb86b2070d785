import type { Sequence } from "../engine.ts";

/** Equal for sequences that begin with the same prompt. */
export function promptKey({ tokens, promptLength }: Sequence): string {
	return tokens.subarray(0, promptLength).join();
}

/**
 * Splits sequences into batches of at most `tokenBudget` rows (a longer single sequence is a batch of its own), those of
 * one prompt together as far as they fit: it is read once for all of them. Longest first, so that a batch holds
 * sequences of like length. Returns positions in `sequences`.
 */
export function microBatches(sequences: readonly Sequence[], tokenBudget: number): number[][] {
	const groups = new Map<string, number[]>();
	sequences.forEach((sequence, i) => {
		const key = promptKey(sequence);
		groups.set(key, [...(groups.get(key) ?? []), i]);
	});
	const length = (i: number) => sequences[i].tokens.length;
	const byLength = [...groups.values()]
		.map((group) => group.sort((a, b) => length(b) - length(a) || a - b))
		.sort(([a], [b]) => length(b) - length(a) || a - b);
	const batches: number[][] = [];
	let room = 0;
	for (const group of byLength) {
		let read = false;
		for (const i of group) {
			const { promptLength } = sequences[i];
			const own = length(i) - promptLength - 1;
			let cost = own + (read ? 0 : promptLength);
			if (cost > room || batches.length === 0) {
				batches.push([]);
				room = tokenBudget;
				cost = own + promptLength;
			}
			batches.at(-1)!.push(i);
			room -= cost;
			read = true;
		}
	}
	return batches;
}
