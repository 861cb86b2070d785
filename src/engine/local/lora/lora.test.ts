import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readDecoderConfig } from "../../../formats/hf-config.ts";
import { fixturesDir } from "../../../testing/fixtures.ts";
import { Golden, goldenModels, modelDir, worst } from "../../../testing/golden.ts";
import { goldenBatch } from "../../../testing/golden-batch.ts";
import { tinyConfig, writeTinyModel } from "../../../testing/tiny-model.ts";
import { AdamW } from "../adamw.ts";
import { Decoder } from "../decoder.ts";
import { Gradients } from "../gradients.ts";
import { accumulateGradients, evaluateSequences } from "../learner.ts";
import { type EngineLora, LocalEngine } from "../local-engine.ts";
import { openDecoder } from "../open-decoder.ts";
import { bytesOf } from "../raw-weights.ts";
import { Scorer } from "../scorer.ts";
import { liveTensors, tidy } from "../tensor.ts";
import { randomWeights } from "../weights.ts";
import { Adapters } from "./adapters.ts";
import { type LoraConfig, loraTargets } from "./config.ts";
import { mergeIntoFolder } from "./merge-folder.ts";
import { readAdapters } from "./peft-files.ts";
import { peftName } from "./peft-tensors.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-lora-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const all: LoraConfig = { rank: 4, alpha: 8, targets: loraTargets, dropout: 0 };

interface LoraGolden {
	readonly loss: number;
	readonly grad: Record<string, { norm: number; proj: number }>;
	readonly adamw: { losses: number[]; grad_norms: number[]; loss_after: number };
}

describe.skipIf(fixturesDir === undefined).each(goldenModels)("what PEFT computes: %s", (name) => {
	const golden = new Golden(name);
	const batch = goldenBatch(golden);
	const want = golden.json.lora as LoraGolden;
	const open = () => {
		const dir = modelDir(name);
		const base = openDecoder(dir, readDecoderConfig(dir), "f32");
		return new Decoder(base.config, base.weights, readAdapters(`${dir}/lora`, base.config, "f32"));
	};
	/** Numbers of A and B by PEFT's names. */
	const parts = (
		adapters: Adapters,
		tensors = adapters.weights as Parameters<Adapters["forEachPart"]>[1],
	) => {
		const values = new Map<string, Float64Array>();
		tidy(() => {
			adapters.forEachPart((part, a, b) => {
				values.set(peftName(part.name, "A"), a.contiguous().toFloat64Array());
				values.set(peftName(part.name, "B"), b.contiguous().toFloat64Array());
			}, tensors);
		});
		return values;
	};

	test("log-probs", () => {
		const outputs = evaluateSequences(open(), batch.sequences, 64);
		const logprobs = batch.scatter(outputs.map((o) => o.logprobs));
		expect(worst(logprobs, golden.floats("lora.logprobs"), { rtol: 1e-4, atol: 1e-5 })).toBeLessThan(1);
	});

	test.each([
		["all activations kept", false, 1000],
		["layers recomputed", true, 1000],
		["micro-batches", false, 31],
	])("gradients: %s", async (_, recompute, tokensPerMicroBatch) => {
		const decoder = open();
		const gradients = new Gradients();
		const learner = { recompute, tokensPerMicroBatch };
		const outputs = await accumulateGradients(decoder, batch.sequences, batch.weigh, gradients, learner);
		expect(Math.abs(batch.lossOf(outputs) - want.loss)).toBeLessThan(1e-3 + 1e-4 * Math.abs(want.loss));
		expect(gradients.names().every((own) => decoder.trainable.has(own))).toBe(true);
		const values = parts(decoder.adapters!, gradients);
		expect([...values.keys()].sort()).toEqual(Object.keys(want.grad).sort());
		for (const [own, { norm, proj }] of Object.entries(want.grad)) {
			const got = values.get(own)!;
			const projection = got.reduce((sum, g, i) => sum + g * (((i * 7919) % 1009) / 1009 - 0.5), 0);
			expect(Math.abs(Math.hypot(...got) - norm), own).toBeLessThan(1e-4 * norm);
			expect(Math.abs(projection - proj), own).toBeLessThan(1e-4 * norm);
			const full = `lora.grad.${own}`;
			if (!golden.has(full)) continue;
			const values_ = golden.floats(full);
			const absmax = values_.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
			expect(worst(got, values_, { rtol: 0, atol: 1e-4 * absmax }), full).toBeLessThan(1);
		}
	});

	test("three AdamW steps move the adapters alone", async () => {
		const decoder = open();
		const { hyper } = golden.json.adamw;
		const [beta1, beta2] = hyper.betas as number[];
		const [epsilon, weightDecay] = [hyper.eps as number, hyper.weight_decay as number];
		const optimizer = new AdamW(decoder.trainable, { beta1, beta2, epsilon, weightDecay });
		const gradients = new Gradients();
		const learner = { recompute: false, tokensPerMicroBatch: 1000 };
		const before = [...decoder.weights.values()].map((tensor) => tensor.toFloat32Array());
		for (let step = 0; step < 3; step++) {
			const outputs = await accumulateGradients(decoder, batch.sequences, batch.weigh, gradients, learner);
			const loss = want.adamw.losses[step];
			expect(Math.abs(batch.lossOf(outputs) - loss)).toBeLessThan(1e-2 + 1e-4 * Math.abs(loss));
			const { gradNorm } = optimizer.step(gradients, hyper.lr as number, hyper.max_grad_norm as number);
			gradients.clear();
			expect(Math.abs(gradNorm / want.adamw.grad_norms[step] - 1)).toBeLessThan(1e-4);
		}
		const values = parts(decoder.adapters!);
		const full = golden.names("lora.adamw.step3.");
		expect(full.length).toBeGreaterThan(0);
		for (const own of full) {
			const wanted = golden.floats(own);
			const got = values.get(own.slice("lora.adamw.step3.".length))!;
			const differences = got.map((v, i) => v - wanted[i]);
			expect(Math.hypot(...differences) / Math.sqrt(differences.length), own).toBeLessThanOrEqual(3e-6);
			expect(
				differences.reduce((most, d) => Math.max(most, Math.abs(d)), 0),
				own,
			).toBeLessThan(5e-5);
		}
		const after = evaluateSequences(decoder, batch.sequences, 1000);
		const logprobs = batch.scatter(after.map((o) => o.logprobs));
		const tolerance = { rtol: 0, atol: 2e-3 };
		expect(worst(logprobs, golden.floats("lora.adamw.logprobs_after"), tolerance)).toBeLessThan(1);
		expect([...decoder.weights.values()].map((tensor) => tensor.toFloat32Array())).toEqual(before);
	});
});

