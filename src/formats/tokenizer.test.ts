import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { fixturesDir } from "../testing/fixtures.ts";
import { tinyConfig } from "../testing/tiny-model.ts";
import { byteTokenizer, writeByteTokenizer } from "./byte-tokenizer.ts";
import { assertTokenizerFits, loadTokenizer } from "./tokenizer.ts";

const folder = mkdtempSync(join(tmpdir(), "thalia-tokenizer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Case {
	readonly text: string;
	readonly ids: number[];
	readonly ids_with_special: number[];
	readonly decoded: string;
	readonly decoded_skip_special: string;
}
interface TokenizerGolden {
	readonly eos_token_id: number;
	readonly cases: readonly Case[];
	readonly decode: readonly { ids: number[]; decoded: string }[];
}

describe.skipIf(fixturesDir === undefined)("as Hugging Face's tokenizers", () => {
	describe.each(["gpt2_like", "llama3_like", "qwen2_like", "smollm_like"])("%s", (kind) => {
		const dir = join(fixturesDir ?? "", "tokenizers", kind);
		const tokenizer = fixturesDir === undefined ? undefined : loadTokenizer(dir);
		const golden = (
			fixturesDir === undefined ? undefined : JSON.parse(readFileSync(join(dir, "golden.json"), "utf8"))
		) as TokenizerGolden;

		test("encodes", () => {
			for (const { text, ids, ids_with_special } of golden.cases) {
				expect(tokenizer!.encode(text)).toEqual(ids);
				expect(tokenizer!.encode(text, { addSpecialTokens: true })).toEqual(ids_with_special);
			}
		});

		test("decodes", () => {
			for (const { ids, decoded, decoded_skip_special } of golden.cases) {
				expect(tokenizer!.decode(ids)).toBe(decoded);
				expect(tokenizer!.decode(ids, { skipSpecialTokens: true })).toBe(decoded_skip_special);
			}
			for (const { ids, decoded } of golden.decode) expect(tokenizer!.decode(ids)).toBe(decoded);
		});

		test("knows the end of a sequence", () => {
			expect(tokenizer!.eosTokenId).toBe(golden.eos_token_id);
		});
	});
});

describe("the byte-level tokenizer", () => {
	writeByteTokenizer(folder);
	const tokenizer = loadTokenizer(folder);

	test("one token a byte, and back", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), (text) => {
				const ids = tokenizer.encode(text);
				expect(ids).toHaveLength(Buffer.byteLength(text));
				expect(tokenizer.decode(ids)).toBe(text);
			}),
		);
	});

	test("its special tokens are beyond the bytes", () => {
		expect(tokenizer).toMatchObject({
			vocabSize: byteTokenizer.vocabSize,
			eosTokenId: byteTokenizer.eosTokenId,
		});
		expect(tokenizer.decode([65, byteTokenizer.eosTokenId])).toMatch(/<\|endoftext\|>$/);
		expect(tokenizer.decode([65, byteTokenizer.eosTokenId], { skipSpecialTokens: true })).toHaveLength(1);
	});

	test("a model with fewer rows than it has ids is refused, one with more is not", () => {
		expect(() => assertTokenizerFits(tokenizer, { ...tinyConfig, vocabSize: 257 }, "m")).toThrow(
			expect.objectContaining({ code: "vocabulary-mismatch" }),
		);
		assertTokenizerFits(tokenizer, { ...tinyConfig, vocabSize: 300 }, "m");
	});
});

test.each([
	["no tokenizer.json", undefined, "tokenizer-missing"],
	["no JSON", "{", "tokenizer-invalid"],
	["no model in it", "{}", "tokenizer-invalid"],
])("refuses a folder with %s", (_, text, code) => {
	const dir = mkdtempSync(join(folder, "bad-"));
	if (text !== undefined) writeFileSync(join(dir, "tokenizer.json"), text);
	copyFileSync(join(folder, "tokenizer_config.json"), join(dir, "tokenizer_config.json"));
	expect(() => loadTokenizer(dir)).toThrow(expect.objectContaining({ code }));
});
