import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { tinyConfig, writeTinyModel } from "../../testing/tiny-model.ts";
import type { Completion } from "../engine.ts";
import { LocalEngine, type LocalEngineOptions } from "./local-engine.ts";
import { parameterSpecs } from "./parameters.ts";
import { liveTensors } from "./tensor.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-versions-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const model = writeTinyModel(join(root, "model"));
const reference = writeTinyModel(join(root, "reference"), { seed: 2 });
const prompt = Int32Array.of(40, 41, 42);
const parameters = parameterSpecs(tinyConfig).reduce(
	(sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1),
	0,
);

const open = (options: Partial<LocalEngineOptions> = {}) =>
	new LocalEngine({ model, dtype: "f32", threads: 1, ...options });
const sample = (engine: LocalEngine, policyVersion?: number): Promise<Completion[]> =>
	engine.sample([{ prompt, count: 4, id: 7 }], {
		maxTokens: 12,
		seed: 5,
		...(policyVersion === undefined ? {} : { policyVersion }),
	});
const sequence = { tokens: Int32Array.of(40, 41, 42, 43, 44), promptLength: 2 };
async function learn(engine: LocalEngine, learningRate = 1e-2) {
	await engine.accumulate([sequence], ([{ logprobs }]) => [{ logprobs: logprobs.map(() => -1) }]);
	return engine.step({ learningRate, maxGradNorm: 0 });
}

describe.each(["f32", "bf16"] as const)("%s", (dtype) => {
	const bytes = parameters * (dtype === "f32" ? 4 : 2);

	test("an earlier version gives the tokens that it gave at the time, to the bit", async () => {
		const engine = open({ dtype, retainVersions: 2 });
		const then = [await sample(engine)];
		for (let version = 1; version <= 4; version++) {
			await learn(engine);
			expect(await engine.publish()).toBe(version);
			then.push(await sample(engine));
		}
		expect(new Set(then.map((completions) => String(completions[0].logprobs))).size).toBe(5);
		expect(await engine.retained()).toEqual({ versions: [2, 3, 4], bytes: 2 * bytes });
		for (const version of [3, 2, 4]) expect(await sample(engine, version)).toEqual(then[version]);
		expect(then[3][0].policyVersion).toBe(3);
		await engine.close();
	});

	test("between step and publish the newest version is still the published one", async () => {
		const engine = open({ dtype, retainVersions: 1 });
		const published = await sample(engine);
		expect(await engine.retained()).toEqual({ versions: [0], bytes: 0 });
		await learn(engine);
		await learn(engine);
		expect(await sample(engine)).toEqual(published);
		expect(await engine.retained()).toEqual({ versions: [0], bytes });
		await engine.publish();
		expect(await sample(engine)).not.toEqual(published);
		expect(await sample(engine, 0)).toEqual(published);
		await engine.close();
	});
});

test("without retention the policy itself is sampled from, and nothing is copied", async () => {
	const engine = open();
	const before = await sample(engine);
	await learn(engine);
	const live = liveTensors();
	expect(await sample(engine)).not.toEqual(before);
	await learn(engine);
	await engine.publish();
	expect(liveTensors()).toBe(live);
	expect(await engine.retained()).toEqual({ versions: [1], bytes: 0 });
	expect(await sample(engine, 1)).toEqual(await sample(engine));
	await expect(sample(engine, 0)).rejects.toMatchObject({
		code: "policy-version",
		message: expect.stringContaining("(1)") as string,
		fix: expect.stringContaining("retainVersions") as string,
	});
	await engine.close();
});

test("a version published twice, and a step that is not applied", async () => {
	const engine = open({ retainVersions: 1 });
	const first = await sample(engine);
	await engine.publish();
	const drawn = ({ tokens, logprobs }: Completion) => ({ tokens, logprobs });
	for (const version of [0, 1]) expect((await sample(engine, version)).map(drawn)).toEqual(first.map(drawn));
	await engine.accumulate([sequence], ([{ logprobs }]) => [{ logprobs: logprobs.map(() => Number.NaN) }]);
	expect((await engine.step({ learningRate: 1, maxGradNorm: 0 })).applied).toBe(false);
	expect((await sample(engine)).map(drawn)).toEqual(first.map(drawn));
	await engine.close();
});

