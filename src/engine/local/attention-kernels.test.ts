import { afterEach, expect, test } from "vitest";
import { instructionSets } from "../../testing/instruction-sets.ts";
import { vjp } from "./autograd.ts";
import { native } from "./native.ts";
import { handleOf, Tensor, tidy } from "./tensor.ts";

// The attention kernels of every instruction set this machine has, against libtorch on each sequence by itself in f32.

const before = { isa: native.isa(), threads: native.threads() };
afterEach(() => {
	native.useIsa(before.isa);
	native.setThreads(before.threads);
});

interface Shape {
	readonly heads: number;
	readonly kvHeads: number;
	readonly size: number;
}

const shapes: readonly Shape[] = [
	{ heads: 3, kvHeads: 1, size: 8 },
	{ heads: 4, kvHeads: 4, size: 80 },
	{ heads: 6, kvHeads: 2, size: 64 },
	{ heads: 2, kvHeads: 2, size: 128 },
	{ heads: 70, kvHeads: 1, size: 2 },
];

/** Lengths of each prompt and of its completions. */
type Lengths = readonly { readonly prompt: number; readonly completions: readonly number[] }[];

const batches: Readonly<Record<string, Lengths>> = {
	"several prompts": [
		{ prompt: 5, completions: [3, 0, 9] },
		{ prompt: 1, completions: [1, 70] },
		{ prompt: 66, completions: [] },
		{ prompt: 17, completions: [22, 21] },
	],
	"one long sequence": [{ prompt: 300, completions: [] }],
	"a long prompt with completions": [{ prompt: 130, completions: [65, 0, 128] }],
	"eight prompts of one token": Array.from({ length: 8 }, () => ({ prompt: 1, completions: [2] })),
};

type Span = readonly [start: number, length: number];

/** Completions come after all prompts, the last first: spans may lie in any order. */
function layOut(lengths: Lengths) {
	let rows = 0;
	const next = (length: number): Span => {
		rows += length;
		return [rows - length, length];
	};
	const prompts = lengths.map(({ prompt }) => next(prompt));
	const completions = lengths
		.toReversed()
		.map((group) => group.completions.map(next))
		.toReversed();
	const offsets = [0];
	for (const own of completions) offsets.push(offsets.at(-1)! + own.length);
	const spans = (of: readonly Span[]) => Tensor.fromArray(of.flat(), [of.length, 2], "i32");
	return {
		rows,
		prompts,
		completions,
		tables: [
			spans(prompts),
			spans(completions.flat()),
			Tensor.fromArray(offsets, [offsets.length], "i32"),
		] as const,
	};
}

type Layout = ReturnType<typeof layOut>;

function runKernel(qkv: Tensor, dOut: Tensor, { heads, kvHeads }: Shape, { tables }: Layout): Tensor[] {
	const [prompts, completions, offsets] = tables.map((t) => t.handle);
	const [out, lse] = native.packedAttention(qkv.handle, heads, kvHeads, prompts, completions, offsets);
	const dQkv = native.packedAttentionBackward(
		qkv.handle,
		out,
		dOut.handle,
		lse,
		heads,
		kvHeads,
		prompts,
		completions,
		offsets,
	);
	return [out, lse, dQkv].map((handle) => new Tensor(handle));
}

/** softmax(q k^T / sqrt(d)) v of the last rows of a sequence, key-value heads repeated: [T, heads d]. */
function plainAttention(q: Tensor, k: Tensor, v: Tensor, { heads, kvHeads, size }: Shape): Tensor {
	const [T, S] = [q.shape[0], k.shape[0]];
	const split = (t: Tensor, n: number) => t.reshape(1, t.shape[0], n, size).transpose(1, 2);
	const repeat = (t: Tensor) =>
		split(t, kvHeads)
			.unsqueeze(2)
			.expand(1, kvHeads, heads / kvHeads, S, size)
			.reshape(1, heads, S, size);
	const mask = new Float32Array(T * S);
	for (let t = 0; t < T; t++) mask.fill(-Infinity, t * S + S - T + t + 1, (t + 1) * S);
	const [qs, ks, vs, hidden] = [
		split(q, heads),
		repeat(k),
		repeat(v),
		Tensor.fromArray(mask, [1, 1, T, S]),
	].map((t) => handleOf(t, "attention"));
	return new Tensor(native.attention(qs, ks, vs, hidden, false, false))
		.transpose(1, 2)
		.reshape(T, heads * size);
}

