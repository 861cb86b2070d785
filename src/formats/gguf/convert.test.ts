import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { evaluateSequences } from "../../engine/local/learner.ts";
import { openDecoder } from "../../engine/local/open-decoder.ts";
import { inverseFrequencies } from "../../engine/local/rope.ts";
import { fixturesDir } from "../../testing/fixtures.ts";
import { type GgufField, type GgufTensorToWrite, writeGguf } from "../../testing/gguf.ts";
import { tolerances, worst } from "../../testing/golden.ts";
import { tinyConfig } from "../../testing/tiny-model.ts";
import { Checkpoint } from "../checkpoint.ts";
import { readDecoderConfig } from "../hf-config.ts";
import { SafetensorsFile } from "../safetensors.ts";
import { loadTokenizer } from "../tokenizer.ts";
import { convertGguf } from "./convert.ts";
import { llama3Divisors } from "./gguf-config.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-gguf-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let made = 0;
const newFolder = () => join(root, `model-${made++}`);

describe.skipIf(fixturesDir === undefined)("as transformers reads the same file", () => {
	const dir = join(fixturesDir ?? "", "gguf");
	const golden =
		fixturesDir === undefined ? undefined : SafetensorsFile.open(join(dir, "golden.safetensors"));
	const floats = (name: string) => new Float32Array(golden!.read(name).buffer);
	const ints = (name: string) => [...new BigInt64Array(golden!.read(name).buffer)].map(Number);

	function convert(type: string): string {
		const model = newFolder();
		convertGguf(join(dir, `llama_tied.${type}.gguf`), model);
		return model;
	}

	test.each(["F32", "Q8_0", "Q4_1"])("%s: weights to the bit, and log-probs", (type) => {
		const model = convert(type);
		const checkpoint = Checkpoint.open(model);
		for (const name of golden!.entries.keys()) {
			const prefix = `${type}.weight.`;
			if (!name.startsWith(prefix)) continue;
			const want = golden!.read(name);
			expect(checkpoint.read(name.slice(prefix.length)).subarray(0, want.length)).toEqual(want);
		}
		checkpoint.close();

		const [B, T] = golden!.entries.get("right.input_ids")!.shape;
		const [ids, mask, targets] = ["input_ids", "attention_mask", "targets"].map((name) =>
			ints(`right.${name}`),
		);
		const rows = Array.from({ length: B }, (_, b) => {
			const length = mask.slice(b * T, (b + 1) * T).reduce((sum, m) => sum + m, 0);
			const own = ids.slice(b * T, b * T + length);
			return { tokens: Int32Array.from([...own, targets[b * T + length - 1]]), promptLength: 1 };
		});
		const outputs = evaluateSequences(openDecoder(model, readDecoderConfig(model), "f32"), rows, 64);
		const got = new Float64Array(B * T);
		outputs.forEach(({ logprobs }, b) => got.set(Array.from(logprobs), b * T));
		expect(worst(got, floats(`${type}.logprobs`), tolerances().logprobs)).toBeLessThan(1);
	});

	test("F32 is the checkpoint that it was made from", () => {
		const [got, want] = [Checkpoint.open(convert("F32")), Checkpoint.open(join(dir, "../models/llama_tied"))];
		expect([...got.entries.keys()].sort()).toEqual([...want.entries.keys()].sort());
		for (const name of want.entries.keys()) expect(got.read(name), name).toEqual(want.read(name));
		const { padTokenId: _, ...config } = readDecoderConfig(want.dir);
		expect(readDecoderConfig(got.dir)).toMatchObject(config);
		got.close();
		want.close();
	});
});

/** A Qwen3 of one layer, small enough to write out. */
const field = {
	"general.architecture": { text: "qwen3" },
	"qwen3.embedding_length": { u32: 4 },
	"qwen3.feed_forward_length": { u32: 2 },
	"qwen3.block_count": { u32: 1 },
	"qwen3.context_length": { u32: 64 },
	"qwen3.attention.head_count": { u32: 2 },
	"qwen3.attention.head_count_kv": { u32: 1 },
	"qwen3.attention.key_length": { u32: 4 },
	"qwen3.attention.layer_norm_rms_epsilon": { f32: 1e-6 },
	"qwen3.rope.freq_base": { f32: 1e6 },
	"tokenizer.ggml.model": { text: "gpt2" },
	"tokenizer.ggml.pre": { text: "qwen2" },
	"tokenizer.ggml.tokens": { texts: ["a", "b", "<|end|>"] },
	"tokenizer.ggml.token_type": { i32s: [1, 1, 3] },
	"tokenizer.ggml.merges": { texts: [] },
	"tokenizer.ggml.eos_token_id": { u32: 2 },
} satisfies Record<string, GgufField>;

