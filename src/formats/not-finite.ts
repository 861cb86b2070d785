import type { Checkpoint } from "./checkpoint.ts";

/** All bits of the exponent, which only infinities and NaNs have, of each type. */
const exponents: Partial<Record<string, number>> = { F32: 0x7f80_0000, BF16: 0x7f80, F16: 0x7c00 };

/** Names of the tensors that have a NaN or an infinity in them. */
export function notFinite(checkpoint: Checkpoint): string[] {
	return [...checkpoint.entries.values()].flatMap(({ name, dtype }) => {
		const mask = exponents[dtype];
		if (mask === undefined) return [];
		const { buffer } = checkpoint.read(name);
		const words = dtype === "F32" ? new Uint32Array(buffer) : new Uint16Array(buffer);
		return words.some((word: number) => (word & mask) === mask) ? [name] : [];
	});
}