/** out and the gradient by libtorch, and by plain loops lse in f64. */
function golden(qkv: Tensor, dOut: Tensor, shape: Shape, layout: Layout): number[][] {
	const { heads, kvHeads, size } = shape;
	const input = qkv.detach().requiresGrad_();
	const [q, k, v] = input.split([heads * size, kvHeads * size, kvHeads * size], 1);
	const outs: Tensor[] = [];
	const cotangents: Tensor[] = [];
	const numbers = Array.from(qkv.toFloat64Array());
	const result = { out: new Array<number>(layout.rows * heads * size), lse: [] as number[] };
	const places: number[] = [];
	layout.prompts.forEach((prompt, g) => {
		for (const own of [undefined, ...layout.completions[g]]) {
			const spans = own === undefined ? [prompt] : [prompt, own];
			const [start, length] = own ?? prompt;
			if (length === 0) continue;
			const rows = (t: Tensor) =>
				Tensor.cat(
					spans.map(([s, n]) => t.narrow(0, s, n)),
					0,
				);
			outs.push(plainAttention(q.narrow(0, start, length), rows(k), rows(v), shape));
			cotangents.push(dOut.narrow(0, start, length));
			places.push(start);
			const keys = spans.flatMap(([s, n]) => Array.from({ length: n }, (_, i) => s + i));
			for (let t = 0; t < length; t++) {
				for (let head = 0; head < heads; head++) {
					const seen = keys.slice(0, keys.length - length + t + 1);
					result.lse[(start + t) * heads + head] = logSumExp(
						seen.map((key) => score(numbers, shape, start + t, head, key)),
					);
				}
			}
		}
	});
	outs.forEach((out, i) =>
		out.toFloat64Array().forEach((x, j) => (result.out[places[i] * heads * size + j] = x)),
	);
	const [gradient] = vjp(outs, [input], cotangents);
	return [result.out, result.lse, Array.from(gradient!.toFloat64Array())];
}

function score(qkv: readonly number[], shape: Shape, row: number, head: number, key: number): number {
	const { heads, kvHeads, size } = shape;
	const stride = (heads + 2 * kvHeads) * size;
	const q = row * stride + head * size;
	const k = key * stride + (heads + Math.floor(head / (heads / kvHeads))) * size;
	let total = 0;
	for (let i = 0; i < size; i++) total += qkv[q + i] * qkv[k + i];
	return total / Math.sqrt(size);
}

function logSumExp(scores: readonly number[]): number {
	const most = Math.max(...scores);
	return most + Math.log(scores.reduce((total, s) => total + Math.exp(s - most), 0));
}

/** The largest difference, relative to the largest number expected; not a number where a number is missing. */
function worst(got: ArrayLike<number>, want: ArrayLike<number>): number {
	expect(got.length).toBe(want.length);
	let [difference, most] = [0, 1e-30];
	for (let i = 0; i < want.length; i++) {
		const d = Math.abs(got[i] - want[i]);
		if (!Number.isNaN(difference) && !(d <= difference)) difference = d;
		most = Math.max(most, Math.abs(want[i]));
	}
	return difference / most;
}

/** The numbers' bytes, so that results can be compared to the bit. */
const bitsOf = (results: readonly Float64Array[]) =>
	results.map(({ buffer }) => Buffer.from(buffer).toString("latin1")).join("");

const random = (shape: readonly number[], seed: number, dtype: "f32" | "bf16") =>
	Tensor.zeros(shape).normal_(0, 1, seed).to(dtype);

for (const [name, lengths] of Object.entries(batches)) {
	for (const shape of shapes) {
		const { heads, kvHeads, size } = shape;
		test(`packed attention, ${name}: ${heads} heads of ${size}, ${kvHeads} with keys`, () => {
			tidy(() => {
				const layout = layOut(lengths);
				for (const dtype of ["f32", "bf16"] as const) {
					const qkv = random([layout.rows, (heads + 2 * kvHeads) * size], 1, dtype);
					const dOut = random([layout.rows, heads * size], 2, dtype);
					const want = golden(qkv.to("f32"), dOut.to("f32"), shape, layout);
					// bf16 keeps 8 bits: results are rounded by up to 2^-9, and so is the `out` that the gradient reads.
					const tolerance = dtype === "f32" ? 1e-5 : 2 ** -8;
					for (const isa of instructionSets) {
						native.useIsa(isa);
						const runs = [1, 2].map((threads) => {
							native.setThreads(threads);
							return runKernel(qkv, dOut, shape, layout).map((t) => t.toFloat64Array());
						});
						expect(bitsOf(runs[1]) === bitsOf(runs[0]), `${dtype} ${isa}: two threads as one`).toBe(true);
						runs[0].forEach((got, i) => {
							const limit = i === 1 ? 1e-5 : tolerance;
							expect(worst(got, want[i]), `${dtype} ${isa} result ${i}`).toBeLessThan(limit);
						});
					}
				}
			});
		});
	}
}

