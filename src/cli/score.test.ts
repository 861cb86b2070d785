import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { answersOf, refusalOf } from "../testing/command.ts";
import { fixturesDir } from "../testing/fixtures.ts";
import { Golden, goldenModels, modelDir, tolerances, worst } from "../testing/golden.ts";
import { tinyConfig, writeTinyModel } from "../testing/tiny-model.ts";
import { writeTinyPolicy } from "../testing/tiny-run.ts";

interface Answer {
	readonly tokens: number[];
	readonly logprobs: (number | null)[];
	readonly entropy: number[];
	readonly kl?: number[];
	readonly kl_reverse?: number[];
}

const root = mkdtempSync(join(tmpdir(), "thalia-score-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The golden sequences, each with the token that its last position is scored for. */
function goldenRows(golden: Golden) {
	const [B, T] = golden.shape("right.input_ids");
	const [ids, mask, targets] = ["input_ids", "attention_mask", "targets"].map((name) =>
		golden.ints(`right.${name}`),
	);
	return Array.from({ length: B }, (_, b) => {
		const length = mask.slice(b * T, (b + 1) * T).reduce((sum, m) => sum + m, 0);
		const tokens = [...ids.slice(b * T, b * T + length), targets[b * T + length - 1]];
		const own = (name: string) => golden.floats(name).slice(b * T, b * T + length);
		return { tokens, length, own };
	});
}

describe.skipIf(fixturesDir === undefined).each(goldenModels)("%s as transformers has it", (name) => {
	const golden = new Golden(name);
	const rows = goldenRows(golden);
	const lines = rows.map(({ tokens }) => ({ tokens }));

	test("log-probs, entropies, both divergences", async () => {
		const reference = join(modelDir(name), "checkpoint_b");
		const answers = await answersOf<Answer>(
			["score", "--model", modelDir(name), "--reference", reference],
			lines,
		);
		expect(answers).toHaveLength(rows.length);
		const { logprobs, entropy_kl: looser } = tolerances();
		answers.forEach((answer, b) => {
			const { tokens, length, own } = rows[b];
			expect(Object.keys(answer)).toEqual(["tokens", "logprobs", "entropy", "kl", "kl_reverse"]);
			expect(answer.tokens).toEqual(tokens);
			expect(answer.logprobs[0]).toBeNull();
			expect(worst(answer.logprobs.slice(1) as number[], own("right.logprobs"), logprobs)).toBeLessThan(1);
			expect(answer.entropy).toHaveLength(tokens.length);
			expect(worst(answer.entropy.slice(0, length), own("right.entropy"), looser)).toBeLessThan(1);
			expect(worst(answer.kl!.slice(0, length), own("right.kl_a_b"), looser)).toBeLessThan(1);
			expect(worst(answer.kl_reverse!.slice(0, length), own("right.kl_b_a"), looser)).toBeLessThan(1);
		});
	});

	test("with an adapter, and config.json in the older spelling", async () => {
		const legacy = mkdtempSync(join(root, "legacy-"));
		for (const file of readdirSync(modelDir(name)).filter((file) => /^model.*(safetensors|json)$/.test(file)))
			copyFileSync(join(modelDir(name), file), join(legacy, file));
		copyFileSync(join(modelDir(name), "config_legacy.json"), join(legacy, "config.json"));
		const lora = join(modelDir(name), "lora");
		const answers = await answersOf<Answer>(["score", "--model", legacy, "--lora", lora], lines);
		answers.forEach((answer, b) => {
			const want = rows[b].own("lora.logprobs");
			expect(worst(answer.logprobs.slice(1) as number[], want, tolerances().logprobs)).toBeLessThan(1);
			expect(Object.keys(answer)).toEqual(["tokens", "logprobs", "entropy"]);
		});
	});
});

test.skipIf(fixturesDir === undefined)("text is tokenised as the model's tokenizer does", async () => {
	const cases = (new Golden("qwen2").json.tokenizer as { text: string; ids_with_special: number[] }[])
		.filter(({ text }) => text !== "")
		.map(({ text, ids_with_special: ids }) => ({ text, ids }));
	const answers = await answersOf<Answer>(
		["score", "--model", modelDir("qwen2")],
		cases.map(({ text }) => ({ text })),
	);
	expect(answers.map(({ tokens }) => tokens)).toEqual(cases.map(({ ids }) => ids));
});

test.skipIf(fixturesDir === undefined)("bf16 weights stay near transformers' bf16", async () => {
	const name = "llama3_sharded_bf16";
	const rows = goldenRows(new Golden(name));
	const args = ["score", "--model", modelDir(name), "--dtype", "bf16", "--threads", "1"];
	const answers = await answersOf<Answer>(
		args,
		rows.map(({ tokens }) => ({ tokens })),
	);
	answers.forEach(({ logprobs }, b) => {
		const want = rows[b].own("bf16.logprobs");
		const got = logprobs.slice(1) as number[];
		expect(worst(got, want, { rtol: 0, atol: tolerances().bf16_logits.atol })).toBeLessThan(1);
		// bf16 was computed in, and not f32 all the same.
		expect(worst(got, rows[b].own("right.logprobs"), { rtol: 0, atol: 1e-4 })).toBeGreaterThan(1);
	});
});

test("a model against itself has no divergence", async () => {
	const model = writeTinyModel(join(root, "itself"));
	const args = ["score", "--model", model, "--reference", model];
	const [answer] = await answersOf<Answer>(args, [{ tokens: [1, 2, 3] }]);
	for (const divergence of [...answer.kl!, ...answer.kl_reverse!])
		expect(Math.abs(divergence)).toBeLessThan(1e-5);
});

test("what is no number is called so, and not null", async () => {
	const spoilt = writeTinyModel(join(root, "spoilt"), { scale: Number.NaN });
	const [answer] = await answersOf<Answer>(["score", "--model", spoilt], [{ tokens: [1, 2] }]);
	expect(answer).toEqual({ tokens: [1, 2], logprobs: [null, "NaN"], entropy: ["NaN", "NaN"] });
});

describe.concurrent("a line is refused by its number, before any line is scored", () => {
	const model = writeTinyPolicy(join(root, "lines"));
	test.for<[string, string]>([
		["{tokens", "Expected JSON: "],
		['{"text":""}', "Expected at least one token but received none"],
		['{"tokens":[0,258]}', "Expected tokens from 0 to 257 for scoring but received 258"],
		['{"tokens":[4294967296]}', "Expected tokens from 0 to 257 for scoring but received 4294967296"],
		[
			JSON.stringify({ tokens: Array(129).fill(1) }),
			"Expected at most 128 tokens for scoring but received 129",
		],
	])("%#", async ([line, message], { expect }) => {
		const said = await refusalOf(["score", "--model", model], `{"tokens":[1,2]}\n${line}\n{"tokens":[3]}\n`);
		expect(said).toContain(`thalia: standard input, line 2: ${message}`);
		expect(said).toContain('thalia: fix: a line is {"tokens":[1,2,3]} or {"text":"..."}\n');
	});
});

describe.concurrent("a model folder is refused", () => {
	/** A good folder, of which `spoil` makes a bad one. */
	const model = (spoil: (dir: string, weights: Buffer, config: Record<string, unknown>) => void) => {
		const dir = writeTinyPolicy(mkdtempSync(join(root, "model-")));
		const config = JSON.parse(readFileSync(join(dir, "config.json"), "utf8")) as Record<string, unknown>;
		spoil(dir, readFileSync(join(dir, "model.safetensors")), config);
		return dir;
	};
	const weights = (change: (bytes: Buffer) => Buffer) =>
		model((dir, bytes) => writeFileSync(join(dir, "model.safetensors"), change(bytes)));
	const header = (change: (header: Record<string, { shape: number[]; data_offsets: number[] }>) => void) =>
		weights((bytes) => {
			const length = Number(bytes.readBigUInt64LE());
			const json = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Parameters<typeof change>[0];
			change(json);
			const text = Buffer.from(JSON.stringify(json));
			const prefix = Buffer.alloc(8);
			prefix.writeBigUInt64LE(BigInt(text.length));
			return Buffer.concat([prefix, text, bytes.subarray(8 + length)]);
		});
	const config = (changes: Record<string, unknown>) =>
		model((dir, _, json) => writeFileSync(join(dir, "config.json"), JSON.stringify({ ...json, ...changes })));
	const sharded = (index: unknown) =>
		model((dir, bytes) => {
			rmSync(join(dir, "model.safetensors"));
			writeFileSync(join(dir, "1.safetensors"), bytes);
			writeFileSync(join(dir, "model.safetensors.index.json"), JSON.stringify(index));
		});
	const norm = "model.norm.weight";

	test.for<[string, () => string, string, string?]>([
		[
			"that is nowhere",
			() => join(root, "nowhere"),
			'nowhere" but there is no such folder',
			"Hugging Face layout",
		],
		[
			"without weights",
			() => model((dir) => rmSync(join(dir, "model.safetensors"))),
			"Expected model.safetensors or model.safetensors.index.json in ",
			"Hugging Face layout",
		],
		[
			"with truncated weights",
			() => weights((bytes) => bytes.subarray(0, -5)),
			"model.safetensors: expected ",
			"fetch or copy the file again",
		],
		[
			"whose header claims to be longer than the file",
			() =>
				weights((bytes) => {
					bytes.writeBigUInt64LE(90_000_000n);
					return bytes;
				}),
			"model.safetensors: expected a header of 90000000 bytes but the file has ",
			"fetch or copy the file again",
		],
		[
			"whose header claims another size than the tensor's",
			() => header((tensors) => (tensors[norm].shape = [2 ** 40])),
			`for tensor ${norm} (F32 [1099511627776]) but its offsets span 128`,
		],
		[
			"of another shape than its config",
			() => config({ intermediate_size: 64 }),
			"Expected shape [64, 32] for tensor model.layers.0.mlp.gate_proj.weight in ",
		],
		[
			"without a tensor that its config needs",
			() => config({ tie_word_embeddings: false }),
			"Expected tensor lm_head.weight in ",
			"tie_word_embeddings",
		],
		[
			"of an unknown architecture",
			() => config({ model_type: "mamba" }),
			'config.json: expected model_type to be llama, qwen2, qwen3 but received "mamba"',
			"Qwen3",
		],
		[
			"without one of its shards",
			() => sharded({ weight_map: { a: "2.safetensors" } }),
			"2.safetensors: ENOENT",
		],
	])("%s", async ([, dir, message, fix], { expect }) => {
		const said = await refusalOf(["score", "--model", dir()], '{"tokens":[1]}\n');
		expect(said).toContain(message);
		if (fix !== undefined) expect(said).toMatch(new RegExp(`thalia: fix: .*${fix}`));
	});

	test("whose tokenizer has ids that it lacks", async ({ expect }) => {
		const small = { ...tinyConfig, vocabSize: 200, eosTokenIds: [], padTokenId: null };
		const dir = writeTinyPolicy(mkdtempSync(join(root, "model-")), { config: small });
		const said = await refusalOf(["score", "--model", dir], '{"text":"a"}\n');
		expect(said).toContain("expected token ids below the model's vocab_size 200 but the tokenizer has 258");
		expect(said).toContain("thalia: fix: use the tokenizer that the model was trained with");
	});

	test("without a tokenizer, where text is given", async ({ expect }) => {
		const dir = writeTinyModel(mkdtempSync(join(root, "model-")));
		const said = await refusalOf(["score", "--model", dir], '{"text":"a"}\n');
		expect(said).toContain(`Expected a tokenizer at ${join(dir, "tokenizer.json")}`);
		expect(said).toContain("thalia: fix: copy the tokenizer.json");
	});

	test("as a reference of another vocabulary", async ({ expect }) => {
		const model = writeTinyModel(mkdtempSync(join(root, "model-")));
		const config = { ...tinyConfig, vocabSize: 300 };
		const reference = writeTinyModel(mkdtempSync(join(root, "model-")), { config });
		const said = await refusalOf(["score", "--model", model, "--reference", reference], '{"tokens":[1]}\n');
		expect(said).toContain("Expected the model's vocabulary of 258 for the reference but received 300");
	});

	test("as an adapter", async ({ expect }) => {
		const model = writeTinyModel(mkdtempSync(join(root, "model-")));
		const said = await refusalOf(["score", "--model", model, "--lora", model], '{"tokens":[1]}\n');
		expect(said).toContain(`Expected adapter_config.json in ${model} but it is not there`);
		expect(said).toContain("thalia: fix: give the folder that PEFT's save_pretrained wrote");
	});
});