const sequences = [5, 9, 14].map((length, k) => ({
	tokens: Int32Array.from({ length }, (_, i) => (i * 37 + k * 11) % 250),
	promptLength: 2,
}));
const push = (_: unknown, indices: readonly number[]) =>
	indices.map((i) => ({
		logprobs: Float32Array.from({ length: sequences[i].tokens.length - 2 }, (_, t) => Math.sin(t + i)),
	}));

describe.each(["f32", "bf16"] as const)("an engine with LoRA, %s", (dtype) => {
	const config = { ...tinyConfig, hiddenSize: 64, headDim: 16, intermediateSize: 96, qkNorm: true };
	const model = writeTinyModel(join(root, `model-${dtype}`), { dtype, config, scale: 5 });
	const copy = writeTinyModel(join(root, `copy-${dtype}`), { dtype, config, scale: 5 });
	const engineWith = (lora: EngineLora | undefined, reference = model) =>
		new LocalEngine({ model, reference, dtype, ...(lora === undefined ? {} : { lora }) });
	const learn = async (engine: LocalEngine, steps: number) => {
		for (let step = 0; step < steps; step++) {
			await engine.accumulate(sequences, push);
			await engine.step({ learningRate: 0.02, maxGradNorm: 1 });
			await engine.publish();
		}
	};
	const logprobsOf = async (engine: LocalEngine, of: "policy" | "reference") =>
		(await engine.evaluate(sequences, of)).map(({ logprobs, entropy }) => [...logprobs, ...entropy]);

	test("begins as its base to the bit", async () => {
		const engine = engineWith(all);
		expect(await logprobsOf(engine, "policy")).toEqual(await logprobsOf(engine, "reference"));
		await engine.close();
	});

	test("its reference, the base with adapters off, is what a frozen copy of its own would be", async () => {
		const before = liveTensors();
		const engine = engineWith(all);
		const shared = liveTensors() - before;
		const apart = engineWith(all, copy);
		expect(liveTensors() - before).toBe(2 * shared + engine.policy.weights.size);
		await learn(engine, 3);
		await learn(apart, 3);
		const [reference, policy] = [await logprobsOf(engine, "reference"), await logprobsOf(engine, "policy")];
		expect(policy).not.toEqual(reference);
		expect(policy).toEqual(await logprobsOf(apart, "policy"));
		expect(reference).toEqual(await logprobsOf(apart, "reference"));
		expect(await engine.divergences(sequences)).toEqual(await apart.divergences(sequences));
		await engine.close();
		await apart.close();
		expect(liveTensors()).toBe(before);
	});

	test("samples from what it has learned, and from a version before", async () => {
		const engine = new LocalEngine({ model, dtype, lora: all, retainVersions: 1 });
		const sample = async (policyVersion?: number) => {
			const prompt = Int32Array.from([1, 2, 3]);
			const options = { maxTokens: 12, seed: 3, stopTokens: [] };
			const version = policyVersion === undefined ? {} : { policyVersion };
			return (await engine.sample([{ prompt, count: 2, id: 0 }], { ...options, ...version }))[0];
		};
		const first = await sample();
		await learn(engine, 1);
		const second = await sample();
		expect([...second.logprobs]).not.toEqual([...first.logprobs]);
		expect(await sample(0)).toEqual(first);
		const tokens = Int32Array.from([1, 2, 3, ...second.tokens]);
		const [{ logprobs }] = await engine.evaluate([{ tokens, promptLength: 3 }], "policy");
		const tolerance = dtype === "f32" ? { rtol: 1e-4, atol: 1e-5 } : { rtol: 0.02, atol: 0.05 };
		expect(worst(second.logprobs, logprobs, tolerance)).toBeLessThan(1);
		expect((await engine.retained()).bytes).toBe(bytesOf(engine.policy.trainable));
		await engine.close();
	});

	test("goes on from its own checkpoint as if it had never stopped", async () => {
		const dir = mkdtempSync(join(root, "checkpoint-"));
		const dropping = { ...all, dropout: 0.2, seed: 5 };
		const engine = engineWith(dropping);
		await learn(engine, 2);
		await engine.save(dir, { optimizer: true });
		await learn(engine, 2);
		const resumed = engineWith(dropping);
		await resumed.load(dir, 2);
		await learn(resumed, 2);
		expect(await logprobsOf(resumed, "policy")).toEqual(await logprobsOf(engine, "policy"));
		await resumed.close();
		await engine.close();
	});

	test("a checkpoint is a PEFT adapter: it scores, merges, and is learned on", async () => {
		const dir = mkdtempSync(join(root, "peft-"));
		const engine = engineWith(all);
		await learn(engine, 2);
		await engine.save(dir);
		const policy = await logprobsOf(engine, "policy");
		const close = dtype === "f32" ? { rtol: 1e-4, atol: 1e-5 } : { rtol: 0.05, atol: 0.1 };
		const near = (got: readonly number[][]) => {
			got.forEach((row, i) => expect(worst(row, policy[i], close)).toBeLessThan(1));
		};
		const merged = new LocalEngine({ model: dir, dtype });
		near(await logprobsOf(merged, "policy"));
		const scorer = new Scorer({ model, lora: dir, dtype });
		const scored = scorer.score([...sequences[1].tokens]).logprobs.slice(2) as number[];
		expect(worst(scored, policy[1].slice(0, scored.length), close)).toBeLessThan(1);
		const again = engineWith({ adapter: dir });
		expect(await logprobsOf(again, "policy")).toEqual(policy);
		await learn(again, 1);
		for (const opened of [merged, again, engine]) await opened.close();
		scorer.dispose();
	});

	test("does not move its reference", async () => {
		const engine = engineWith(all);
		await expect(engine.updateReference(0)).rejects.toMatchObject({ code: "reference-shape" });
		await engine.close();
	});
});

