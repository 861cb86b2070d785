/** Amounts of work that are done at a time: memory against speed. */

/** Bytes the key-value cache of one batch may take; more rows than fit are decoded in turns. */
export const cacheBytes = 2 ** 30;

/** Tokens of prompts that are read at a time. */
export const tokensPerPrefill = 4096;

/** Rows whose f32 logits take this many bytes are one block: with more they leave the last-level cache. */
const blockBytes = 36 * 2 ** 20;

/** But so many at least: a block reads and writes the gradient of the whole weight. */
const leastRows = 128;

/** Rows of the vocabulary head in one block, all blocks about as large. */
export function blockRows(rows: number, vocabulary: number): number {
	const most = Math.max(leastRows, Math.floor(blockBytes / (vocabulary * 4)));
	return rows === 0 ? 1 : Math.ceil(rows / Math.ceil(rows / most));
}