const shapes: Record<string, number[]> = {
	"token_embd.weight": [3, 4],
	"output_norm.weight": [4],
	"output.weight": [3, 4],
	"blk.0.attn_norm.weight": [4],
	"blk.0.attn_q.weight": [8, 4],
	"blk.0.attn_k.weight": [4, 4],
	"blk.0.attn_v.weight": [4, 4],
	"blk.0.attn_q_norm.weight": [4],
	"blk.0.attn_k_norm.weight": [4],
	"blk.0.attn_output.weight": [4, 8],
	"blk.0.ffn_norm.weight": [4],
	"blk.0.ffn_gate.weight": [2, 4],
	"blk.0.ffn_up.weight": [2, 4],
	"blk.0.ffn_down.weight": [4, 2],
};

const tensors = Object.entries(shapes).map(([name, shape], t): GgufTensorToWrite => {
	const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => t + i / 100);
	return { name, shape, bytes: new Uint8Array(values.buffer) };
});

interface Change {
	readonly metadata?: Record<string, GgufField>;
	readonly without?: string;
	readonly tensors?: readonly GgufTensorToWrite[];
}

function write({ metadata = {}, without, tensors: own = tensors }: Change = {}): string {
	const path = join(root, "x.gguf");
	const fields: Record<string, GgufField> = { ...field, ...metadata };
	writeGguf(path, Object.fromEntries(Object.entries(fields).filter(([key]) => key !== without)), own);
	return path;
}

function converted(change: Change = {}): string {
	const dir = newFolder();
	convertGguf(write(change), dir);
	return dir;
}

describe("a Qwen3 file", () => {
	test("keeps the rows of queries and keys, has norms of them, and an output of its own", () => {
		const dir = converted();
		expect(readDecoderConfig(dir)).toMatchObject({
			architecture: "qwen3",
			headDim: 4,
			numKvHeads: 1,
			qkNorm: true,
			qkvBias: false,
			tieWordEmbeddings: false,
			rmsNormEps: 1e-6,
			ropeTheta: 1e6,
			eosTokenIds: [2],
			bosTokenId: null,
		});
		const checkpoint = Checkpoint.open(dir);
		const q = tensors.find(({ name }) => name === "blk.0.attn_q.weight")!;
		expect(checkpoint.read("model.layers.0.self_attn.q_proj.weight")).toEqual(q.bytes);
		checkpoint.close();
		expect(() => openDecoder(dir, readDecoderConfig(dir), "f32")).not.toThrow();
		expect(loadTokenizer(dir).encode("ab<|end|>")).toEqual([0, 1, 2]);
	});

	test("16-bit tensors stay what they are", () => {
		const halves = tensors.map((tensor) => {
			const type = tensor.name.includes("ffn_up") ? 1 : tensor.name.includes("ffn_down") ? 30 : 0;
			return {
				...tensor,
				type,
				bytes: type === 0 ? tensor.bytes : tensor.bytes.subarray(0, tensor.bytes.length / 2),
			};
		});
		const checkpoint = Checkpoint.open(converted({ tensors: halves }));
		expect(checkpoint.entries.get("model.layers.0.mlp.up_proj.weight")!.dtype).toBe("F16");
		expect(checkpoint.entries.get("model.layers.0.mlp.down_proj.weight")!.dtype).toBe("BF16");
		checkpoint.close();
	});
});

describe("Llama 3's rotary scaling", () => {
	const scaling = { factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 8192 };
	// A second frequency slow enough to be divided by the whole factor.
	const rope = { ropeTheta: 1e10, headDim: 4 };
	const withDivisors = (divisors: readonly number[]): Change => ({
		metadata: { "qwen3.rope.freq_base": { f32: rope.ropeTheta } },
		tensors: [
			...tensors,
			{
				name: "rope_freqs.weight",
				shape: [divisors.length],
				bytes: new Uint8Array(Float32Array.from(divisors).buffer),
			},
		],
	});

	test("is found again from what the frequencies are divided by", () => {
		const dir = converted(withDivisors(llama3Divisors(scaling, rope)));
		expect(readDecoderConfig(dir).ropeScaling).toEqual(scaling);
		expect(readDecoderConfig(converted(withDivisors([1, 1]))).ropeScaling).toBeNull();
	});

	test("divides as the engine does", () => {
		const llama = { ...tinyConfig, ropeTheta: 5e5, headDim: 64 };
		const [plain, scaled] = [null, scaling].map((ropeScaling) =>
			inverseFrequencies({ ...llama, ropeScaling }),
		);
		llama3Divisors(scaling, llama).forEach((divisor, i) =>
			expect(plain[i] / divisor).toBeCloseTo(scaled[i], 12),
		);
	});

	test("of another kind is refused", () => {
		expect(() => converted(withDivisors([2, 32]))).toThrow(
			expect.objectContaining({ code: "gguf-unsupported" }),
		);
	});
});

