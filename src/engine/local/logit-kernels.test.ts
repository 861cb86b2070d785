import { describe, expect, test } from "vitest";
import { instructionSets, withInstructionSet, withThreads } from "../../testing/instruction-sets.ts";
import { enableGrad, vjp } from "./autograd.ts";
import { drawFromLogits, logitDivergences, logitGradient_, logitStatistics } from "./logit-kernels.ts";
import { Tensor, tidy } from "./tensor.ts";

// Against libtorch in f64; gradients against its differentiation.

const rows = 5;

interface Case {
	readonly logits: Tensor;
	readonly other: Tensor;
	readonly targets: Tensor;
	readonly target: readonly number[];
	readonly head: Tensor;
}

/** Logits about as far apart as a policy's. */
function caseOf(vocabulary: number, deviation = 3): Case {
	const logits = Tensor.empty([rows, vocabulary]).normal_(0, deviation, vocabulary);
	const other = logits.add(Tensor.empty([rows, vocabulary]).normal_(0, 0.5, vocabulary + 1));
	const target = Array.from({ length: rows }, (_, i) => (i * 7919 + vocabulary - 1) % vocabulary);
	const targets = Tensor.fromArray(target, [rows], "i64");
	const head = Tensor.fromArray(
		Array.from({ length: rows * vocabulary }, (_, i) => (i % 3 === 0 ? 1 : 0)),
		[rows, vocabulary],
	);
	return { logits, other, targets, target, head };
}

/** log softmax(logits / temperature) in f64. */
function exactLogprobs(logits: Tensor, temperature: number): Tensor {
	const wide = logits.to("f64").mul(1 / temperature);
	return wide.sub(wide.logsumexp(-1, true));
}

/** To within the tolerance, and as much of the size of the number; NaN and infinities are themselves. */
function expectNear(got: Tensor, want: Tensor, tolerance: number): void {
	const [a, b] = [got.toFloat64Array(), want.toFloat64Array()];
	expect(a.length).toBe(b.length);
	a.forEach((x, i) => {
		const near = Math.abs(x - b[i]) <= tolerance * (1 + Math.abs(b[i]));
		if (!near) expect(x, `entry ${i}`).toBe(b[i]);
	});
}

const cotangents = {
	logprob: Float32Array.of(1, -0.5, 0, 2, 0.25),
	entropy: Float32Array.of(0.5, 0, -1, 0.75, 0.1),
	divergence: Float32Array.of(-1, 2, 0.5, 0, 1),
};

/** d(loss)/d(logits) by libtorch's differentiation in f64. */
function exactGradient(
	{ logits, other, targets, head }: Case,
	temperature: number,
	use: { entropy: boolean; divergence: boolean; head: boolean },
): Tensor {
	const column = (values: Float32Array) => Tensor.fromArray(values, [rows, 1], "f64");
	const leaf = logits.to("f64").requiresGrad_();
	return enableGrad(() => {
		const logP = exactLogprobs(leaf, temperature);
		const logQ = exactLogprobs(other, temperature);
		const outputs = [logP.gather(1, targets.unsqueeze(1))];
		const upstream = [column(cotangents.logprob)];
		if (use.entropy) {
			outputs.push(logP.exp().mul(logP).sum([-1], true).neg());
			upstream.push(column(cotangents.entropy));
		}
		if (use.divergence) {
			const term = logP.exp().mul(logP.sub(logQ));
			outputs.push((use.head ? term.mul(head.to("f64")) : term).sum([-1], true));
			upstream.push(column(cotangents.divergence));
		}
		return vjp(outputs, [leaf], upstream)[0]!;
	});
}

function gradientOf(
	{ logits, other, targets, head }: Case,
	temperature: number,
	use: { entropy: boolean; divergence: boolean; head: boolean },
	gradient: Tensor,
): Tensor {
	const row = (values: Float32Array) => Tensor.fromArray(values, [rows]);
	logitGradient_(gradient, logits, targets, temperature, {
		logprob: row(cotangents.logprob),
		entropy: use.entropy ? row(cotangents.entropy) : undefined,
		divergence: use.divergence
			? { cotangent: row(cotangents.divergence), other, head: use.head ? head : undefined }
			: undefined,
	});
	return gradient;
}

const uses = [
	{ entropy: false, divergence: false, head: false },
	{ entropy: true, divergence: false, head: false },
	{ entropy: false, divergence: true, head: false },
	{ entropy: true, divergence: true, head: false },
	{ entropy: true, divergence: true, head: true },
];

