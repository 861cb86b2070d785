import { describe, expect, test } from "vitest";
import { instructionSets, withInstructionSet, withThreads } from "../../testing/instruction-sets.ts";
import { noGrad } from "./autograd.ts";
import { type HeadCotangents, type HeadOptions, headBackward, headForward } from "./head.ts";
import { HeadProduct } from "./head-blocks.ts";
import { headDivergences } from "./head-divergence.ts";
import { liveTensors, Tensor, tidy } from "./tensor.ts";

// Against the definitions, in f64 on plain arrays; gradients against central differences of those.

type Matrix = readonly (readonly number[])[];

const vocabulary = 11;
const rows = 6;
const hidden = matrix(rows, 4, 1);
const weight = matrix(vocabulary, 4, 2);
const otherHidden = matrix(rows, 3, 3);
const otherWeight = matrix(vocabulary, 3, 4);
const targets = [0, 3, 10, 7, 3, 5];
const cotangents = {
	logprobs: Float32Array.of(1, -0.5, 0, 2, 0.25, -1),
	entropy: Float32Array.of(0.5, 0, -1, 0.75, 0.1, 0.3),
	divergence: Float32Array.of(-1, 2, 0.5, 0, 1, -0.25),
};

/** Numbers of about the size of 1 that f32 holds exactly. */
function matrix(height: number, width: number, seed: number): number[][] {
	return Array.from({ length: height }, (_, i) =>
		Array.from({ length: width }, (_, j) => Math.fround(2 * Math.sin(seed * 100 + i * 7.3 + j * 1.9))),
	);
}

function logSoftmax(row: readonly number[], head: Matrix, temperature: number): number[] {
	const logits = head.map((w) => w.reduce((sum, x, j) => sum + x * row[j], 0) / temperature);
	const normaliser = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0));
	return logits.map((z) => z - normaliser);
}

/** Positions of the k largest. */
function largest(values: readonly number[], k: number): Set<number> {
	const order = values.map((_, v) => v).sort((a, b) => values[b] - values[a]);
	return new Set(order.slice(0, k));
}

function kl(logP: readonly number[], logQ: readonly number[], over?: ReadonlySet<number>): number {
	return logP.reduce(
		(sum, lp, v) => sum + (over === undefined || over.has(v) ? Math.exp(lp) * (lp - logQ[v]) : 0),
		0,
	);
}

/** The loss that the cotangents are the derivatives of; `heads` says which tokens each row's divergence is over. */
function loss(
	h: Matrix,
	w: Matrix,
	given: HeadCotangents,
	temperature: number,
	heads?: readonly Set<number>[],
): number {
	return h.reduce((sum, row, i) => {
		const logP = logSoftmax(row, w, temperature);
		const logQ = logSoftmax(otherHidden[i], otherWeight, temperature);
		const entropy = -logP.reduce((s, lp) => s + Math.exp(lp) * lp, 0);
		return (
			sum +
			given.logprobs[i] * logP[targets[i]] +
			(given.entropy?.[i] ?? 0) * entropy +
			(given.divergence?.[i] ?? 0) * kl(logP, logQ, heads?.[i])
		);
	}, 0);
}

/** d f / d m by central differences. */
function differences(m: Matrix, f: (changed: Matrix) => number): number[] {
	return m.flatMap((row, i) =>
		row.map((_, j) => {
			const at = (delta: number) =>
				f(m.map((r, a) => (a === i ? r.map((x, b) => (b === j ? x + delta : x)) : r)));
			return (at(1e-5) - at(-1e-5)) / 2e-5;
		}),
	);
}

const tensor = (m: Matrix) => Tensor.fromArray(m.flat(), [m.length, m[0].length]);
const other = () => ({ hidden: tensor(otherHidden), weight: tensor(otherWeight) });
const targetTensor = () => Tensor.fromArray(targets, [rows], "i64");

function backward(
	given: HeadCotangents,
	options: HeadOptions,
): { hidden: Float32Array; weight: Float32Array } {
	return noGrad(() =>
		tidy(() => {
			const weightGradient = Tensor.zeros([vocabulary, 4]);
			const gradient = headBackward(
				tensor(hidden),
				tensor(weight),
				targetTensor(),
				given,
				weightGradient,
				options,
			);
			return { hidden: gradient.toFloat32Array(), weight: weightGradient.toFloat32Array() };
		}),
	);
}

function expectNear(got: ArrayLike<number>, want: ArrayLike<number>, tolerance = 1e-5): void {
	expect(got.length).toBe(want.length);
	Array.from(got).forEach((x, i) => {
		expect(Math.abs(x - want[i]), `entry ${i}`).toBeLessThan(tolerance);
	});
}

