import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decode } from "../engine/local/decode.ts";
import { evaluateSequences } from "../engine/local/learner.ts";
import { openDecoder } from "../engine/local/open-decoder.ts";
import type { ChatMessage } from "../formats/chat-template.ts";
import { readDecoderConfig } from "../formats/hf-config.ts";
import { loadTokenizer } from "../formats/tokenizer.ts";
import { worst } from "../testing/golden.ts";
import { realModel } from "../testing/real-model.ts";
import { inspectModel } from "./inspect-model.ts";

interface Golden {
	readonly texts: readonly { text: string; ids: number[]; decoded: string; logprobs: number[] }[];
	readonly chats: readonly { messages: ChatMessage[]; text: string }[];
	readonly greedy: readonly { prompt: number[]; tokens: number[] }[];
}

const golden = JSON.parse(readFileSync(new URL("smollm2.golden.json", import.meta.url), "utf8")) as Golden;
const model = await realModel();

// A model that people use, against transformers (smollm2.golden.py says how).
describe.skipIf(model === undefined)("SmolLM2-135M-Instruct", () => {
	const tokenizer = model === undefined ? undefined : loadTokenizer(model);
	let decoder: ReturnType<typeof openDecoder> | undefined;
	const opened = () => (decoder ??= openDecoder(model!, readDecoderConfig(model!), "f32"));

	test("is what it should be", () => {
		expect(inspectModel(model!, { weights: true })).toMatchObject({
			config: { architecture: "llama", numLayers: 30, tieWordEmbeddings: true, eosTokenIds: [2] },
			parameters: 134_515_008,
			tokenizer: { vocabSize: 49_152, eosTokenId: 2 },
			chatTemplate: true,
			notFinite: [],
		});
	});

	test("token ids, and back", () => {
		for (const { text, ids, decoded } of golden.texts) {
			expect(tokenizer!.encode(text)).toEqual(ids);
			expect(tokenizer!.decode(ids)).toBe(decoded);
		}
	});

	test("conversations", () => {
		for (const { messages, text } of golden.chats)
			expect(tokenizer!.chatTemplate!.render(messages, { addGenerationPrompt: true })).toBe(text);
	});

	test("log-probs", () => {
		const rows = golden.texts.map(({ ids }) => ({ tokens: Int32Array.from(ids), promptLength: 1 }));
		const outputs = evaluateSequences(opened(), rows, 256);
		golden.texts.forEach(({ logprobs, text }, i) => {
			// The peer sums in another order over 576 to 1536 columns, thirty times.
			const tolerance = { rtol: 1e-4, atol: 1e-4 };
			expect(worst(outputs[i].logprobs, logprobs, tolerance), text).toBeLessThan(1);
		});
	});

	test("greedy continuations; the capital of France is Paris", () => {
		const requests = golden.greedy.map(({ prompt }, id) => ({
			prompt: Int32Array.from(prompt),
			count: 1,
			id,
		}));
		const sampling = { temperature: 0, maxTokens: golden.greedy[0].tokens.length, seed: 0, stopTokens: [] };
		const completions = decode(opened(), requests, sampling, 0);
		expect(completions.map(({ tokens }) => [...tokens])).toEqual(golden.greedy.map(({ tokens }) => tokens));
		expect(tokenizer!.decode(completions[0].tokens)).toContain("Paris");
	});
});
