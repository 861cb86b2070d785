import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { writeByteTokenizer } from "../formats/byte-tokenizer.ts";
import { Checkpoint } from "../formats/checkpoint.ts";
import { SafetensorsFile, writeSafetensors } from "../formats/safetensors.ts";
import { fixturesDir } from "../testing/fixtures.ts";
import { commit, HubServer } from "../testing/hub-server.ts";
import { writeTinyModel } from "../testing/tiny-model.ts";
import { cachedModels } from "./cached-models.ts";
import { inspectModel } from "./inspect-model.ts";
import { cachedModelName, isModelName, resolveModel, resolveRecipeModels } from "./resolve-model.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-models-"));
const tiny = writeTinyModel(join(root, "tiny"));
writeByteTokenizer(tiny);
let server: HubServer;

function contents(dir: string): Record<string, Buffer> {
	return Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name))]));
}

/** The tiny model in two shards, with the names that published ones have. */
function shards(): Record<string, Buffer> {
	const file = SafetensorsFile.open(join(tiny, "model.safetensors"));
	const entries = [...file.entries.values()];
	const dir = mkdtempSync(join(root, "shards-"));
	const weightMap: Record<string, string> = {};
	for (const [i, part] of [entries.slice(0, 5), entries.slice(5)].entries()) {
		const shard = `model-0000${i + 1}-of-00002.safetensors`;
		for (const { name } of part) weightMap[name] = shard;
		writeSafetensors(
			join(dir, shard),
			part.map((entry) => ({ ...entry, data: () => file.read(entry.name) })),
		);
	}
	file.close();
	writeFileSync(join(dir, "model.safetensors.index.json"), JSON.stringify({ weight_map: weightMap }));
	return contents(dir);
}

beforeAll(async () => {
	const model = contents(tiny);
	const { "model.safetensors": weights, ...described } = model;
	server = await HubServer.start({
		"models/owner/tiny": {
			files: { ...model, "README.md": "", "pytorch_model.bin": "x", "onnx/model.onnx": "x" },
		},
		"models/owner/sharded": { files: { ...described, ...shards() } },
		"models/owner/pickled": { files: { ...described, "pytorch_model.bin": weights } },
		"models/owner/other": { files: { ...model, "config.json": '{"model_type":"gemma"}' } },
	});
});
afterAll(async () => {
	await server.close();
	rmSync(root, { recursive: true, force: true });
});

beforeEach(() => {
	const cache = mkdtempSync(join(root, "cache-"));
	server.requests.length = 0;
	vi.stubEnv("THALIA_CACHE", cache);
	vi.stubEnv("HF_HUB_CACHE", join(cache, "theirs"));
	vi.stubEnv("HF_ENDPOINT", server.url);
	for (const name of ["HF_TOKEN", "THALIA_OFFLINE", "HF_HUB_OFFLINE"]) vi.stubEnv(name, "");
	vi.stubEnv("HF_TOKEN_PATH", join(cache, "no-token"));
});
afterEach(() => vi.unstubAllEnvs());

describe("a model at the hub", () => {
	test("whole in one file: what a model needs, and nothing else", async () => {
		const dir = await resolveModel("owner/tiny");
		expect(contents(dir)).toEqual(contents(tiny));
		expect(inspectModel(dir)).toMatchObject({ chatTemplate: false, tokenizer: { vocabSize: 258 } });
		expect(cachedModels()).toEqual([
			expect.objectContaining({ id: `owner/tiny@${commit}`, commit, path: dir, source: "Hugging Face" }),
		]);
	});

	test("in shards", async () => {
		const checkpoint = Checkpoint.open(await resolveModel("owner/sharded@main"));
		const whole = Checkpoint.open(tiny);
		for (const name of whole.entries.keys()) expect(checkpoint.read(name)).toEqual(whole.read(name));
		checkpoint.close();
		whole.close();
	});

	test("without safetensors is refused", async () => {
		await expect(resolveModel("owner/pickled")).rejects.toMatchObject({ code: "model-files" });
	});

	test("that Thalia cannot run is refused before its weights are fetched", async () => {
		await expect(resolveModel("owner/other")).rejects.toMatchObject({ code: "config-unsupported" });
		expect(server.count("safetensors")).toBe(0);
	});

	test("without the network: from the cache alone, whole or not at all", async () => {
		const dir = await resolveModel("owner/tiny");
		vi.stubEnv("THALIA_OFFLINE", "1");
		expect(await resolveModel("owner/tiny")).toBe(dir);
		expect(await resolveModel(`owner/tiny@${commit}`, { cachedOnly: true })).toBe(dir);
		renameSync(join(dir, "model.safetensors"), join(dir, "elsewhere"));
		await expect(resolveModel("owner/tiny")).rejects.toMatchObject({ code: "hub-offline" });
	});

	test("that is not there: said with the folder that is not there either", async () => {
		await expect(resolveModel("owner/none")).rejects.toMatchObject({
			code: "hub-not-found",
			message: expect.stringContaining("nor is there a folder owner/none") as unknown,
		});
	});
});