test("refuses versions that are gone or were never there, and a retention that is no count", async () => {
	const engine = open({ retainVersions: 1 });
	for (let i = 0; i < 3; i++) await engine.publish();
	for (const version of [1, 4, 0.5]) {
		await expect(sample(engine, version)).rejects.toMatchObject({
			code: "policy-version",
			message: expect.stringContaining("2, 3") as string,
		});
	}
	await engine.close();
	for (const retainVersions of [-1, 0.5]) {
		expect(() => open({ retainVersions })).toThrow(expect.objectContaining({ code: "retain-versions" }));
	}
});

describe("saved and loaded", () => {
	test.each(["f32", "bf16"] as const)("a %s engine goes on bit for bit", async (dtype) => {
		const before = liveTensors();
		const options = { dtype, reference, retainVersions: 2 };
		const whole = open(options);
		for (let i = 0; i < 3; i++) {
			await learn(whole);
			await whole.publish();
			await whole.updateReference(0.9);
		}
		await learn(whole);
		const dir = folder(`whole-${dtype}`);
		await whole.save(dir, { optimizer: true });
		const resumed = open(options);
		await resumed.load(dir, 3);
		const goOn = async (engine: LocalEngine) => [
			await engine.retained(),
			await sample(engine, 1),
			await sample(engine),
			await engine.evaluate([sequence], "reference"),
			await learn(engine),
			await engine.publish(),
			await engine.updateReference(0.5),
			await engine.divergences([sequence]),
			await engine.retained(),
			await sample(engine, 3),
			await sample(engine),
		];
		expect(await goOn(resumed)).toEqual(await goOn(whole));
		await whole.close();
		await resumed.close();
		expect(liveTensors()).toBe(before);
	});

	test("files are written of what there is alone", async () => {
		const engine = open({ reference, retainVersions: 1 });
		const files = async (name: string, optimizer: boolean) => {
			await engine.save(folder(name), { optimizer });
			return readdirSync(join(root, name)).filter((file) => file.endsWith(".safetensors"));
		};
		expect(await files("fresh", true)).toEqual(["model.safetensors", "optimizer.safetensors"]);
		await engine.publish();
		await engine.updateReference(0);
		expect(await files("moved", true)).toEqual([
			"model.safetensors",
			"optimizer.safetensors",
			"reference.safetensors",
			"versions.safetensors",
		]);
		expect(await files("policy", false)).toEqual(["model.safetensors"]);
		await engine.close();
	});

	test("without versions and reference in the checkpoint the version loaded is the only one, the reference as opened", async () => {
		const plain = open({ reference });
		const ofReference = await plain.evaluate([sequence], "reference");
		await learn(plain);
		await plain.publish();
		const dir = folder("plain");
		await plain.save(dir, { optimizer: true });
		const engine = open({ reference, retainVersions: 2 });
		await learn(engine);
		await engine.publish();
		await engine.updateReference(0.5);
		await engine.load(dir, 1);
		expect(await engine.retained()).toEqual({ versions: [1], bytes: 0 });
		expect(await sample(engine)).toEqual(await sample(plain));
		expect(await engine.evaluate([sequence], "reference")).toEqual(ofReference);
		await plain.close();
		await engine.close();
	});

	test("an engine that retains fewer takes the last ones", async () => {
		const wide = open({ retainVersions: 3 });
		for (let i = 0; i < 3; i++) {
			await learn(wide);
			await wide.publish();
		}
		const dir = folder("wide");
		await wide.save(dir, { optimizer: true });
		const narrow = open({ retainVersions: 1 });
		await narrow.load(dir, 3);
		expect((await narrow.retained()).versions).toEqual([2, 3]);
		expect(await sample(narrow, 2)).toEqual(await sample(wide, 2));
		const none = open();
		await none.load(dir, 3);
		expect((await none.retained()).versions).toEqual([3]);
		for (const engine of [wide, narrow, none]) await engine.close();
	});
});

function folder(name: string): string {
	const dir = join(root, name);
	mkdirSync(dir);
	return dir;
}
