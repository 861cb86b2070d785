import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fixturesDir } from "../../testing/fixtures.ts";
import { loadTokenizer } from "../tokenizer.ts";
import { GgufFile } from "./gguf-file.ts";
import { ggufTokenizer } from "./gguf-tokenizer.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-gguf-tokenizer-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Golden {
	readonly eos_token_id: number;
	readonly cases: readonly {
		readonly text: string;
		readonly ids: number[];
		readonly ids_with_special: number[];
		readonly decoded: string;
		readonly decoded_skip_special: string;
	}[];
	readonly decode: readonly { ids: number[]; decoded: string }[];
	readonly chat?: readonly { messages: never[]; add_generation_prompt: boolean; text: string }[];
}

const kinds = ["gpt2_like", "llama3_like", "qwen2_like", "smollm_like"];

describe.skipIf(fixturesDir === undefined).each(kinds)(
	"%s: the tokenizer in a GGUF file is the original's",
	(kind) => {
		const source = join(fixturesDir ?? "", "tokenizers", kind);
		const tokenizer = fixturesDir === undefined ? undefined : open(join(source, "vocab.gguf"));
		const golden = (
			fixturesDir === undefined ? undefined : JSON.parse(readFileSync(join(source, "golden.json"), "utf8"))
		) as Golden;

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

		test("ends, and writes conversations", () => {
			expect(tokenizer!.eosTokenId).toBe(golden.eos_token_id);
			for (const { messages, add_generation_prompt: addGenerationPrompt, text } of golden.chat ?? [])
				expect(tokenizer!.chatTemplate!.render(messages, { addGenerationPrompt })).toBe(text);
		});
	},
);

function open(path: string) {
	const file = GgufFile.open(path);
	const dir = mkdtempSync(join(root, "t-"));
	for (const [name, content] of Object.entries(ggufTokenizer(file)))
		writeFileSync(join(dir, name), typeof content === "string" ? content : JSON.stringify(content));
	file.close();
	return loadTokenizer(dir);
}
