import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { writeByteTokenizer } from "../formats/byte-tokenizer.ts";
import { thalia } from "../testing/child.ts";
import { answersOf, refusalOf, resultOf } from "../testing/command.ts";
import { fixturesDir } from "../testing/fixtures.ts";
import { commit, HubServer } from "../testing/hub-server.ts";
import { writeTinyModel } from "../testing/tiny-model.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-models-command-"));
let server: HubServer;

beforeAll(async () => {
	const tiny = writeTinyModel(join(root, "tiny"));
	writeByteTokenizer(tiny);
	const names = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
	const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(tiny, name))]));
	server = await HubServer.start({ "models/owner/tiny": { files } });
	vi.stubEnv("THALIA_CACHE", join(root, "cache"));
	vi.stubEnv("HF_HUB_CACHE", join(root, "theirs"));
	vi.stubEnv("HF_ENDPOINT", server.url);
	for (const name of ["HF_TOKEN", "THALIA_OFFLINE", "HF_HUB_OFFLINE"]) vi.stubEnv(name, "");
});
afterAll(async () => {
	vi.unstubAllEnvs();
	await server.close();
	rmSync(root, { recursive: true, force: true });
});

/** Where the hub cannot be reached. */
async function offline<T>(work: () => Promise<T>): Promise<T> {
	vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
	vi.stubEnv("THALIA_OFFLINE", "1");
	try {
		return await work();
	} finally {
		vi.stubEnv("HF_ENDPOINT", server.url);
		vi.stubEnv("THALIA_OFFLINE", "");
	}
}

describe("a model at the hub", () => {
	test("is fetched, listed, found and described", async () => {
		expect(await refusalOf(["models", "path", "owner/tiny"])).toMatch(/Expected owner\/tiny in the cache/);
		const fetched = await thalia(["models", "fetch", "owner/tiny"]).ended;
		expect(fetched).toMatchObject({ code: 0, stderr: "" });
		const dir = fetched.stdout.trim();
		expect(dir).toContain(commit);
		expect((await thalia(["models", "path", "owner/tiny"]).ended).stdout.trim()).toBe(dir);
		const [listed] = await resultOf<unknown[]>(["models", "list", "--format", "json"]);
		expect(listed).toMatchObject({ id: `owner/tiny@${commit}`, commit, path: dir, source: "Hugging Face" });
		const inspected = await resultOf(["models", "inspect", "owner/tiny", "--weights", "--format", "json"]);
		expect(inspected).toMatchObject({ path: dir, config: { architecture: "llama" }, notFinite: [] });
		const text = await thalia(["models", "inspect", "owner/tiny"]).ended;
		expect(text.stdout).toMatch(/^architecture {3}llama, 2 layers/m);
	});

	test("is what commands take, online and off", async () => {
		const args = ["generate", "--model", `owner/tiny@${commit}`, "--max-tokens", "2"];
		const [answer] = await answersOf<{ completions: unknown[] }>(args, [{ text: "a" }]);
		expect(answer.completions).toHaveLength(1);
		expect(await offline(() => answersOf(args, [{ text: "a" }]))).toEqual([answer]);
	});

	test("is trained by a recipe, which is resumed without the network", async () => {
		const recipe = join(root, "r.yaml");
		const task = { train: [{ family: "add" }] };
		const rollout = { prompts: 2, groupSize: 2, maxTokens: 4 };
		const settings = { model: "owner/tiny", task, rollout, train: { steps: 1 }, eval: { problems: 0 } };
		writeFileSync(recipe, JSON.stringify(settings));
		const { dir } = await resultOf<{ dir: string }>([
			"train",
			recipe,
			"--runs",
			join(root, "runs"),
			"--format",
			"json",
		]);
		const kept = parse(readFileSync(join(dir, "config.yaml"), "utf8")) as {
			model: string;
			reference: string;
		};
		expect(kept.model).toContain(commit);
		expect(kept.reference).toBe(kept.model);
		const resumed = await offline(() => resultOf(["train", "--resume", dir, "--format", "json"]));
		expect(resumed).toMatchObject({ outcome: "finished", step: 1 });
		rmSync(kept.model, { recursive: true });
		expect(await offline(() => refusalOf(["train", "--resume", dir]))).toContain(
			`thalia models fetch owner/tiny@${commit}`,
		);
	});
});

describe.skipIf(fixturesDir === undefined)("a GGUF file", () => {
	const file = join(fixturesDir ?? "", "gguf", "llama_tied.Q4_1.gguf");

	test("is converted where one says", async () => {
		const dir = join(root, "converted");
		expect(await thalia(["models", "convert", file, dir]).ended).toMatchObject({
			code: 0,
			stdout: `${dir}\n`,
		});
		expect(await refusalOf(["models", "convert", file, dir])).toMatch(/new or empty folder/);
		const [own, direct] = await Promise.all(
			[dir, file].map((model) => answersOf(["score", "--model", model], [{ tokens: [1, 2, 3] }])),
		);
		expect(direct).toEqual(own);
	});
});

test("what names no model is bad input", async () => {
	expect(await refusalOf(["models", "fetch", "nowhere"])).toMatch(/no such folder or file/);
	expect(await refusalOf(["models", "fetch", "owner/none"])).toMatch(/nor is there a folder owner\/none/);
	expect(await refusalOf(["models", "inspect", "owner/tiny@v9"])).toMatch(/has no "v9"/);
});