describe.each([1, 0.7, 2.5])("temperature %s", (temperature) => {
	const logP = hidden.map((row) => logSoftmax(row, weight, temperature));
	const logQ = otherHidden.map((row) => logSoftmax(row, otherWeight, temperature));

	test("log-probs, entropies, both divergences, membership of the head", () => {
		const outputs = noGrad(() =>
			tidy(() =>
				headForward(tensor(hidden), tensor(weight), targetTensor(), { temperature, other: other(), topK: 4 }),
			),
		);
		expectNear(
			outputs.logprobs,
			logP.map((row, i) => row[targets[i]]),
		);
		expectNear(
			outputs.entropy,
			logP.map((row) => -row.reduce((s, lp) => s + Math.exp(lp) * lp, 0)),
		);
		expectNear(
			outputs.divergence!,
			logP.map((row, i) => kl(row, logQ[i])),
		);
		expectNear(
			outputs.reverseDivergence!,
			logQ.map((row, i) => kl(row, logP[i])),
		);
		expect(outputs.inHead).toEqual(logP.map((row, i) => largest(row, 4).has(targets[i])));
		expect(new Set(outputs.inHead).size).toBe(2);
		const alone = noGrad(() =>
			tidy(() => headDivergences(tensor(hidden), tensor(weight), other(), temperature)),
		);
		expect(alone).toEqual({
			divergence: outputs.divergence,
			reverseDivergence: outputs.reverseDivergence,
		});
	});

	test.each([
		["log-probs", { logprobs: cotangents.logprobs }, undefined],
		["log-probs and entropy", { logprobs: cotangents.logprobs, entropy: cotangents.entropy }, undefined],
		["the divergence with log-probs", { ...cotangents, entropy: undefined }, undefined],
		["all three", cotangents, undefined],
		["all three, the divergence over 4 tokens", cotangents, 4],
		["all three, the divergence over 1 token", cotangents, 1],
	] as const)("gradients of %s against central differences", (_, { logprobs, ...rest }, topK) => {
		const given: HeadCotangents = {
			logprobs,
			...("entropy" in rest && rest.entropy !== undefined ? { entropy: rest.entropy } : {}),
			...("divergence" in rest ? { divergence: rest.divergence } : {}),
		};
		const heads = topK === undefined ? undefined : logP.map((row) => largest(row, topK));
		const got = backward(given, { temperature, other: other(), topK });
		expectNear(
			got.hidden,
			differences(hidden, (h) => loss(h, weight, given, temperature, heads)),
			2e-5,
		);
		expectNear(
			got.weight,
			differences(weight, (w) => loss(hidden, w, given, temperature, heads)),
			2e-5,
		);
	});

	test("the divergence over the k most likely of all tokens has the gradient of the divergence", () => {
		const got = backward(cotangents, { temperature, other: other(), topK: vocabulary });
		const want = backward(cotangents, { temperature, other: other() });
		expectNear(got.hidden, want.hidden);
		expectNear(got.weight, want.weight);
	});
});

test("a temperature of 1, or another model to compare with, changes no bit of the rest", () => {
	const forward = (options?: HeadOptions) =>
		noGrad(() => tidy(() => headForward(tensor(hidden), tensor(weight), targetTensor(), options)));
	expect(forward({ temperature: 1 })).toEqual(forward());
	expect(forward({ other: other(), topK: 3 })).toMatchObject({ ...forward() });
	const { logprobs, entropy } = cotangents;
	const zero = new Float32Array(rows);
	const plain = backward({ logprobs, entropy }, {});
	expect(backward({ logprobs, entropy }, { temperature: 1, other: other() })).toEqual(plain);
	expectNear(
		backward({ logprobs, entropy, divergence: zero }, { other: other() }).weight,
		plain.weight,
		1e-9,
	);
});

test("policies a hair apart: the divergence is right to 1e-7 nats, and never negative", () => {
	const near = weight.map((row, v) => row.map((x) => Math.fround(x + 1e-3 * Math.cos(v))));
	const { divergence, reverseDivergence } = noGrad(() =>
		tidy(() =>
			headDivergences(tensor(hidden), tensor(weight), { hidden: tensor(hidden), weight: tensor(near) }),
		),
	);
	hidden.forEach((row, i) => {
		const [logP, logQ] = [logSoftmax(row, weight, 1), logSoftmax(row, near, 1)];
		expect(Math.abs(divergence[i] - kl(logP, logQ))).toBeLessThan(1e-7);
		expect(Math.abs(reverseDivergence[i] - kl(logQ, logP))).toBeLessThan(1e-7);
		expect(Math.min(divergence[i], reverseDivergence[i])).toBeGreaterThanOrEqual(0);
	});
	const same = noGrad(() =>
		tidy(() =>
			headDivergences(tensor(hidden), tensor(weight), { hidden: tensor(hidden), weight: tensor(weight) }),
		),
	);
	expect([...same.divergence, ...same.reverseDivergence]).toEqual(new Array(2 * rows).fill(0));
});

