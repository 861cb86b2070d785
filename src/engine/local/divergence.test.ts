import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { tinyConfig, writeTinyModel } from "../../testing/tiny-model.ts";
import type { AccumulateOptions, Sequence, Weigh } from "../engine.ts";
import { noGrad } from "./autograd.ts";
import type { Decoder } from "./decoder.ts";
import { LocalEngine } from "./local-engine.ts";
import { openDecoder } from "./open-decoder.ts";
import { promptNetwork } from "./packed-batch.ts";
import { liveTensors, Tensor, tidy } from "./tensor.ts";
import type { Weights } from "./weights.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-divergence-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const model = writeTinyModel(join(root, "model"));
// Another width and depth: a reference shares the vocabulary alone.
const referenceConfig = { ...tinyConfig, hiddenSize: 24, numLayers: 1, headDim: 6 };
const reference = writeTinyModel(join(root, "reference"), { seed: 2, config: referenceConfig });
const V = tinyConfig.vocabSize;

const sequences: Sequence[] = [
	{ tokens: Int32Array.of(5, 6, 7, 8, 9, 10), promptLength: 2 },
	{ tokens: Int32Array.of(200, 40, 3), promptLength: 1 },
	{ tokens: Int32Array.from({ length: 20 }, (_, i) => (i * 37) % 256), promptLength: 10 },
];
const open = (options: { reference?: string } = { reference }) =>
	new LocalEngine({ model, dtype: "f32", threads: 1, learner: { tokensPerMicroBatch: 24 }, ...options });
const once: Sequence[] = [sequences[0]];

/** log softmax(logits / temperature) in f64, one row an evaluated token. */
function logprobs(decoder: Decoder, { tokens, promptLength }: Sequence, temperature: number): number[][] {
	const ids = Array.from(tokens.subarray(0, -1));
	const logits = noGrad(() =>
		tidy(() => decoder.logits(decoder.forward(promptNetwork([ids]))).toFloat64Array()),
	);
	return Array.from({ length: tokens.length - promptLength }, (_, t) => {
		const start = (promptLength - 1 + t) * V;
		const row = Array.from(logits.slice(start, start + V), (z) => z / temperature);
		const normaliser = Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0));
		return row.map((z) => z - normaliser);
	});
}

const kl = (p: readonly number[], q: readonly number[]) =>
	p.reduce((sum, lp, v) => sum + Math.exp(lp) * (lp - q[v]), 0);

function expectNear(got: ArrayLike<number>, want: ArrayLike<number>): void {
	expect(got.length).toBe(want.length);
	Array.from(got).forEach((x, i) => {
		expect(Math.abs(x - want[i])).toBeLessThan(1e-4 + 1e-4 * Math.abs(want[i]));
	});
}

/** Cotangents of the divergence alone, ones. */
const sumOfDivergences: Weigh = (outputs) =>
	outputs.map(({ logprobs }) => ({
		logprobs: new Float32Array(logprobs.length),
		divergence: new Float32Array(logprobs.length).fill(1),
	}));

async function gradientOf(
	engine: LocalEngine,
	options: AccumulateOptions,
	weigh = sumOfDivergences,
): Promise<Map<string, Float64Array>> {
	await engine.accumulate(sequences, weigh, options);
	const gradient = new Map(
		engine.gradients.names().map((name) => [name, engine.gradients.get(name)!.toFloat64Array()]),
	);
	await engine.discard();
	return gradient;
}

describe.each([1, 0.6])("temperature %s", (temperature) => {
	test("outputs are those of the logits, in accumulate, evaluate and divergences", async () => {
		const engine = open();
		const other = openDecoder(reference, referenceConfig, "f32");
		const options = { temperature, divergence: { topK: 5 } };
		const outputs = await engine.accumulate(sequences, sumOfDivergences, options);
		const divergences = await engine.divergences(sequences, { temperature });
		const evaluated = await engine.evaluate(sequences, "policy", { temperature });
		const ofReference = await engine.evaluate(sequences, "reference", { temperature });
		sequences.forEach((sequence, i) => {
			const p = logprobs(engine.policy, sequence, temperature);
			const q = logprobs(other, sequence, temperature);
			const evaluatedTokens = Array.from(sequence.tokens.subarray(sequence.promptLength));
			const own = (rows: number[][]) => rows.map((row, t) => row[evaluatedTokens[t]]);
			const entropy = p.map((row) => -row.reduce((sum, lp) => sum + Math.exp(lp) * lp, 0));
			expectNear(outputs[i].logprobs, own(p));
			expectNear(outputs[i].entropy, entropy);
			expectNear(evaluated[i].logprobs, own(p));
			expectNear(evaluated[i].entropy, entropy);
			expectNear(ofReference[i].logprobs, own(q));
			for (const got of [outputs[i], divergences[i]]) {
				expectNear(
					got.divergence!,
					p.map((row, t) => kl(row, q[t])),
				);
				expectNear(
					got.reverseDivergence!,
					p.map((row, t) => kl(q[t], row)),
				);
			}
			const inHead = p.map((row, t) => row.filter((lp) => lp > row[evaluatedTokens[t]]).length < 5);
			expect(outputs[i].inHead).toEqual(inHead);
		});
		other.dispose();
		await engine.close();
	});

	test("the gradient of the summed divergence is its slope along it", async () => {
		const engine = open();
		const gradient = await gradientOf(engine, { temperature, divergence: {} });
		const norm = Math.sqrt(
			[...gradient.values()].reduce((sum, g) => sum + g.reduce((s, x) => s + x * x, 0), 0),
		);
		const start = copyOf(engine.policy.weights);
		const at = async (distance: number) => {
			moveTo(engine.policy.weights, start, gradient, distance / norm);
			const values = await engine.divergences(sequences, { temperature });
			return values.reduce((sum, { divergence }) => sum + divergence.reduce((s, d) => s + d, 0), 0);
		};
		const distance = 1e-3;
		const slope = ((await at(distance)) - (await at(-distance))) / (2 * distance);
		expect(Math.abs(slope / norm - 1)).toBeLessThan(0.02);
		await engine.close();
	});

	test("over the k most likely of all tokens it is the same gradient, over few another", async () => {
		const engine = open();
		const full = await gradientOf(engine, { temperature, divergence: {} });
		const all = await gradientOf(engine, { temperature, divergence: { topK: V } });
		const few = await gradientOf(engine, { temperature, divergence: { topK: 3 } });
		const size = Math.max(...[...full.values()].map((g) => Math.max(...g.map(Math.abs))));
		for (const [name, g] of full) {
			const worst = Math.max(...g.map((x, i) => Math.abs(x - all.get(name)![i])));
			expect(worst, name).toBeLessThan(1e-5 * size);
		}
		const embed = full.get("embed")!;
		expect(Math.max(...embed.map((x, i) => Math.abs(x - few.get("embed")![i])))).toBeGreaterThan(1e-2 * size);
		await engine.close();
	});
});