test("gradients in bf16 point where those in f32 do", async () => {
	const config = { ...tinyConfig, hiddenSize: 64, headDim: 16, intermediateSize: 96 };
	const gradientsIn = async (dtype: "f32" | "bf16") => {
		const weights = randomWeights(config, dtype, 3);
		const adapters = Adapters.fresh(config, { ...all, rank: 16 }, dtype, 4);
		adapters.forEachPart((_, __, b) => b.uniform_(-0.1, 0.1, 6));
		const gradients = new Gradients();
		const learner = { recompute: false, tokensPerMicroBatch: 1000 };
		await accumulateGradients(new Decoder(config, weights, adapters), sequences, push, gradients, learner);
		return gradients;
	};
	const [exact, rounded] = [await gradientsIn("f32"), await gradientsIn("bf16")];
	expect(exact.names().length).toBe(2 * 4 * config.numLayers);
	for (const name of exact.names()) {
		const [x, y] = [exact.get(name)!.toFloat64Array(), rounded.get(name)!.toFloat64Array()];
		const product = x.reduce((sum, v, i) => sum + v * y[i], 0);
		expect(product / (Math.hypot(...x) * Math.hypot(...y)), name).toBeGreaterThan(0.95);
	}
});

test("dropout's gradient is the derivative of what it computed, and the next pass drops others", async () => {
	const weights = randomWeights(tinyConfig, "f32", 3);
	weights.get("embed")!.mul_(20);
	const adapters = Adapters.fresh(tinyConfig, { ...all, dropout: 0.5 }, "f32", 4);
	adapters.forEachPart((_, __, b) => b.uniform_(-0.2, 0.2, 6));
	const decoder = new Decoder(tinyConfig, weights, adapters);
	const loss = async (seed: number, recompute: boolean) => {
		const gradients = new Gradients();
		const learner = { recompute, tokensPerMicroBatch: 1000 };
		const seeds = { dropout: () => seed };
		const outputs = await accumulateGradients(decoder, sequences, push, gradients, learner, {}, seeds);
		const pushes = push(undefined, [0, 1, 2]);
		const value = outputs.reduce(
			(sum, { logprobs }, i) => sum + logprobs.reduce((s, lp, t) => s + lp * pushes[i].logprobs[t], 0),
			0,
		);
		return { value, gradients };
	};
	const { value, gradients } = await loss(1, true);
	expect((await loss(1, false)).value).toBe(value);
	expect(Math.abs((await loss(2, false)).value - value)).toBeGreaterThan(1e-3);
	for (const name of ["layers.0.qkv.a", "layers.1.qkv.b", "layers.0.down.a", "layers.1.gateUp.b"]) {
		const parameter = adapters.weights.get(name)!;
		const gradient = gradients.get(name)!.toFloat64Array();
		const norm = Math.hypot(...gradient);
		const step = 2e-3 / norm;
		const direction = gradients.get(name)!.mul(step);
		const at = async (sign: number) => {
			const moved = direction.mul(sign);
			parameter.add_(moved);
			const { value } = await loss(1, false);
			parameter.sub_(moved);
			return value;
		};
		const slope = ((await at(1)) - (await at(-1))) / (2 * step);
		expect(Math.abs(slope / norm ** 2 - 1), name).toBeLessThan(0.02);
	}
});

