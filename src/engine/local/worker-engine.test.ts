import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeTinyModel } from "../../testing/tiny-model.ts";
import type { Engine, TokenOutputs, Weigh } from "../engine.ts";
import { LocalEngine } from "./local-engine.ts";
import { liveTensors } from "./tensor.ts";
import { WorkerEngine } from "./worker-engine.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-engine-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const model = writeTinyModel(join(root, "model"));
const reference = writeTinyModel(join(root, "reference"), { seed: 2 });
const prompt = Int32Array.of(40, 41, 42);

/** A few steps that raise the probability of short completions; everything an engine does, and what it answered. */
async function train(engine: Engine, steps: number, from = 0): Promise<unknown[]> {
	const seen: unknown[] = [];
	for (let step = from; step < from + steps; step++) {
		const completions = await engine.sample([{ prompt, count: 4, id: step }], { maxTokens: 8, seed: 5 });
		const sequences = completions.map((c) => ({
			tokens: Int32Array.from([...prompt, ...c.tokens]),
			promptLength: 3,
		}));
		const outputs = await engine.accumulate(sequences, (fresh: readonly TokenOutputs[], indices) =>
			fresh.map(({ logprobs }, b) => ({
				logprobs: logprobs.map((_, t) => (indices[b] + 1) / (t + 1)),
				entropy: logprobs.map(() => -0.01),
			})),
		);
		seen.push(
			completions,
			outputs,
			await engine.step({ learningRate: 1e-2, maxGradNorm: 1 }),
			await engine.publish(),
		);
	}
	seen.push(await engine.evaluate([{ tokens: Int32Array.of(1, 2, 3, 4), promptLength: 1 }], "policy"));
	return seen;
}

/** What else an engine with a reference does. */
async function compare(engine: Engine): Promise<unknown[]> {
	const sequences = [{ tokens: Int32Array.of(9, 8, 7), promptLength: 1 }];
	const weigh: Weigh = ([{ divergence }]) => [
		{ logprobs: divergence!.map(() => 1), divergence: divergence! },
	];
	const seen: unknown[] = [
		engine.capabilities,
		await engine.accumulate(sequences, weigh, { temperature: 0.7, divergence: { topK: 4 } }),
		await engine.keepGradient("a"),
		await engine.accumulate(sequences, weigh, { divergence: {} }),
		await engine.keepGradient("b"),
		await engine.gradientProducts(["a", "b"]),
		await engine.dropGradients(["a"]),
		await engine.updateReference(0.5),
	];
	for (const of of ["policy", "reference"] as const) {
		seen.push(await engine.evaluate(sequences, of, { temperature: 0.7 }));
	}
	const { versions } = await engine.retained();
	const sampling = { maxTokens: 4, seed: 1, policyVersion: versions[0] };
	seen.push(
		await engine.divergences(sequences, { temperature: 0.7 }),
		await engine.retained(),
		await engine.sample([{ prompt, count: 2, id: 0 }], sampling),
	);
	return seen;
}

test("the thread's engine answers what the local one answers, bit for bit, and leaves the event loop free", async () => {
	const options = {
		model,
		reference,
		dtype: "f32",
		threads: 1,
		retainVersions: 1,
		learner: { tokensPerMicroBatch: 24 },
	} as const;
	const local = new LocalEngine(options);
	const remote = await WorkerEngine.open(options);
	let ticks = 0;
	const timer = setInterval(() => ticks++, 1);
	const there = await train(remote, 20);
	clearInterval(timer);
	expect(ticks).toBeGreaterThan(5);
	expect(there).toEqual(await train(local, 20));
	expect(await compare(remote)).toEqual(await compare(local));
	await Promise.all([local.close(), remote.close()]);
});

test.each(["f32", "bf16"] as const)(
	"a saved %s engine goes on where it stopped, bit for bit",
	async (dtype) => {
		const options = { model, dtype, threads: 1 } as const;
		const whole = new LocalEngine(options);
		await train(whole, 3);
		const dir = join(root, `saved-${dtype}`);
		mkdirSync(dir);
		await whole.save(dir, { optimizer: true });
		const rest = await train(whole, 3, 3);
		const resumed = new LocalEngine(options);
		await resumed.load(dir, 3);
		expect(await train(resumed, 3, 3)).toEqual(rest);
		expect(JSON.parse(readFileSync(join(dir, "config.json"), "utf8"))).toMatchObject({ model_type: "llama" });
	},
);