test("a temperature of 1 and a divergence without cotangent change no bit of outputs and gradient", async () => {
	const engine = open();
	const weigh: Weigh = (outputs) =>
		outputs.map(({ logprobs }) => ({ logprobs: logprobs.map(Math.cos), entropy: logprobs.map(Math.sin) }));
	const plain = await gradientOf(engine, {}, weigh);
	expect(await gradientOf(engine, { temperature: 1 }, weigh)).toEqual(plain);
	expect(await gradientOf(engine, { divergence: { topK: 2 } }, weigh)).toEqual(plain);
	const evaluated = await engine.evaluate(sequences, "policy");
	expect(await engine.evaluate(sequences, "policy", { temperature: 1 })).toEqual(evaluated);
	await engine.close();
});

test("bf16 and recomputation work too, and everything is given back, after a failure as well", async () => {
	const before = liveTensors();
	const options = { model, reference, dtype: "bf16", learner: { recompute: true } } as const;
	const engine = new LocalEngine(options);
	const opened = liveTensors();
	const [outputs] = await engine.accumulate(once, sumOfDivergences, { divergence: {} });
	expect(outputs.divergence!.every((d) => d > 0 && Number.isFinite(d))).toBe(true);
	await engine.discard();
	const rope = liveTensors() - opened;
	const fail = () => {
		throw new Error("mine");
	};
	await expect(engine.accumulate(once, fail, { divergence: {} })).rejects.toThrow("mine");
	expect(liveTensors() - opened).toBe(rope);
	await engine.close();
	expect(liveTensors()).toBe(before);
});

describe("refuses", () => {
	test.each([0, -1, Number.NaN, Infinity])("a temperature of %s", async (temperature) => {
		const engine = open();
		const error = { code: "evaluation-option" };
		await expect(engine.evaluate(once, "policy", { temperature })).rejects.toMatchObject(error);
		await expect(engine.divergences(once, { temperature })).rejects.toMatchObject(error);
		await expect(engine.accumulate(once, sumOfDivergences, { temperature })).rejects.toMatchObject(error);
		await engine.close();
	});

	test.each([0, 1.5, V + 1, -1])("a head of %s tokens", async (topK) => {
		const engine = open();
		await expect(engine.accumulate(once, sumOfDivergences, { divergence: { topK } })).rejects.toMatchObject({
			code: "evaluation-option",
		});
		await engine.close();
	});

	test("a divergence without a reference, and a cotangent of one that was not asked for", async () => {
		const engine = open({});
		const error = { code: "no-reference" };
		await expect(engine.divergences(once)).rejects.toMatchObject(error);
		await expect(engine.accumulate(once, sumOfDivergences, { divergence: {} })).rejects.toMatchObject(error);
		await expect(engine.accumulate(once, sumOfDivergences)).rejects.toMatchObject({ code: "cotangents" });
		await engine.close();
	});
});

function copyOf(weights: Weights): Map<string, Float64Array> {
	return new Map([...weights].map(([name, tensor]) => [name, tensor.toFloat64Array()]));
}

/** weights <- start + scale * direction. */
function moveTo(
	weights: Weights,
	start: ReadonlyMap<string, Float64Array>,
	direction: ReadonlyMap<string, Float64Array>,
	scale: number,
): void {
	for (const [name, tensor] of weights) {
		const step = direction.get(name);
		const moved = start.get(name)!.map((x, i) => x + scale * (step?.[i] ?? 0));
		tidy(() => noGrad(() => tensor.copy_(Tensor.fromArray(moved, tensor.shape))));
	}
}
