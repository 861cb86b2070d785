import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { commit, HubServer } from "../testing/hub-server.ts";
import { type FetchOptions, fetchRepository, type Progress } from "./fetch-repository.ts";
import type { Repository } from "./repository.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-hub-"));
const weights = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * i) % 251));
const files = {
	"config.json": '{"a":1}',
	"README.md": "long",
	"model.safetensors": weights,
	"folder/with space.txt": "deep",
	"empty.txt": "",
};
let server: HubServer;
let cache: string;

beforeAll(async () => {
	server = await HubServer.start({
		"models/owner/model": { files },
		"datasets/owner/data": { files: { "train.parquet": "rows" }, lfs: ".parquet" },
		"models/owner/gated": { files: { "config.json": "{}" }, token: "good" },
		"models/owner/escaping": { files: { "../x.json": "{}" } },
	});
});
afterAll(async () => {
	await server.close();
	rmSync(root, { recursive: true, force: true });
});

beforeEach(() => {
	cache = mkdtempSync(join(root, "cache-"));
	server.requests.length = 0;
	server.mishaps.clear();
	vi.stubEnv("THALIA_CACHE", cache);
	vi.stubEnv("HF_HOME", join(cache, "huggingface"));
	vi.stubEnv("HF_HUB_CACHE", join(cache, "huggingface", "hub"));
	vi.stubEnv("HF_ENDPOINT", server.url);
	vi.stubEnv("HF_TOKEN", "");
	vi.stubEnv("HF_HUB_OFFLINE", "");
	vi.stubEnv("THALIA_OFFLINE", "");
	vi.stubEnv("HF_HUB_DOWNLOAD_TIMEOUT", "0.5");
});
afterEach(() => vi.unstubAllEnvs());

const model: Repository = { type: "model", id: "owner/model" };

function get(repository: Repository = model, options: Partial<FetchOptions> = {}) {
	return fetchRepository(repository, { wants: () => true, pauseMs: 1, ...options });
}

const failing = (code: string) => expect.objectContaining({ name: "ThaliaError", code }) as unknown;

describe("fetches", () => {
	test("what is wanted, over several pages, with redirects, and says how far it is", async () => {
		const seen: Progress[] = [];
		const wants = (path: string) => path !== "README.md";
		const fetched = await get(model, { wants, onProgress: (progress) => seen.push(progress) });
		expect(fetched.commit).toBe(commit);
		expect([...fetched.files].sort()).toEqual([
			"config.json",
			"empty.txt",
			"folder/with space.txt",
			"model.safetensors",
		]);
		for (const path of fetched.files)
			expect(readFileSync(join(fetched.dir, path))).toEqual(Buffer.from(files[path as keyof typeof files]));
		expect(existsSync(join(fetched.dir, "README.md"))).toBe(false);
		const total = 7 + weights.length + 4;
		expect(seen.at(-1)).toMatchObject({ done: total, total });
		expect(seen.map(({ done }) => done)).toEqual(seen.map(({ done }) => done).sort((a, b) => a - b));
	});

	test("a data set, and a tag", async () => {
		const fetched = await get({ type: "dataset", id: "owner/data", revision: "v1" });
		expect(readFileSync(join(fetched.dir, "train.parquet"), "utf8")).toBe("rows");
		expect(server.count("/datasets/owner/data/resolve/")).toBe(1);
	});

	test("each file once; a commit that is there without asking", async () => {
		const first = await get();
		expect(server.count("/resolve/")).toBe(5);
		expect(await get()).toEqual(first);
		expect(server.count("/resolve/")).toBe(5);
		server.requests.length = 0;
		expect(await get({ ...model, revision: commit })).toEqual(first);
		expect(server.requests).toEqual([]);
	});

	test("with the user's token, which another host never sees", async () => {
		vi.stubEnv("HF_TOKEN", "good");
		await get({ type: "model", id: "owner/gated" });
		await get();
		expect(
			server.requests.filter(({ path }) => path.includes("/resolve/")).every(({ authorized }) => authorized),
		).toBe(true);
		expect(server.requests.filter(({ path }) => path.startsWith("/models/"))).toEqual([
			expect.objectContaining({ authorized: false }),
		]);
	});

	test("with the token that is kept in a file", async () => {
		mkdirSync(join(cache, "huggingface"));
		writeFileSync(join(cache, "huggingface", "token"), "good\n");
		expect((await get({ type: "model", id: "owner/gated" })).files).toEqual(["config.json"]);
	});

	test("by two at once, without a file twice", async () => {
		const [a, b] = await Promise.all([get(), get()]);
		expect(a).toEqual(b);
		expect(server.count("/resolve/")).toBe(5);
	});
});