describe("a path", () => {
	test("comes before a name, and is looked for in order", async () => {
		const [a, b] = ["a", "b"].map((name) => join(root, name));
		for (const dir of [join(a, "owner", "tiny"), join(b, "owner", "tiny"), join(b, "only")])
			mkdirSync(dir, { recursive: true });
		expect(await resolveModel("owner/tiny", { folders: [a, b] })).toBe(join(a, "owner", "tiny"));
		expect(await resolveModel("only", { folders: [a, b] })).toBe(join(b, "only"));
		expect(server.requests).toEqual([]);
	});

	test.each([
		["nowhere", "model-missing"],
		["./owner/tiny", "model-missing"],
		["/owner/tiny", "model-missing"],
		[join(tiny, "model.safetensors"), "model-file"],
	])("%s is refused", async (path, code) => {
		await expect(resolveModel(path)).rejects.toMatchObject({ code });
	});

	test.skipIf(fixturesDir === undefined)(
		"of a GGUF file is converted once, and again when it has changed",
		async () => {
			const file = join(root, "x.gguf");
			writeFileSync(file, readFileSync(join(fixturesDir!, "gguf", "llama_tied.Q8_0.gguf")));
			const [dir, same] = await Promise.all([resolveModel(file), resolveModel(file)]);
			expect(same).toBe(dir);
			expect(inspectModel(dir, { weights: true })).toMatchObject({
				config: { architecture: "llama" },
				notFinite: [],
			});
			expect(cachedModels()).toEqual([expect.objectContaining({ id: "x.gguf", source: file, path: dir })]);
			utimesSync(file, 1, 1);
			expect(await resolveModel(file)).not.toBe(dir);
		},
	);
});

test("what may be a model's name", () => {
	for (const name of ["owner/name", "Owner/na-me_2.5@main", "smollm2-135m-instruct", "SmolLM2-135M-Instruct"])
		expect(isModelName(name), name).toBe(true);
	for (const name of ["name", "./owner/name", "../name", "/owner/name", "a/b/c", "owner/name@", "owner/"])
		expect(isModelName(name), name).toBe(false);
});

test("a recipe's models: the reference is fetched where it is another one", async () => {
	const dir = await resolveModel("owner/tiny");
	const named = { model: "owner/tiny", reference: "owner/tiny", seed: 1 };
	expect(await resolveRecipeModels(named)).toEqual({ model: dir, reference: dir, seed: 1 });
	expect(await resolveRecipeModels({ ...named, reference: tiny })).toEqual({
		model: dir,
		reference: tiny,
		seed: 1,
	});
	expect(cachedModelName(dir)).toBe(`owner/tiny@${commit}`);
	expect(cachedModelName(tiny)).toBeUndefined();
	expect(cachedModelName("/c/packages/smollm2-135m-instruct-b179c9523d0e/model")).toBe(
		"smollm2-135m-instruct",
	);
});

test("weights that are not finite are found", () => {
	const dir = join(root, "broken");
	mkdirSync(dir);
	for (const [name, content] of Object.entries(contents(tiny))) writeFileSync(join(dir, name), content);
	const file = SafetensorsFile.open(join(tiny, "model.safetensors"));
	const tensors = [...file.entries.values()].map((entry) => ({
		...entry,
		data: () => file.read(entry.name),
	}));
	const infinite = tensors.map((tensor) =>
		tensor.name === "model.norm.weight"
			? {
					...tensor,
					data: () => new Uint8Array(Float32Array.of(-Infinity, ...Array<number>(31).fill(1)).buffer),
				}
			: tensor,
	);
	writeSafetensors(join(dir, "model.safetensors"), infinite);
	file.close();
	expect(inspectModel(dir, { weights: true }).notFinite).toEqual(["model.norm.weight"]);
	expect(inspectModel(tiny, { weights: true }).notFinite).toEqual([]);
});