describe("refuses", () => {
	test.each<[string, Change, string]>([
		["another architecture", { metadata: { "general.architecture": { text: "gemma" } } }, "gguf-unsupported"],
		["experts", { metadata: { "qwen3.expert_count": { u32: 8 } } }, "gguf-unsupported"],
		["a sliding window", { metadata: { "qwen3.attention.sliding_window": { u32: 8 } } }, "gguf-unsupported"],
		["scaled positions", { metadata: { "qwen3.rope.scaling.type": { text: "yarn" } } }, "gguf-unsupported"],
		["heads turned in part", { metadata: { "qwen3.rope.dimension_count": { u32: 2 } } }, "gguf-unsupported"],
		["one of several files", { metadata: { "split.count": { u32: 3 } } }, "gguf-unsupported"],
		[
			"a SentencePiece tokenizer",
			{ metadata: { "tokenizer.ggml.model": { text: "llama" } } },
			"gguf-unsupported",
		],
		[
			"an unknown way of splitting",
			{ metadata: { "tokenizer.ggml.pre": { text: "tekken" } } },
			"gguf-unsupported",
		],
		["a missing size", { without: "qwen3.block_count" }, "gguf-header"],
		["a text for a size", { metadata: { "qwen3.block_count": { text: "1" } } }, "gguf-header"],
		["no tokens", { without: "tokenizer.ggml.tokens" }, "gguf-header"],
		["an end beyond the tokens", { metadata: { "tokenizer.ggml.eos_token_id": { u32: 9 } } }, "gguf-header"],
		["no embedding", { tensors: tensors.slice(1) }, "gguf-unsupported"],
		[
			"a tensor of another model",
			{ tensors: [...tensors, { name: "blk.0.ssm_a", shape: [1], bytes: new Uint8Array(4) }] },
			"gguf-unsupported",
		],
		["an unknown quantisation", { tensors: [{ ...tensors[0], type: 16 }] }, "gguf-unsupported"],
		["rows of half a block", { tensors: [{ ...tensors[0], type: 8 }] }, "gguf-header"],
		["an overlap", { tensors: [tensors[0], { ...tensors[1], offset: 0 }] }, "gguf-header"],
		["data beyond the end", { tensors: [{ ...tensors[0], offset: 1e6 }] }, "gguf-truncated"],
	])("%s", (_, change, code) => {
		const dir = newFolder();
		const path = write(change);
		expect(() => convertGguf(path, dir)).toThrow(expect.objectContaining({ code }));
		expect(existsSync(dir)).toBe(false);
	});

	test.each<[string, () => string, string]>([
		["no file", () => join(root, "none.gguf"), "gguf-missing"],
		["an empty file", () => file(Buffer.alloc(0)), "gguf-header"],
		["another format", () => file(Buffer.alloc(64, "x")), "gguf-header"],
		[
			"an old version",
			() => file(Buffer.concat([Buffer.from("GGUF"), Buffer.of(1), Buffer.alloc(59)])),
			"gguf-unsupported",
		],
		[
			"a big-endian file",
			() => file(Buffer.concat([Buffer.from("GGUF"), Buffer.of(0, 0, 0, 3), Buffer.alloc(56)])),
			"gguf-unsupported",
		],
		[
			"absurd counts",
			() => file(Buffer.concat([Buffer.from("GGUF"), Buffer.of(3, 0, 0, 0), Buffer.alloc(56, 255)])),
			"gguf-header",
		],
	])("%s", (_, make, code) => {
		expect(() => convertGguf(make(), newFolder())).toThrow(expect.objectContaining({ code }));
	});

	test("a folder that has something in it", () => {
		const dir = newFolder();
		mkdirSync(dir);
		writeFileSync(join(dir, "mine"), "");
		expect(() => convertGguf(write(), dir)).toThrow(expect.objectContaining({ code: "folder-not-empty" }));
	});

	function file(bytes: Buffer): string {
		const path = join(root, "bad.gguf");
		writeFileSync(path, bytes);
		return path;
	}
});

test("a file cut off anywhere in its header, or with any byte of it changed, is an error of ours or a model", () => {
	const whole = readFileSync(write());
	for (let at = 0; at < 600; at += 7) {
		const changed = Buffer.from(whole);
		changed[at] ^= 0x55;
		for (const bytes of [whole.subarray(0, at), changed]) {
			writeFileSync(join(root, "fuzzed.gguf"), bytes);
			try {
				convertGguf(join(root, "fuzzed.gguf"), newFolder());
			} catch (error) {
				expect(error).toMatchObject({ name: "ThaliaError" });
			}
		}
	}
});
