/** Element types of GGUF tensors that Thalia reads, by their number in the format. */
export const ggmlTypes = {
	0: "F32",
	1: "F16",
	2: "Q4_0",
	3: "Q4_1",
	6: "Q5_0",
	7: "Q5_1",
	8: "Q8_0",
	12: "Q4_K",
	13: "Q5_K",
	14: "Q6_K",
	30: "BF16",
} as const;

export type GgmlType = (typeof ggmlTypes)[keyof typeof ggmlTypes];
type Quantised = Exclude<GgmlType, "F32" | "F16" | "BF16">;

/** Elements of one block and the bytes it takes. */
export const blocks: Record<GgmlType, { readonly elements: number; readonly bytes: number }> = {
	F32: { elements: 1, bytes: 4 },
	F16: { elements: 1, bytes: 2 },
	BF16: { elements: 1, bytes: 2 },
	Q4_0: { elements: 32, bytes: 18 },
	Q4_1: { elements: 32, bytes: 20 },
	Q5_0: { elements: 32, bytes: 22 },
	Q5_1: { elements: 32, bytes: 24 },
	Q8_0: { elements: 32, bytes: 34 },
	Q4_K: { elements: 256, bytes: 144 },
	Q5_K: { elements: 256, bytes: 176 },
	Q6_K: { elements: 256, bytes: 210 },
};

/**
 * Quantised blocks as float32, to the bit what llama.cpp's reference code makes of them: products of a scale and an
 * integer fit a double, so that the one rounding is that of storing.
 */
export function dequantise(type: Quantised, bytes: Uint8Array): Float32Array<ArrayBuffer> {
	const { elements, bytes: size } = blocks[type];
	const count = bytes.length / size;
	const out = new Float32Array(count * elements);
	const block = unpack[type];
	for (let i = 0; i < count; i++) block(bytes, i * size, out, i * elements);
	return out;
}

/** Unpacks the block at byte `b` into `out` from `o` on. */
type Unpack = (bytes: Uint8Array, b: number, out: Float32Array, o: number) => void;

const unpack: Record<Quantised, Unpack> = {
	Q4_0(bytes, b, out, o) {
		const d = half(bytes, b);
		for (let i = 0; i < 16; i++) {
			const q = bytes[b + 2 + i];
			out[o + i] = d * ((q & 15) - 8);
			out[o + 16 + i] = d * ((q >> 4) - 8);
		}
	},

	Q4_1(bytes, b, out, o) {
		const [d, m] = [half(bytes, b), half(bytes, b + 2)];
		for (let i = 0; i < 16; i++) {
			const q = bytes[b + 4 + i];
			out[o + i] = d * (q & 15) + m;
			out[o + 16 + i] = d * (q >> 4) + m;
		}
	},

	Q5_0(bytes, b, out, o) {
		const d = half(bytes, b);
		for (let i = 0; i < 32; i++) {
			const q = bytes[b + 6 + (i & 15)];
			out[o + i] = d * ((i < 16 ? q & 15 : q >> 4) + fifthBit(bytes, b + 2, i) - 16);
		}
	},

	Q5_1(bytes, b, out, o) {
		const [d, m] = [half(bytes, b), half(bytes, b + 2)];
		for (let i = 0; i < 32; i++) {
			const q = bytes[b + 8 + (i & 15)];
			out[o + i] = d * ((i < 16 ? q & 15 : q >> 4) + fifthBit(bytes, b + 4, i)) + m;
		}
	},

	Q8_0(bytes, b, out, o) {
		const d = half(bytes, b);
		for (let i = 0; i < 32; i++) out[o + i] = d * signed(bytes[b + 2 + i]);
	},

	/** d, dmin; twelve bytes of 6-bit scales and minima of eight groups; 4-bit values of two groups in each 32 bytes. */
	Q4_K(bytes, b, out, o) {
		const [d, dmin] = [half(bytes, b), half(bytes, b + 2)];
		for (let group = 0; group < 8; group++) {
			const [scale, min] = scaleAndMin(bytes, b + 4, group);
			const values = b + 16 + 32 * (group >> 1);
			for (let i = 0; i < 32; i++) {
				const q = group & 1 ? bytes[values + i] >> 4 : bytes[values + i] & 15;
				out[o + 32 * group + i] = d * scale * q - dmin * min;
			}
		}
	},

	/** As Q4_K, with a fifth bit: bit `group` of 32 bytes that come before the others. */
	Q5_K(bytes, b, out, o) {
		const [d, dmin] = [half(bytes, b), half(bytes, b + 2)];
		for (let group = 0; group < 8; group++) {
			const [scale, min] = scaleAndMin(bytes, b + 4, group);
			const values = b + 48 + 32 * (group >> 1);
			for (let i = 0; i < 32; i++) {
				const low = group & 1 ? bytes[values + i] >> 4 : bytes[values + i] & 15;
				const high = ((bytes[b + 16 + i] >> group) & 1) << 4;
				out[o + 32 * group + i] = d * scale * (low + high) - dmin * min;
			}
		}
	},

	/** 128 bytes of low nibbles, 64 of two high bits, 16 signed scales, d; in two halves of 128 elements. */
	Q6_K(bytes, b, out, o) {
		const d = half(bytes, b + 208);
		for (let i = 0; i < 256; i++) {
			const [part, within] = [i >> 7, i & 127];
			const [quarter, column] = [within >> 5, within & 31];
			const low = bytes[b + 64 * part + (quarter & 1) * 32 + column];
			const high = (bytes[b + 128 + 32 * part + column] >> (2 * quarter)) & 3;
			const q = (quarter < 2 ? low & 15 : low >> 4) | (high << 4);
			out[o + i] = d * signed(bytes[b + 192 + (i >> 4)]) * (q - 32);
		}
	},
};

function signed(byte: number): number {
	return (byte << 24) >> 24;
}

function fifthBit(bytes: Uint8Array, at: number, i: number): number {
	return ((bytes[at + (i >> 3)] >> (i & 7)) & 1) << 4;
}

/** The first four groups have six bits each; the others four, and two more in the first ones' high bits. */
function scaleAndMin(bytes: Uint8Array, at: number, group: number): [number, number] {
	if (group < 4) return [bytes[at + group] & 63, bytes[at + 4 + group] & 63];
	const packed = bytes[at + 4 + group];
	return [
		(packed & 15) | ((bytes[at + group - 4] >> 6) << 4),
		(packed >> 4) | ((bytes[at + group] >> 6) << 4),
	];
}

const halves = Float64Array.from({ length: 2 ** 16 }, (_, bits) => {
	const sign = bits & 0x8000 ? -1 : 1;
	const exponent = (bits >> 10) & 31;
	const fraction = bits & 1023;
	if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
	return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
});

/** A float16 as a number. */
function half(bytes: Uint8Array, at: number): number {
	return halves[bytes[at] | (bytes[at + 1] << 8)];
}