test("what is not finite in a row's keys is not finite in its result", () => {
	tidy(() => {
		const layout = layOut([{ prompt: 4, completions: [] }]);
		const shape = { heads: 1, kvHeads: 1, size: 16 };
		const qkv = random([4, 48], 1, "f32");
		qkv.narrow(0, 2, 1).narrow(1, 16, 1).fill_(Number.NaN);
		for (const isa of instructionSets) {
			native.useIsa(isa);
			const [out] = runKernel(qkv, random([4, 16], 2, "f32"), shape, layout);
			const rows = [0, 1, 2, 3].map((row) => out.narrow(0, row, 1).isFinite());
			expect(rows).toEqual([true, true, false, false]);
		}
	});
});

for (const shape of shapes) {
	const { heads, kvHeads, size } = shape;
	test(`decode attention: ${heads} heads of ${size}, ${kvHeads} with keys`, () => {
		tidy(() => {
			const steps = 70;
			const prompts: readonly Span[] = [
				[0, 5],
				[5, 130],
				[135, 1],
			];
			const offsets = [0, 2, 3, 8];
			const owners = [0, 0, 1, 2, 2, 2, 2, 2];
			const slots = [3, 0, 7, 1, 9, 2, 4, 5];
			const width = (heads + 2 * kvHeads) * size;
			const tables = [
				Tensor.fromArray(prompts.flat(), [3, 2], "i32"),
				Tensor.fromArray(offsets, [4], "i32"),
				Tensor.fromArray(slots, [8], "i32"),
			].map((t) => t.handle);
			for (const dtype of ["f32", "bf16"] as const) {
				const promptKv = random([136, 2 * kvHeads * size], 3, dtype);
				const tokens = Array.from({ length: steps }, (_, t) => random([8, width], 10 + t, dtype));
				const own = Tensor.stack(tokens, 0).to("f32");
				const checked = [0, 1, 15, 16, 63, 64, steps - 1];
				const want = checked.map((column) =>
					owners.map((prompt, row) =>
						tidy(() => {
							const [start, length] = prompts[prompt];
							const before = promptKv.to("f32").narrow(0, start, length);
							const rows = own.select(1, row).narrow(0, 0, column + 1);
							const part = (i: number) =>
								Tensor.cat(
									[
										before.narrow(1, i * kvHeads * size, kvHeads * size),
										rows.narrow(1, (heads + i * kvHeads) * size, kvHeads * size),
									],
									0,
								);
							const q = rows.narrow(0, column, 1).narrow(1, 0, heads * size);
							return Array.from(plainAttention(q, part(0), part(1), shape).toFloat64Array());
						}),
					),
				);
				for (const isa of instructionSets) {
					native.useIsa(isa);
					const runs = [1, 2].map((threads) => {
						native.setThreads(threads);
						const cache = native.decodeCache(10, kvHeads, steps, size, dtype);
						for (const handle of cache) native.fill_(handle, Number.NaN);
						const outs = tokens.map((token, column) =>
							new Tensor(
								native.decodeAttention(
									token.handle,
									heads,
									promptKv.handle,
									tables[0],
									tables[1],
									tables[2],
									...cache,
									column,
								),
							).toFloat64Array(),
						);
						for (const handle of cache) native.dispose(handle);
						return outs;
					});
					expect(bitsOf(runs[1]) === bitsOf(runs[0]), `${dtype} ${isa}: two threads as one`).toBe(true);
					checked.forEach((column, i) => {
						const limit = dtype === "f32" ? 1e-5 : 2 ** -8;
						expect(worst(runs[0][column], want[i].flat()), `${dtype} ${isa} ${column}`).toBeLessThan(limit);
					});
				}
			}
		});
	});
}

test("tables that reach outside of the rows are refused", () => {
	tidy(() => {
		const qkv = random([4, 48], 1, "f32").handle;
		const table = (numbers: readonly number[], ...shape: number[]) =>
			Tensor.fromArray(numbers, shape, "i32").handle;
		const run = (prompt: readonly number[], offsets: readonly number[]) =>
			native.packedAttention(qkv, 1, 1, table(prompt, 1, 2), table([], 0, 2), table(offsets, 2));
		expect(() => run([0, 5], [0, 0])).toThrow("outside of 4 rows");
		expect(() => run([0, 3], [0, 0])).toThrow("spans of all 4 rows");
		expect(() => run([0, 4], [0, 1])).toThrow("offsets");
	});
});
