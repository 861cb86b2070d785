import { describe, expect, test } from "vitest";
import { fixturesDir } from "../../testing/fixtures.ts";
import { Golden, goldenModels, modelDir, worst } from "../../testing/golden.ts";
import { Scorer } from "./scorer.ts";

const tolerance = { rtol: 1e-4, atol: 1e-5 };
const looser = { rtol: 1e-4, atol: 5e-5 };

describe.skipIf(fixturesDir === undefined).each(goldenModels)("%s", (name) => {
	const golden = new Golden(name);
	const [B, T] = golden.shape("right.input_ids");
	const ids = golden.ints("right.input_ids");
	const mask = golden.ints("right.attention_mask");
	const rows = Array.from({ length: B }, (_, b) => {
		const length = mask.slice(b * T, (b + 1) * T).reduce((sum, m) => sum + m, 0);
		return { b, tokens: ids.slice(b * T, b * T + length) };
	});
	const own = (values: Float32Array, b: number, length: number) => values.slice(b * T, b * T + length);

	test("log-probs, entropies and both divergences, alone and unpadded", () => {
		const scorer = new Scorer({
			model: modelDir(name),
			reference: `${modelDir(name)}/checkpoint_b`,
			dtype: "f32",
		});
		for (const { b, tokens } of rows) {
			const score = scorer.score(tokens);
			const n = tokens.length;
			expect(score.logprobs[0]).toBeNull();
			const want = own(golden.floats("right.logprobs"), b, n - 1);
			expect(worst(score.logprobs.slice(1) as number[], want, tolerance)).toBeLessThan(1);
			expect(worst(score.entropy, own(golden.floats("right.entropy"), b, n), looser)).toBeLessThan(1);
			expect(worst(score.kl!, own(golden.floats("right.kl_a_b"), b, n), looser)).toBeLessThan(1);
			expect(worst(score.klReverse!, own(golden.floats("right.kl_b_a"), b, n), looser)).toBeLessThan(1);
		}
		scorer.dispose();
	});

	test("with a LoRA adapter", () => {
		const scorer = new Scorer({ model: modelDir(name), lora: `${modelDir(name)}/lora`, dtype: "f32" });
		for (const { b, tokens } of rows) {
			const want = own(golden.floats("lora.logprobs"), b, tokens.length - 1);
			expect(worst(scorer.score(tokens).logprobs.slice(1) as number[], want, tolerance)).toBeLessThan(1);
		}
		scorer.dispose();
	});
});

test.skipIf(fixturesDir === undefined)("refuses an adapter of another model, and tokens out of range", () => {
	expect(
		() => new Scorer({ model: modelDir("llama_tied"), lora: `${modelDir("qwen3")}/lora`, dtype: "f32" }),
	).toThrow(expect.objectContaining({ code: "adapter-mismatch" }));
	const scorer = new Scorer({ model: modelDir("llama_tied"), dtype: "f32" });
	expect(() => scorer.score([1, 258])).toThrow(expect.objectContaining({ code: "token-range" }));
	expect(() => scorer.score([])).toThrow(expect.objectContaining({ code: "empty-sequence" }));
	scorer.dispose();
});