describe.each(instructionSets)("%s", (isa) => {
	const run = <T>(body: () => T) => withInstructionSet(isa, () => tidy(body));

	// One token; a vector of sixteen; some of them and a rest; a chunk of 1024 and one more; some chunks and a rest.
	describe.each([1, 16, 33, 1025, 5003])("a vocabulary of %i", (vocabulary) => {
		test.each([1, 0.6, 3])("statistics and divergences at temperature %s", (temperature) => {
			run(() => {
				const { logits, other, targets } = caseOf(vocabulary);
				const before = logits.toFloat32Array();
				const logP = exactLogprobs(logits, temperature);
				const logQ = exactLogprobs(other, temperature);
				const { logprobs, entropy } = logitStatistics(logits, targets, temperature);
				expectNear(logprobs, logP.gather(1, targets.unsqueeze(1)), 3e-6);
				expectNear(entropy, logP.exp().mul(logP).sum([-1]).neg(), 3e-6);
				const { divergence, reverseDivergence } = logitDivergences(logits, other, temperature);
				expectNear(divergence, logP.exp().mul(logP.sub(logQ)).sum([-1]), 1e-6);
				expectNear(reverseDivergence, logQ.exp().mul(logQ.sub(logP)).sum([-1]), 1e-6);
				expect(logits.toFloat32Array()).toEqual(before);
			});
		});

		test.each([1, 0.6])("gradients at temperature %s, in f32, in place and in bf16", (temperature) => {
			run(() => {
				for (const use of uses) {
					const given = caseOf(vocabulary);
					const want = exactGradient(given, temperature, use);
					const got = gradientOf(given, temperature, use, Tensor.empty([rows, vocabulary]));
					expectNear(got, want, 3e-6);
					const half = gradientOf(given, temperature, use, Tensor.empty([rows, vocabulary], "bf16"));
					expect(half.toFloat32Array()).toEqual(got.to("bf16").toFloat32Array());
					expect(gradientOf(given, temperature, use, given.logits).toFloat32Array()).toEqual(
						got.toFloat32Array(),
					);
				}
			});
		});

		test.each([1, 0.6, 3])("draws at temperature %s", (temperature) => {
			run(() => {
				const { logits } = caseOf(vocabulary);
				const logprobs = exactLogprobs(logits, temperature);
				const p = logprobs.exp().toFloat64Array();
				for (const u of [0, 0.1, 0.37, 0.5, 0.93, 1 - 2 ** -24]) {
					const drawn = drawFromLogits(logits, Tensor.full([rows], u), temperature);
					const index = drawn.tokens.unsqueeze(1);
					expectNear(drawn.drawnLogprobs, logprobs.gather(1, index), 3e-6);
					expectNear(drawn.logprobs, exactLogprobs(logits, 1).gather(1, index), 3e-6);
					drawn.tokens.toInt32Array().forEach((token, row) => {
						const own = p.subarray(row * vocabulary, (row + 1) * vocabulary);
						const below = own.subarray(0, token).reduce((a, b) => a + b, 0);
						// The first whose cumulative probability exceeds u, which f32 numbers say to about 1e-7.
						expect(below).toBeLessThan(u + 5e-7);
						expect(below + own[token]).toBeGreaterThan(u - 5e-7);
					});
				}
			});
		});

		test("without uniforms the first of the most likely tokens, with certainty", () => {
			run(() => {
				const { logits } = caseOf(vocabulary);
				const { tokens, drawnLogprobs, logprobs } = drawFromLogits(logits, undefined, 1);
				expect(tokens.toInt32Array()).toEqual(logits.argmax(-1).toInt32Array());
				expect([...drawnLogprobs.toFloat32Array()]).toEqual(new Array(rows).fill(0));
				expectNear(logprobs, exactLogprobs(logits, 1).gather(1, tokens.unsqueeze(1)), 3e-6);
				const equal = drawFromLogits(logits.mul(0), undefined, 1);
				expect([...equal.tokens.toInt32Array()]).toEqual(new Array(rows).fill(0));
			});
		});
	});

	test("logits of 10,000 in size: certain, without a number that is none", () => {
		run(() => {
			const vocabulary = 100;
			const values = Array.from({ length: rows * vocabulary }, (_, i) =>
				i % 3 === 0 ? -1e4 : 1e4 - (i % 100),
			);
			const logits = Tensor.fromArray(values, [rows, vocabulary]);
			const given = { ...caseOf(vocabulary), logits, other: logits.mul(-1) };
			const logP = exactLogprobs(logits, 1);
			const { logprobs, entropy } = logitStatistics(logits, given.targets, 1);
			expectNear(logprobs, logP.gather(1, given.targets.unsqueeze(1)), 3e-6);
			expectNear(entropy, logP.exp().mul(logP).sum([-1]).neg(), 3e-6);
			const logQ = exactLogprobs(given.other, 1);
			const { divergence } = logitDivergences(logits, given.other, 1);
			expectNear(divergence, logP.exp().mul(logP.sub(logQ)).sum([-1]), 3e-6);
			const use = { entropy: true, divergence: false, head: false };
			const got = gradientOf(given, 1, use, Tensor.empty([rows, vocabulary]));
			expectNear(got, exactGradient(given, 1, use), 3e-6);
		});
	});

	test("what is no distribution is NaN or infinite as libtorch has it, row by row", () => {
		run(() => {
			const [inf, nan] = [Infinity, Number.NaN];
			const values = [
				...[0, 1, 2, 3],
				...[0, nan, 2, 3],
				...[inf, 1, 2, 3],
				...[-inf, -inf, -inf, -inf],
				...[nan, nan, nan, nan],
				...[0, -inf, 2, -inf],
			];
			const logits = Tensor.fromArray(values, [6, 4]);
			for (const target of [0, 1, 3]) {
				const targets = Tensor.fromArray(new Array(6).fill(target), [6], "i64");
				const logP = logits.sub(logits.logsumexp(-1, true));
				const { logprobs, entropy } = logitStatistics(logits, targets, 1);
				expectNear(logprobs, logP.gather(1, targets.unsqueeze(1)), 1e-6);
				expectNear(entropy, logP.exp().mul(logP).sum([-1]).neg(), 1e-6);
				const gradient = Tensor.empty([6, 4]);
				logitGradient_(gradient, logits, targets, 1, { logprob: Tensor.full([6], 1) });
				const onehot = logits
					.mul(0)
					.zerosLike()
					.scatterAdd_(1, targets.unsqueeze(1), Tensor.full([6, 1], 1));
				expectNear(gradient, onehot.sub(logP.exp()), 1e-6);
			}
			for (const uniforms of [Tensor.full([6], 0.5), undefined]) {
				const drawn = drawFromLogits(logits, uniforms, 1);
				const noneAt = [false, true, true, true, true, false];
				expect([...drawn.logprobs.toFloat32Array()].map(Number.isNaN)).toEqual(noneAt);
			}
		});
	});

	test("a token of probability 0 is never drawn, wherever it stands", () => {
		run(() => {
			const vocabulary = 3000;
			for (const only of [0, 1, 15, 16, 1023, 1024, 2047, 2048, 2999]) {
				for (const nothing of [-Infinity, -1000]) {
					const values = new Array<number>(vocabulary).fill(nothing);
					values[only] = 0;
					const logits = Tensor.fromArray(values, [1, vocabulary]);
					for (const u of [0, 0.5, 1 - 2 ** -24]) {
						const { tokens, logprobs } = drawFromLogits(logits, Tensor.full([1], u), 0.5);
						expect([tokens.item(), logprobs.item()]).toEqual([only, 0]);
					}
				}
			}
		});
	});

	test("one thread and two give the same bits", () => {
		const all = () =>
			run(() => {
				const given = caseOf(3001);
				const { logprobs, entropy } = logitStatistics(given.logits, given.targets, 0.9);
				const divergences = logitDivergences(given.logits, given.other, 0.9);
				const drawn = drawFromLogits(given.logits, Tensor.full([rows], 0.4), 0.9);
				const gradient = gradientOf(given, 0.9, uses[4], Tensor.empty([rows, 3001]));
				return [logprobs, entropy, ...Object.values(divergences), ...Object.values(drawn), gradient].map(
					(t: Tensor) => t.toFloat64Array(),
				);
			});
		expect(withThreads(2, all)).toEqual(withThreads(1, all));
	});
});

test("targets outside of the vocabulary are refused", () => {
	tidy(() => {
		for (const target of [-1, 4]) {
			const targets = Tensor.fromArray([target], [1], "i64");
			expect(() => logitStatistics(Tensor.zeros([1, 4]), targets, 1)).toThrow(/of a vocabulary of 4/);
		}
	});
});