test("refuses what it cannot learn", () => {
	const model = writeTinyModel(join(root, "refused"));
	const open = (lora: EngineLora) => () => new LocalEngine({ model, dtype: "f32", lora });
	const code = (code: string): unknown => expect.objectContaining({ code });
	expect(open({ ...all, rank: 0 })).toThrow(code("lora-invalid"));
	expect(open({ ...all, alpha: Number.NaN })).toThrow(code("lora-invalid"));
	expect(open({ ...all, dropout: 1 })).toThrow(code("lora-invalid"));
	expect(open({ ...all, targets: [] })).toThrow(code("lora-invalid"));
	expect(open({ ...all, targets: ["lm_head" as never] })).toThrow(code("lora-invalid"));
	expect(open({ adapter: model })).toThrow(code("adapter-missing"));
});

test("an adapter is merged into a folder of its own, which is the policy", async () => {
	const model = writeTinyModel(join(root, "to-merge"), { scale: 5 });
	const engine = new LocalEngine({ model, dtype: "f32", lora: all });
	await engine.accumulate(sequences, push);
	await engine.step({ learningRate: 0.02, maxGradNorm: 1 });
	const [adapter, out] = [mkdtempSync(join(root, "adapter-")), join(root, "merged")];
	await engine.save(adapter);
	mergeIntoFolder(model, adapter, out, "f32");
	const merged = new LocalEngine({ model: out, reference: model, dtype: "f32" });
	const [want, got] = [
		await engine.evaluate(sequences, "policy"),
		await merged.evaluate(sequences, "policy"),
	];
	got.forEach(({ logprobs }, i) =>
		expect(worst(logprobs, want[i].logprobs, { rtol: 1e-4, atol: 1e-5 })).toBeLessThan(1),
	);
	expect((await merged.evaluate(sequences, "reference"))[0].logprobs).not.toEqual(got[0].logprobs);
	expect(() => mergeIntoFolder(model, adapter, out, "f32")).toThrow(
		expect.objectContaining({ code: "folder-not-empty" }),
	);
	await engine.close();
	await merged.close();
});
