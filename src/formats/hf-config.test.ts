import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fixturesDir } from "../testing/fixtures.ts";
import { goldenModels, modelDir } from "../testing/golden.ts";
import { tinyConfig } from "../testing/tiny-model.ts";
import { parseDecoderConfig, readDecoderConfig, serializeDecoderConfig } from "./hf-config.ts";

const folder = mkdtempSync(join(tmpdir(), "thalia-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(fixturesDir === undefined)("transformers' own files", () => {
	test.each(goldenModels)(
		"%s: both spellings are the same model, and written again they still are",
		(name) => {
			const read = (file: string): unknown => JSON.parse(readFileSync(join(modelDir(name), file), "utf8"));
			const config = parseDecoderConfig(read("config.json"), name);
			expect(parseDecoderConfig(read("config_legacy.json"), name)).toEqual(config);
			expect(parseDecoderConfig(serializeDecoderConfig(config), name)).toEqual(config);
		},
	);
});

test("the end-of-sequence tokens of generation_config.json win", () => {
	writeFileSync(join(folder, "config.json"), JSON.stringify(serializeDecoderConfig(tinyConfig)));
	expect(readDecoderConfig(folder).eosTokenIds).toEqual(tinyConfig.eosTokenIds);
	writeFileSync(join(folder, "generation_config.json"), JSON.stringify({ eos_token_id: [1, 2] }));
	expect(readDecoderConfig(folder).eosTokenIds).toEqual([1, 2]);
});

describe("refuses", () => {
	const tiny = serializeDecoderConfig(tinyConfig);
	test.each<[string, object, string, string]>([
		["an unknown architecture", { model_type: "mamba" }, "config-unsupported", "model_type"],
		["another activation", { hidden_act: "gelu" }, "config-unsupported", "hidden_act"],
		["no layers", { num_hidden_layers: 0 }, "config-field", "num_hidden_layers"],
		["half a layer", { num_hidden_layers: 0.5 }, "config-field", "num_hidden_layers"],
		["a size in words", { hidden_size: "many" }, "config-field", "hidden_size"],
		["heads that do not divide", { num_key_value_heads: 3 }, "config-field", "num_key_value_heads"],
		["an odd head", { head_dim: 7 }, "config-field", "head_dim"],
		["a negative epsilon", { rms_norm_eps: -1 }, "config-field", "rms_norm_eps"],
		[
			"another rope",
			{ rope_parameters: { rope_type: "yarn", rope_theta: 1e4 } },
			"config-unsupported",
			"rope_type",
		],
		["a sliding window", { layer_types: ["sliding_attention"] }, "config-unsupported", "layer_types"],
		["a quantised dtype", { dtype: "int8" }, "config-unsupported", "dtype"],
		["a flag in words", { tie_word_embeddings: "yes" }, "config-field", "tie_word_embeddings"],
		["a token in words", { eos_token_id: "</s>" }, "config-field", "eos_token_id"],
	])("%s", (_, change, code, field) => {
		expect(() => parseDecoderConfig({ ...tiny, ...change }, "config.json")).toThrow(
			expect.objectContaining({ code, message: expect.stringContaining(field) as string }),
		);
	});

	test("a folder without config.json, and one whose config.json is not JSON", () => {
		const dir = mkdtempSync(join(folder, "none-"));
		expect(() => readDecoderConfig(dir)).toThrow(expect.objectContaining({ code: "config-missing" }));
		writeFileSync(join(dir, "config.json"), "{");
		expect(() => readDecoderConfig(dir)).toThrow(expect.objectContaining({ code: "config-field" }));
	});
});
