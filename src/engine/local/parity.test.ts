import { describe, expect, test } from "vitest";
import { Checkpoint } from "../../formats/checkpoint.ts";
import { readDecoderConfig } from "../../formats/hf-config.ts";
import { fixturesDir } from "../../testing/fixtures.ts";
import { Golden, goldenModels, modelDir, worst } from "../../testing/golden.ts";
import { goldenBatch } from "../../testing/golden-batch.ts";
import { AdamW } from "./adamw.ts";
import { noGrad } from "./autograd.ts";
import { decode } from "./decode.ts";
import type { Decoder } from "./decoder.ts";
import { Gradients } from "./gradients.ts";
import { headForward } from "./head.ts";
import { headDivergences } from "./head-divergence.ts";
import { accumulateGradients, evaluateSequences } from "./learner.ts";
import { openDecoder } from "./open-decoder.ts";
import { parameterSpecs } from "./parameters.ts";
import { Tensor, tidy } from "./tensor.ts";

// What transformers computes, in float32; tolerances of the fixtures' README.

const logprobTolerance = { rtol: 1e-4, atol: 1e-5 };
const entropyTolerance = { rtol: 1e-4, atol: 5e-5 };

function open(name: string, checkpoint = ""): Decoder {
	const dir = `${modelDir(name)}${checkpoint}`;
	return openDecoder(dir, readDecoderConfig(dir), "f32");
}

