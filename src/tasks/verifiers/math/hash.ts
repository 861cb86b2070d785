const mask = 2n ** 64n - 1n;

/** 128 bits that depend on every character: the values of what nobody can compute, and of variables. */
export function hash(text: string, seed: number): bigint {
	return (half(text, seed ^ 0x5bd1e995) << 64n) | half(text, seed);
}

/** Two streams of cyrb53's mixing, 64 bits of them. */
function half(text: string, seed: number): bigint {
	let a = 0xdeadbeef ^ seed;
	let b = 0x41c6ce57 ^ seed;
	for (let i = 0; i < text.length; i++) {
		const c = text.charCodeAt(i);
		a = Math.imul(a ^ c, 2654435761);
		b = Math.imul(b ^ c, 1597334677);
	}
	a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
	b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
	return ((BigInt(a >>> 0) << 32n) | BigInt(b >>> 0)) & mask;
}