test("closing gives every tensor back", async () => {
	const before = liveTensors();
	const engine = new LocalEngine({ model, reference, dtype: "bf16", retainVersions: 1 });
	await train(engine, 1);
	await compare(engine);
	await engine.close();
	expect(liveTensors()).toBe(before);
});

test("a kept gradient has left the accumulated one, and its products are those of its entries", async () => {
	const engine = new LocalEngine({ model, dtype: "f32" });
	const none = { code: "no-gradient" };
	await expect(engine.keepGradient("a")).rejects.toMatchObject(none);
	const sequence = { tokens: Int32Array.of(1, 2, 3), promptLength: 1 };
	const gradients: Map<string, Float64Array>[] = [];
	for (const [name, weight] of [
		["a", 1],
		["b", -2],
	] as const) {
		await engine.accumulate([sequence], () => [{ logprobs: Float32Array.of(1, weight) }]);
		const names = engine.gradients.names();
		gradients.push(new Map(names.map((n) => [n, engine.gradients.get(n)!.toFloat64Array()])));
		await engine.keepGradient(name);
		await expect(engine.step({ learningRate: 1, maxGradNorm: 1 })).rejects.toMatchObject(none);
	}
	const products = await engine.gradientProducts(["a", "b"]);
	gradients.forEach((left, i) => {
		gradients.forEach((right, j) => {
			const want = [...left].reduce(
				(sum, [name, g]) => sum + g.reduce((s, x, k) => s + x * right.get(name)![k], 0),
				0,
			);
			expect(Math.abs(products[i][j] / want - 1)).toBeLessThan(1e-9);
		});
	});
	await expect(engine.dropGradients(["c"])).rejects.toMatchObject({ code: "gradient-name" });
	await engine.close();
});

test("a gradient that is not finite moves nothing", async () => {
	const engine = new LocalEngine({ model, dtype: "f32" });
	const sequence = { tokens: Int32Array.of(1, 2, 3), promptLength: 1 };
	const before = await engine.evaluate([sequence], "policy");
	await engine.accumulate([sequence], () => [{ logprobs: Float32Array.of(1, Number.NaN) }]);
	expect((await engine.step({ learningRate: 1, maxGradNorm: 1 })).applied).toBe(false);
	expect(await engine.evaluate([sequence], "policy")).toEqual(before);
	await expect(engine.step({ learningRate: 1, maxGradNorm: 1 })).rejects.toMatchObject({
		code: "no-gradient",
	});
});

test("errors cross the thread with code and fix; a weigh that throws throws in the caller", async () => {
	await expect(WorkerEngine.open({ model: join(root, "nowhere"), dtype: "f32" })).rejects.toMatchObject({
		code: "config-missing",
	});
	const engine = await WorkerEngine.open({ model, dtype: "f32" });
	const sequence = { tokens: Int32Array.of(1, 2, 3), promptLength: 1 };
	await expect(engine.evaluate([sequence], "reference")).rejects.toMatchObject({ code: "no-reference" });
	await expect(
		engine.evaluate([{ tokens: Int32Array.of(1, 999), promptLength: 1 }], "policy"),
	).rejects.toMatchObject({
		code: "token-range",
	});
	await expect(
		engine.accumulate([sequence], () => {
			throw new TypeError("mine");
		}),
	).rejects.toThrow(TypeError);
	await expect(engine.accumulate([sequence], () => [])).rejects.toMatchObject({ code: "cotangents" });
	expect(await engine.evaluate([sequence], "policy")).toHaveLength(1);
	await engine.close();
});

test("an engine that is closed refuses at once, and may be closed again", async () => {
	const engine = await WorkerEngine.open({ model, dtype: "f32", threads: 1 });
	await engine.close();
	await engine.close();
	await expect(engine.publish()).rejects.toMatchObject({ code: "engine-closed" });
});