describe.skipIf(fixturesDir === undefined).each(goldenModels)("%s", (name) => {
	const golden = new Golden(name);
	const batch = goldenBatch(golden);
	const real = (i: number) => batch.mask[i] === 1;

	test("logits", () => {
		const decoder = open(name);
		const V = decoder.config.vocabSize;
		const logits = noGrad(() =>
			tidy(() => batch.padded(decoder.logits(decoder.forward(batch.network())).toFloat32Array(), V)),
		);
		expect(
			worst(logits, golden.floats("right.logits"), { rtol: 1e-4, atol: 5e-5 }, (i) =>
				real(Math.floor(i / V)),
			),
		).toBeLessThan(1);
	});

	test("log-probs and entropy", () => {
		const outputs = evaluateSequences(open(name), batch.sequences, 64);
		const logprobs = batch.scatter(outputs.map((o) => o.logprobs));
		const entropy = batch.scatter(outputs.map((o) => o.entropy));
		expect(worst(logprobs, golden.floats("right.logprobs"), logprobTolerance)).toBeLessThan(1);
		expect(worst(entropy, golden.floats("right.entropy"), entropyTolerance)).toBeLessThan(1);
	});

	test("both full-vocabulary divergences", () => {
		const [a, b] = [open(name), open(name, "/checkpoint_b")];
		const forward = (decoder: Decoder) => decoder.forward(batch.network());
		const { divergence, reverseDivergence } = noGrad(() =>
			tidy(() => headDivergences(forward(a), a.headWeight, { hidden: forward(b), weight: b.headWeight })),
		);
		expect(
			worst(batch.padded(divergence), golden.floats("right.kl_a_b"), entropyTolerance, real),
		).toBeLessThan(1);
		expect(
			worst(batch.padded(reverseDivergence), golden.floats("right.kl_b_a"), entropyTolerance, real),
		).toBeLessThan(1);
		const own = golden.ints("right.targets").filter((_, i) => real(i));
		const targets = Tensor.fromArray(own, [own.length], "i64");
		const logprobs = noGrad(() => tidy(() => headForward(forward(b), b.headWeight, targets).logprobs));
		expect(
			worst(batch.padded(logprobs), golden.floats("right.logprobs_b"), logprobTolerance, real),
		).toBeLessThan(1);
	});

	test("greedy continuation with the key-value cache, all prompts in one batch", () => {
		const tokens = golden.ints("greedy.tokens");
		const steps = golden.shape("greedy.tokens")[1];
		const requests = batch.sequences.map((s, id) => ({ prompt: s.tokens.slice(0, -1), count: 1, id }));
		const completions = decode(
			open(name),
			requests,
			{ temperature: 0, maxTokens: steps, seed: 0, stopTokens: [] },
			0,
		);
		expect(completions.flatMap((c) => [...c.tokens])).toEqual(tokens);
		const logprobs = completions.flatMap((c) => [...c.logprobs]);
		expect(worst(logprobs, golden.floats("greedy.logprobs"), logprobTolerance)).toBeLessThan(1);
	});

	test("stops at the first end-of-sequence token", () => {
		const first =
			golden.json["greedy.first_eos"] ?? (golden.json.greedy as { first_eos: number[] }).first_eos;
		const steps = golden.shape("greedy.tokens")[1];
		const requests = batch.sequences.map((s, id) => ({ prompt: s.tokens.slice(0, -1), count: 1, id }));
		const completions = decode(open(name), requests, { temperature: 0, maxTokens: steps, seed: 0 }, 0);
		(first as number[]).forEach((eos, b) => {
			expect(completions[b].tokens.length).toBe(eos === -1 ? steps : eos + 1);
			expect(completions[b].finish).toBe(eos === -1 ? "length" : "stop");
		});
	});

	test.each([
		["all activations kept", false, 1000],
		["layers recomputed", true, 1000],
		["micro-batches", false, 31],
	])("gradients: %s", async (_, recompute, tokensPerMicroBatch) => {
		const decoder = open(name);
		const gradients = new Gradients();
		await accumulate(decoder, gradients, { recompute, tokensPerMicroBatch });
		let total = 0;
		for (const spec of parameterSpecs(decoder.config)) {
			let row = 0;
			for (const part of spec.parts) {
				const want = golden.json.grad[part.name];
				const values = tidy(() => gradients.get(spec.name)!.narrow(0, row, part.rows).toFloat64Array());
				row += part.rows;
				const norm = Math.sqrt(values.reduce((sum, g) => sum + g * g, 0));
				total += norm * norm;
				expect(Math.abs(norm - want.norm), part.name).toBeLessThan(1e-4 * want.norm);
				const projection = values.reduce((sum, g, i) => sum + g * (((i * 7919) % 1009) / 1009 - 0.5), 0);
				expect(Math.abs(projection - want.proj), part.name).toBeLessThan(1e-4 * want.norm);
				const full = `grad.${part.name}`;
				if (golden.has(full)) {
					expect(
						worst(values, golden.floats(full), { rtol: 0, atol: 1e-4 * want.absmax }),
						full,
					).toBeLessThan(1);
				}
			}
		}
		expect(Math.abs(Math.sqrt(total) - golden.json.grad_norm_total)).toBeLessThan(
			1e-4 * golden.json.grad_norm_total,
		);
	});

	test("three AdamW steps", async () => {
		const { hyper, losses, grad_norms, loss_after } = golden.json.adamw;
		const decoder = open(name);
		const [beta1, beta2] = hyper.betas as number[];
		const optimizer = new AdamW(decoder.weights, {
			beta1,
			beta2,
			epsilon: hyper.eps as number,
			weightDecay: hyper.weight_decay as number,
		});
		const gradients = new Gradients();
		for (let step = 1; step <= 3; step++) {
			const loss = await accumulate(decoder, gradients, {
				recompute: false,
				tokensPerMicroBatch: 1000,
			});
			expect(Math.abs(loss - losses[step - 1])).toBeLessThan(1e-2 + 1e-4 * Math.abs(losses[step - 1]));
			const { gradNorm } = optimizer.step(gradients, hyper.lr as number, hyper.max_grad_norm as number);
			gradients.clear();
			expect(Math.abs(gradNorm - grad_norms[step - 1])).toBeLessThan(1e-4 * grad_norms[step - 1]);
			for (const full of golden.names(`adamw.step${step}.`)) {
				const values = parameter(decoder, full.slice(`adamw.step${step}.`.length));
				const want = golden.floats(full);
				const differences = values.map((v, i) => v - want[i]);
				expect(
					Math.sqrt(differences.reduce((s, d) => s + d * d, 0) / differences.length),
					full,
				).toBeLessThanOrEqual(3e-6);
				expect(Math.max(...differences.map(Math.abs)), full).toBeLessThan(5e-5);
			}
		}
		const after = evaluateSequences(decoder, batch.sequences, 1000);
		const logprobs = batch.scatter(after.map((o) => o.logprobs));
		expect(worst(logprobs, golden.floats("adamw.logprobs_after"), { rtol: 0, atol: 2e-3 })).toBeLessThan(1);
		expect(Math.abs(batch.lossOf(after) - loss_after)).toBeLessThan(1e-2 + 1e-4 * Math.abs(loss_after));
	});

	async function accumulate(
		decoder: Decoder,
		gradients: Gradients,
		options: { recompute: boolean; tokensPerMicroBatch: number },
	): Promise<number> {
		return batch.lossOf(await accumulateGradients(decoder, batch.sequences, batch.weigh, gradients, options));
	}

	function parameter(decoder: Decoder, hfName: string): Float32Array {
		for (const spec of parameterSpecs(decoder.config)) {
			let row = 0;
			for (const part of spec.parts) {
				const start = row;
				row += part.rows;
				if (part.name === hfName)
					return tidy(() => decoder.weights.get(spec.name)!.narrow(0, start, part.rows).toFloat32Array());
			}
		}
		throw new Error(`no parameter ${hfName}`);
	}
});

test.skipIf(fixturesDir === undefined)("bf16 stays near transformers' bf16", () => {
	const golden = new Golden("llama3_sharded_bf16");
	const batch = goldenBatch(golden);
	const dir = modelDir("llama3_sharded_bf16");
	const decoder = openDecoder(dir, readDecoderConfig(dir), "bf16");
	const outputs = evaluateSequences(decoder, batch.sequences, 1000);
	expect(
		worst(batch.scatter(outputs.map((o) => o.logprobs)), golden.floats("bf16.logprobs"), {
			rtol: 0,
			atol: 0.5,
		}),
	).toBeLessThan(1);
	Checkpoint.open(dir).close();
});
