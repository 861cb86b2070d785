import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type DecoderConfig, serializeDecoderConfig } from "../../formats/hf-config.ts";
import { type TensorToWrite, writeSafetensors } from "../../formats/safetensors.ts";
import { built, script } from "../../testing/child.ts";
import { tinyConfig } from "../../testing/tiny-model.ts";
import { parameterSpecs } from "./parameters.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-loading-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** 51 million parameters, a third of them the embedding. THALIA_LOADING_LAYERS makes it larger, for a measurement by hand. */
const config: DecoderConfig = {
	...tinyConfig,
	vocabSize: 32_000,
	hiddenSize: 512,
	intermediateSize: 2048,
	numLayers: Number(process.env["THALIA_LOADING_LAYERS"] ?? 8),
	numHeads: 8,
	numKvHeads: 8,
	headDim: 64,
};

function writeModel(dtype: "f32" | "bf16", shards: number): { dir: string; parameters: number } {
	const dir = join(root, `${dtype}-${shards}`);
	mkdirSync(dir);
	const size = dtype === "f32" ? 4 : 2;
	const tensors = parameterSpecs(config).flatMap(({ shape, parts }) =>
		parts.map((part): TensorToWrite => {
			const own = [part.rows, ...shape.slice(1)];
			const count = own.reduce((a, b) => a * b, 1);
			// Bytes below 0x3f make small numbers of either type.
			const data = () =>
				Buffer.alloc(count * size, Buffer.from(Array.from({ length: 4099 }, (_, i) => (i * i) % 63)));
			return { name: part.name, dtype: dtype === "f32" ? "F32" : "BF16", shape: own, data };
		}),
	);
	writeFileSync(join(dir, "config.json"), JSON.stringify(serializeDecoderConfig({ ...config, dtype })));
	if (shards === 1) {
		writeSafetensors(join(dir, "model.safetensors"), tensors);
	} else {
		const names = Array.from({ length: shards }, (_, i) => `model-${i + 1}.safetensors`);
		const weightMap = Object.fromEntries(tensors.map(({ name }, i) => [name, names[i % shards]]));
		for (const shard of names)
			writeSafetensors(
				join(dir, shard),
				tensors.filter(({ name }) => weightMap[name] === shard),
			);
		writeFileSync(join(dir, "model.safetensors.index.json"), JSON.stringify({ weight_map: weightMap }));
	}
	const parameters = tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
	return { dir, parameters };
}

// The peak of a process is Linux's to tell.
describe.skipIf(process.platform !== "linux")("peak memory of loading", () => {
	test.each([
		["f32", 1],
		["f32", 3],
		["bf16", 1],
		["bf16", 3],
	] as const)("%s, %d files: at most 1.2 times the weights", async (dtype, shards) => {
		const { dir, parameters } = writeModel(dtype, shards);
		const { stdout, stderr } = await script(`
			import { readFileSync } from "node:fs";
			import { openDecoder } from ${JSON.stringify(built("engine/local/open-decoder.ts"))};
			import { Tensor } from ${JSON.stringify(built("engine/local/tensor.ts"))};
			import { readDecoderConfig } from ${JSON.stringify(built("formats/hf-config.ts"))};
			const peak = () => 1024 * Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
			// What the program itself takes, its first computation included.
			Tensor.zeros([64, 64], ${JSON.stringify(dtype)}).mul_(2).dispose();
			const before = peak();
			openDecoder(${JSON.stringify(dir)}, readDecoderConfig(${JSON.stringify(dir)}), ${JSON.stringify(dtype)});
			console.log(peak() - before);
		`).ended;
		rmSync(dir, { recursive: true });
		expect(stderr).toBe("");
		const ratio = Number(stdout) / (parameters * (dtype === "f32" ? 4 : 2));
		if (process.env["THALIA_LOADING_LAYERS"] !== undefined)
			console.log(
				`${dtype}, ${shards} files: ${(Number(stdout) / 1e6).toFixed(0)} MB, ${ratio.toFixed(3)} times the weights`,
			);
		// Below 1 it would not have loaded them.
		expect(ratio).toBeGreaterThan(0.9);
		expect(ratio).toBeLessThan(1.2);
	});
});