describe("an unreliable connection", () => {
	const wants = (path: string) => path === "model.safetensors";

	test.each([
		["is cut off", ["cut"]],
		["is cut off three times", ["cut", "cut", "cut"]],
		["stalls", ["stall"]],
		["is refused for now", ["busy", "busy"]],
		["is cut off, and the server knows no ranges", ["cut", "no-ranges"]],
	] as const)("%s: the rest comes", async (_, mishaps) => {
		server.mishaps.set("model.safetensors", [...mishaps]);
		const { dir } = await get(model, { wants });
		expect(readFileSync(join(dir, "model.safetensors"))).toEqual(weights);
	});

	test("what has come is not fetched again, by another process neither", async () => {
		server.mishaps.set("model.safetensors", ["cut", ...Array<"busy">(5).fill("busy")]);
		await expect(get(model, { wants })).rejects.toEqual(failing("hub-busy"));
		server.requests.length = 0;
		await get(model, { wants });
		expect(server.requests.at(-1)!.range).toMatch(/^bytes=[1-9]\d+-$/);
	});

	test("a changed byte is noticed, and the file not kept", async () => {
		server.mishaps.set("model.safetensors", ["changed"]);
		await expect(get(model, { wants })).rejects.toEqual(failing("hub-checksum"));
		expect((await get(model, { wants })).files).toEqual(["model.safetensors"]);
		server.mishaps.set("config.json", ["changed"]);
		await expect(get()).rejects.toEqual(failing("hub-checksum"));
	});

	test("so is more than there should be", async () => {
		server.mishaps.set("model.safetensors", ["longer"]);
		await expect(get(model, { wants })).rejects.toEqual(failing("hub-size"));
	});

	test("an interruption is one", async () => {
		server.mishaps.set("model.safetensors", ["stall"]);
		const signal = AbortSignal.timeout(100);
		await expect(get(model, { wants, signal })).rejects.toMatchObject({ name: "TimeoutError" });
		expect((await get(model, { wants })).files).toEqual(["model.safetensors"]);
	});
});

describe("says what is wrong", () => {
	test.each<[string, Repository, string, RegExp]>([
		["no such repository", { type: "model", id: "owner/none" }, "hub-not-found", /owner\/none/],
		["no such revision", { ...model, revision: "v9" }, "hub-revision", /"v9"/],
		["a gated one", { type: "model", id: "owner/gated" }, "hub-gated", /owner\/gated/],
		["no name", { type: "model", id: "a/b/c" }, "hub-id", /a\/b\/c/],
		["a name that leaves the cache", { type: "model", id: "../x" }, "hub-id", /\.\.\/x/],
		["a revision that leaves the cache", { ...model, revision: "a/../../b" }, "hub-id", /revision/],
		[
			"a file that leaves the cache",
			{ type: "model", id: "owner/escaping" },
			"hub-response",
			/\.\.\/x\.json/,
		],
	])("%s", async (_, repository, code, names) => {
		const error = await get(repository).catch((thrown: unknown) => thrown);
		expect(error).toEqual(failing(code));
		expect((error as Error).message).toMatch(names);
	});

	test("a gated one: where to accept its licence, and never the token", async () => {
		vi.stubEnv("HF_TOKEN", "hf_secret");
		const error = (await get({ type: "model", id: "owner/gated" }).catch((thrown: unknown) => thrown)) as {
			fix: string;
		};
		expect(error).toEqual(failing("hub-gated"));
		expect(error.fix).toContain(`${server.url}/owner/gated`);
		expect(JSON.stringify({ ...error, text: (error as unknown as Error).message })).not.toContain(
			"hf_secret",
		);
	});

	test("a token that is none", async () => {
		vi.stubEnv("HF_TOKEN", "expired");
		await expect(get()).rejects.toEqual(failing("hub-token"));
	});

	test("no network, naming the host", async () => {
		vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
		const error = (await get().catch((thrown: unknown) => thrown)) as Error;
		expect(error).toEqual(failing("hub-network"));
		expect(error.message).toContain("127.0.0.1:9");
	});

	test("a page that is not the hub's", async () => {
		const page = () => Promise.resolve(new Response("<html>log in</html>"));
		await expect(get(model, { fetch: page })).rejects.toEqual(failing("hub-response"));
	});

	test("a hub that never answers", async () => {
		const never: typeof fetch = (_, init) =>
			new Promise((_resolve, reject) =>
				init!.signal!.addEventListener("abort", () => reject(new Error("aborted"))),
			);
		await expect(get(model, { fetch: never })).rejects.toEqual(failing("hub-timeout"));
	});
});

describe("without the network", () => {
	test("what is cached, of a branch or a commit", async () => {
		const fetched = await get();
		vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
		expect(await get()).toEqual(fetched);
		vi.stubEnv("HF_HUB_OFFLINE", "1");
		expect(await get()).toEqual(fetched);
		expect(await get({ ...model, revision: commit })).toEqual(fetched);
	});

	test("what is not, or not all, is an error", async () => {
		await get(model, { wants: (path) => path === "config.json" });
		vi.stubEnv("THALIA_OFFLINE", "1");
		server.requests.length = 0;
		await expect(get()).rejects.toEqual(failing("hub-offline"));
		await expect(get({ ...model, revision: "v1" })).rejects.toEqual(failing("hub-offline"));
		expect(server.requests).toEqual([]);
	});

	test("what huggingface_hub has cached", async () => {
		const folder = join(cache, "huggingface", "hub", "models--owner--model");
		const snapshot = join(folder, "snapshots", commit);
		mkdirSync(join(snapshot, "folder"), { recursive: true });
		mkdirSync(join(folder, "refs"));
		writeFileSync(join(folder, "refs", "main"), commit);
		for (const [path, content] of Object.entries(files)) writeFileSync(join(snapshot, path), content);
		vi.stubEnv("HF_HUB_OFFLINE", "1");
		const offline = await get();
		expect(offline.dir).toBe(snapshot);
		expect([...offline.files].sort()).toEqual(Object.keys(files).sort());
		vi.stubEnv("HF_HUB_OFFLINE", "");
		expect((await get()).dir).toBe(snapshot);
		expect(server.count("/resolve/")).toBe(0);
	});
});

test("the server of these tests gives the hashes that Git and the hub do", () => {
	// `printf hello | git hash-object --stdin`
	expect(createHash("sha1").update("blob 5\0hello").digest("hex")).toBe(
		"b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0",
	);
});
