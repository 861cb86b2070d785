export type Split = "train" | "test";

/** A whole number of 32 bits that depends on the text alone. */
export function hashOf(text: string): number {
	let hash = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
	return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
}

/** Whether a text is among this share of all texts. */
export function isInTestShare(text: string, share: number): boolean {
	return hashOf(text) < share * 2 ** 32;
}
