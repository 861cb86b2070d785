import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { tinyConfig, writeTinyModel } from "../../testing/tiny-model.ts";
import type { Sequence, Weigh } from "../engine.ts";
import { noGrad } from "./autograd.ts";
import { LocalEngine } from "./local-engine.ts";
import { microBatches } from "./micro-batches.ts";
import { packSequences, promptNetwork } from "./packed-batch.ts";
import { liveTensors, tidy } from "./tensor.ts";

// Sequences that share prompts, packed into one pass, against each of them by itself.

const root = mkdtempSync(join(tmpdir(), "thalia-packed-"));
const model = writeTinyModel(join(root, "model"));
const open = (tokensPerMicroBatch: number, recompute = false) =>
	new LocalEngine({ model, dtype: "f32", threads: 1, learner: { tokensPerMicroBatch, recompute } });
const engines = { apart: open(1), together: open(1000), recomputing: open(1000, true) };
afterAll(async () => {
	for (const engine of Object.values(engines)) await engine.close();
	rmSync(root, { recursive: true, force: true });
});

const token = fc.integer({ min: 0, max: 255 });
/** One to three prompts, of one to nine tokens, each with one to four completions of one to seven. */
const groups: fc.Arbitrary<Sequence[]> = fc
	.array(
		fc.tuple(
			fc.array(token, { minLength: 1, maxLength: 9 }),
			fc.array(fc.array(token, { minLength: 1, maxLength: 7 }), { minLength: 1, maxLength: 4 }),
		),
		{ minLength: 1, maxLength: 3 },
	)
	.map((drawn) =>
		drawn.flatMap(([prompt, completions]) =>
			completions.map((own) => ({ tokens: Int32Array.of(...prompt, ...own), promptLength: prompt.length })),
		),
	);

/** log softmax of the plain network's logits at the evaluated tokens of one sequence, in f64. */
function plainLogprobs({ tokens, promptLength }: Sequence): number[] {
	const { policy } = engines.apart;
	const V = tinyConfig.vocabSize;
	const ids = Array.from(tokens.subarray(0, -1));
	const logits = noGrad(() =>
		tidy(() => policy.logits(policy.forward(promptNetwork([ids]))).toFloat64Array()),
	);
	return Array.from(tokens.subarray(promptLength), (target, t) => {
		const row = logits.subarray((promptLength - 1 + t) * V, (promptLength + t) * V);
		const most = Math.max(...row);
		return row[target] - most - Math.log(row.reduce((sum, z) => sum + Math.exp(z - most), 0));
	});
}

function expectNear(got: ArrayLike<number>, want: ArrayLike<number>): void {
	expect(got.length).toBe(want.length);
	for (let i = 0; i < want.length; i++)
		expect(Math.abs(got[i] - want[i])).toBeLessThan(2e-4 * (1 + Math.abs(want[i])));
}

test("log-probs of packed sequences are those of each by itself", async () => {
	await fc.assert(
		fc.asyncProperty(groups, async (sequences) => {
			const outputs = await engines.together.evaluate(sequences, "policy");
			for (const [b, { logprobs }] of outputs.entries()) expectNear(logprobs, plainLogprobs(sequences[b]));
		}),
		{ numRuns: 40 },
	);
});

test("gradients of packed sequences are the sum of theirs, kept or computed again", async () => {
	const weigh: Weigh = (outputs, indices) =>
		outputs.map(({ logprobs }, i) => ({
			logprobs: logprobs.map((_, t) => Math.sin(1 + indices[i] + 3 * t)),
		}));
	await fc.assert(
		fc.asyncProperty(groups, async (sequences) => {
			const { apart, together, recomputing } = engines;
			for (const engine of [apart, together, recomputing]) await engine.accumulate(sequences, weigh);
			for (const name of apart.policy.weights.keys()) {
				const want = apart.gradients.get(name)!.toFloat64Array();
				const size = Math.hypot(...want) / Math.sqrt(want.length);
				for (const engine of [together, recomputing]) {
					const got = engine.gradients.get(name)!.toFloat64Array();
					const worst = got.reduce((most, g, i) => Math.max(most, Math.abs(g - want[i])), 0);
					expect(worst, name).toBeLessThan(1e-3 * (size + 1e-3));
				}
			}
			for (const engine of [apart, together, recomputing]) await engine.discard();
		}),
		{ numRuns: 15 },
	);
});

test("a prompt is read once for all its completions, and nothing is left behind", () => {
	const sequences = [
		{ tokens: Int32Array.of(1, 2, 3, 9, 8), promptLength: 3 },
		{ tokens: Int32Array.of(4, 5, 7), promptLength: 2 },
		{ tokens: Int32Array.of(1, 2, 3, 6), promptLength: 3 },
	];
	const before = liveTensors();
	const batch = packSequences(sequences);
	expect([...batch.tokens.toFloat64Array()]).toEqual([1, 2, 3, 4, 5, 9]);
	expect([...batch.positions.toFloat64Array()]).toEqual([0, 1, 2, 0, 1, 3]);
	expect([...batch.rows.toFloat64Array()]).toEqual([2, 5, 4, 2]);
	expect([...batch.targets.toFloat64Array()]).toEqual([9, 8, 7, 6]);
	expect(batch.offsets).toEqual([0, 2, 3, 4]);
	batch.dispose();
	expect(liveTensors()).toBe(before);
});

test("micro-batches hold every sequence once, keep to the budget, and keep those of a prompt together", () => {
	fc.assert(
		fc.property(groups, fc.integer({ min: 1, max: 60 }), (sequences, budget) => {
			const batches = microBatches(sequences, budget);
			expect(batches.flat().toSorted((a, b) => a - b)).toEqual(sequences.map((_, i) => i));
			for (const batch of batches) {
				const packed = packSequences(batch.map((i) => sequences[i]));
				const rows = packed.tokens.shape[0];
				packed.dispose();
				if (batch.length > 1) expect(rows).toBeLessThanOrEqual(budget);
			}
		}),
	);
	const shared = [5, 3, 5].map((length) => ({ tokens: new Int32Array(8 + length), promptLength: 8 }));
	expect(microBatches(shared, 17)).toEqual([[0, 2], [1]]);
	expect(microBatches(shared, 18)).toEqual([[0, 2, 1]]);
});