test("rows of several blocks are what they are in one, and nothing stays in memory", () => {
	const before = liveTensors();
	tidy(() =>
		noGrad(() => {
			const count = 150;
			const wide = 100_000;
			const w = Tensor.empty([wide, 2]).normal_(0, 1, 1);
			const q = Tensor.empty([wide, 2]).normal_(0, 1, 2);
			const h = Tensor.empty([count, 2]).normal_(0, 1, 3);
			const ids = Tensor.fromArray(
				Array.from({ length: count }, (_, i) => i * 600),
				[count],
				"i64",
			);
			const run = (start: number, length: number) => {
				const part = h.narrow(0, start, length);
				const options = { other: { hidden: part, weight: q }, topK: 20, temperature: 0.9 };
				const outputs = headForward(part, w, ids.narrow(0, start, length), options);
				const ones = new Float32Array(length).fill(1);
				const gradient = headBackward(
					part,
					w,
					ids.narrow(0, start, length),
					{ logprobs: ones, divergence: ones },
					Tensor.zeros([wide, 2]),
					options,
				);
				return { ...outputs, gradient: gradient.toFloat32Array() };
			};
			const all = run(0, count);
			const last = run(140, 10);
			expectNear(all.logprobs.slice(140), last.logprobs, 1e-4);
			expectNear(all.divergence!.slice(140), last.divergence!, 1e-4);
			expectNear(all.gradient.slice(280), last.gradient, 1e-4);
			expect(all.inHead!.slice(140)).toEqual(last.inHead);
		}),
	);
	expect(liveTensors()).toBe(before);
});

describe.each(instructionSets)("bf16 on %s", (isa) => {
	// A width that the kernels of the product take and one that they do not; the same of the vocabulary.
	test.each([
		[75, 64],
		[96, 64],
		[96, 40],
	])(
		"a vocabulary of %i and a width of %i: near the same numbers in f32, the same on one thread and two",
		(vocabulary, width) => {
			const count = 21;
			const ids = Tensor.fromArray(
				Array.from({ length: count }, (_, i) => (i * 31) % vocabulary),
				[count],
				"i64",
			);
			const half = {
				h: Tensor.empty([count, width]).normal_(0, 1, 1).to("bf16"),
				w: Tensor.empty([vocabulary, width]).normal_(0, 0.3, 2).to("bf16"),
				q: Tensor.empty([vocabulary, width]).normal_(0, 0.3, 3).to("bf16"),
			};
			const full = { h: half.h.to("f32"), w: half.w.to("f32"), q: half.q.to("f32") };
			const ramp = (from: number) => Float32Array.from({ length: count }, (_, i) => from + i / 10);
			const given = { logprobs: ramp(-1), entropy: ramp(-0.3), divergence: ramp(-0.5) };
			const run = ({ h, w, q }: typeof half) =>
				noGrad(() =>
					tidy(() => {
						const options = { temperature: 0.8, other: { hidden: h, weight: q }, topK: 9 };
						const weightGradient = Tensor.full([vocabulary, width], 1);
						const outputs = headForward(h, w, ids, options);
						const gradient = headBackward(h, w, ids, given, weightGradient, options);
						expect(gradient.dtype).toBe(w.dtype);
						return {
							...outputs,
							hiddenGradient: gradient.toFloat32Array(),
							weightGradient: weightGradient.toFloat32Array(),
						};
					}),
				);
			const got = withThreads(1, () => withInstructionSet(isa, () => run(half)));
			expect(withThreads(2, () => withInstructionSet(isa, () => run(half)))).toEqual(got);
			const want = run(full);
			// Where the product of the logits is a kernel's, f32 is all that they are rounded to.
			const exact = withInstructionSet(isa, () => tidy(() => new HeadProduct(half.w).packed));
			for (const name of ["logprobs", "entropy", "divergence", "reverseDivergence"] as const) {
				expectNear(got[name]!, want[name]!, exact ? 2e-5 : 0.1);
			}
			if (exact) expect(got.inHead).toEqual(want.inHead);
			for (const name of ["hiddenGradient", "weightGradient"] as const) {
				const largestOf = want[name].reduce((most, x) => Math.max(most, Math.abs(x)), 0);
				expectNear(got[name], want[name], largestOf * (exact ? 0.01 : 0.05));
			}
		},
	);
});
