import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ggufDecoderConfig } from "../src/formats/gguf/gguf-config.ts";
import { GgufFile } from "../src/formats/gguf/gguf-file.ts";
import { readDecoderConfig } from "../src/formats/hf-config.ts";
import { fixturesDir } from "../src/testing/fixtures.ts";
import { writeLlamaGguf } from "./llama-gguf.ts";
import { writeModelFolder } from "./model-folder.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-llama-gguf-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.skipIf(fixturesDir === undefined)("as llama.cpp's converter writes it", () => {
	test("every tensor of a Llama, to the bit", () => {
		const from = join(fixturesDir!, "models/llama_tied");
		for (const name of ["config.json", "model.safetensors"]) copyFileSync(join(from, name), join(root, name));
		const got = GgufFile.open(writeLlamaGguf(root));
		const want = GgufFile.open(join(fixturesDir!, "gguf/llama_tied.F32.gguf"));
		expect([...got.tensors.keys()].sort()).toEqual([...want.tensors.keys()].sort());
		for (const [name, { type, shape }] of want.tensors) {
			expect(got.tensors.get(name), name).toMatchObject({ type, shape });
			expect(got.read(name), name).toEqual(want.read(name));
		}
		got.close();
		want.close();
	});
});

test.each(["f32", "bf16"] as const)(
	"a benchmark's model in %s keeps its configuration and its type",
	(dtype) => {
		const dir = writeModelFolder(join(root, dtype), "toy", dtype);
		const file = GgufFile.open(writeLlamaGguf(dir));
		expect(ggufDecoderConfig(file)).toEqual({ ...readDecoderConfig(dir), dtype: "f32" });
		expect(file.tensors.get("blk.1.ffn_up.weight")!.type).toBe(dtype.toUpperCase());
		expect(file.tensors.get("output_norm.weight")!.type).toBe("F32");
		file.close();
	},
);
