import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { DecoderConfig } from "../../formats/hf-config.ts";
import { built, script } from "../../testing/child.ts";
import { tinyConfig, writeTinyModel } from "../../testing/tiny-model.ts";
import { loraTargets } from "./lora/config.ts";
import { countParameters, estimateMemory } from "./memory.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-memory-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const smollm: DecoderConfig = {
	...tinyConfig,
	...{ vocabSize: 49_152, hiddenSize: 576, intermediateSize: 1536, numLayers: 30 },
	...{ numHeads: 9, numKvHeads: 3, headDim: 64, maxPositions: 8192 },
};
const step = { completions: 64, promptTokens: 64, maxTokens: 64 };
const learner = { tokensPerMicroBatch: 1024, recompute: false };

test("the parameters of SmolLM2-135M, as its card counts them", () => {
	expect(countParameters(smollm)).toBe(134_515_008);
});

test("what costs less memory is foreseen to", () => {
	const peak = (
		engine: { dtype: "f32" | "bf16"; retainVersions?: number } = { dtype: "f32" },
		changed: Partial<typeof learner> = {},
	) => estimateMemory(smollm, smollm, engine, { ...learner, ...changed }, step).peak;
	expect(peak({ dtype: "bf16" })).toBeLessThan(peak());
	expect(peak({ dtype: "f32", retainVersions: 2 }) - peak()).toBe(2 * 4 * 134_515_008);
	expect(peak(undefined, { recompute: true })).toBeLessThan(peak());
	expect(peak(undefined, { tokensPerMicroBatch: 4096 })).toBeGreaterThan(peak());
	const alone = estimateMemory(smollm, undefined, { dtype: "f32" }, learner, step);
	expect(alone.resident.reference).toBe(0);
	expect(peak() - alone.peak).toBe(4 * 134_515_008);
});

describe("the peak of a process that trains lies near what was foreseen", () => {
	// Large enough that the model, and not the program, is most of it.
	const config = { ...smollm, vocabSize: 16_384, numLayers: 8, maxPositions: 512 };
	const model = writeTinyModel(join(root, "model"), { config });

	test.each([
		["f32", 256, false, undefined],
		["bf16", 1024, false, undefined],
		["bf16", 1024, true, undefined],
		["bf16", 1024, false, { rank: 16, alpha: 32, targets: loraTargets, dropout: 0 }],
	] as const)("%s, micro-batches of %i, recompute %s, LoRA %o", async (...settings) => {
		const [dtype, tokensPerMicroBatch, recompute, lora] = settings;
		const sizes = { completions: 16, promptTokens: 64, maxTokens: 48 };
		const options = {
			model,
			reference: model,
			dtype,
			threads: 1,
			lora,
			learner: { tokensPerMicroBatch, recompute },
		};
		const { code, stdout, stderr } = await script(`
			import { LocalEngine } from ${JSON.stringify(built("engine/local/local-engine.ts"))};
			const engine = new LocalEngine(${JSON.stringify(options)});
			const prompts = [1, 2].map((k) => Int32Array.from({ length: 64 }, (_, i) => i * k));
			const requests = prompts.map((prompt, id) => ({ prompt, count: 8, id }));
			const done = await engine.sample(requests, { temperature: 1, maxTokens: 48, seed: 1, stopTokens: [] });
			const sequences = done.map(({ tokens }, i) => ({
				tokens: Int32Array.of(...prompts[i >> 3], ...tokens), promptLength: 64,
			}));
			await engine.evaluate(sequences, "reference");
			await engine.accumulate(sequences, (all) => all.map(({ logprobs }) => ({ logprobs: logprobs.fill(1) })));
			await engine.step({ learningRate: 1e-5, maxGradNorm: 1 });
			process.stdout.write(String(process.resourceUsage().maxRSS * 1024));
		`).ended;
		expect(stderr).toBe("");
		expect(code).toBe(0);
		const foreseen = estimateMemory(
			config,
			config,
			{ dtype, ...(lora === undefined ? {} : { lora: { config: lora, shared: true } }) },
			{ tokensPerMicroBatch, recompute },
			sizes,
		).peak;
		const ratio = Number(stdout) / foreseen;
		expect(ratio).toBeGreaterThan(0.75);
		expect(ratio).toBeLessThan(1.25);
	});
});
