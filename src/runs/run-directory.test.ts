import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readEvents } from "../testing/event-file.ts";
import { readJsonLines } from "./json-lines.ts";
import { RunDirectory, readManifest } from "./run-directory.ts";

const kl = {
	objective: "none",
	exact: false,
	causes: [],
	reason: "there is no KL term",
	beta: null,
} as const;

const root = mkdtempSync(join(tmpdir(), "thalia-run-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const free = () => join(mkdtempSync(join(root, "case-")), "runs", "first");
const create = (dir = free()) =>
	RunDirectory.create(dir, "seed: 1\n", { name: "first", steps: 9, environment: { node: "20" }, kl });
const nothing = () => Promise.resolve();

function files(dir: string): string[] {
	return readdirSync(dir)
		.map((name) => name.replace(/tfevents\..*/, "tfevents"))
		.sort();
}

function stepsOf(dir: string, name: string): number[] {
	return readJsonLines<{ step: number }>(join(dir, name)).map(({ step }) => step);
}

function events(dir: string) {
	const names = readdirSync(dir).filter((name) => name.startsWith("events.out.tfevents."));
	expect(names).toHaveLength(1);
	return readEvents(readFileSync(join(dir, names[0])));
}

/** Steps 1 to `steps` with a checkpoint after each of `saved`, evaluations of each and of step 0. Left as a kill does. */
async function killedRun(steps: number, saved: readonly number[]): Promise<string> {
	const run = create();
	run.evaluation({ step: 0 });
	for (let step = 1; step <= steps; step++) {
		run.rollouts([
			{ step, text: "a" },
			{ step, text: "b" },
		]);
		run.metrics({ step, reward: step / 4, skipped: null, kl: { k1: -step, tokens: 5 } });
		if (saved.includes(step)) await run.checkpoint(step, { step }, 9, nothing);
		run.evaluation({ step });
	}
	run.close();
	// Its process is gone without having let go.
	writeFileSync(join(run.dir, "lock"), JSON.stringify({ pid: process.pid, host: hostname() }));
	return run.dir;
}

test("a new run has its recipe, a manifest, and empty files", () => {
	const run = create();
	expect(files(run.dir)).toEqual([
		...["checkpoints", "config.yaml", "evaluations.jsonl", "events.out.tfevents", "lock"],
		...["manifest.json", "metrics.jsonl", "rollouts.jsonl"],
	]);
	expect(readdirSync(join(run.dir, ".."))).toEqual(["first"]);
	expect(readFileSync(join(run.dir, "config.yaml"), "utf8")).toBe("seed: 1\n");
	const manifest = readManifest(run.dir);
	expect(manifest).toEqual(run.manifest);
	expect(manifest).toEqual({
		format: 1,
		name: "first",
		status: "running",
		step: 0,
		steps: 9,
		createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
		updatedAt: manifest.createdAt,
		resumes: [],
		environment: { node: "20" },
		kl,
	});
	expect(run.startStep).toBe(0);
	run.close();
	expect(readdirSync(run.dir)).not.toContain("lock");
});

test("a folder with anything in it is refused, with what to do; an empty one is taken", () => {
	const dir = free();
	mkdirSync(dir, { recursive: true });
	create(dir).close();
	expect(() => create(dir)).toThrow(
		expect.objectContaining({
			code: "run-exists",
			message: expect.stringContaining(dir) as string,
			fix: expect.stringContaining(`--resume ${dir}`) as string,
		}),
	);
	const other = free();
	mkdirSync(other, { recursive: true });
	writeFileSync(join(other, "mine.txt"), "");
	expect(() => RunDirectory.assertFree(other)).toThrow(expect.objectContaining({ code: "run-exists" }));
	expect(readdirSync(other)).toEqual(["mine.txt"]);
});

test("one that cannot be made leaves nothing", () => {
	const dir = join(free(), "below-a-file");
	mkdirSync(join(dir, "..", ".."), { recursive: true });
	writeFileSync(join(dir, ".."), "");
	expect(() => create(dir)).toThrow("ENOTDIR");
	const parent = free();
	mkdirSync(join(parent, ".."), { recursive: true });
	expect(() =>
		RunDirectory.create(parent, undefined as unknown as string, { name: "x", steps: 1, environment: {}, kl }),
	).toThrow(TypeError);
	expect(readdirSync(join(parent, ".."))).toEqual([]);
});

test("what an interrupted creation left does not stand in the way", () => {
	const dir = free();
	const left = join(dir, "..", ".unfinished-first");
	mkdirSync(left, { recursive: true });
	writeFileSync(join(left, "old"), "");
	create(dir).close();
	expect(files(dir)).not.toContain("old");
	expect(readdirSync(join(dir, ".."))).toEqual(["first"]);
});

test("going on drops what came after the last checkpoint, and keeps that step's evaluation", async () => {
	const dir = await killedRun(5, [2, 4]);
	const run = RunDirectory.resume(dir);
	expect(run.startStep).toBe(4);
	expect(stepsOf(dir, "metrics.jsonl")).toEqual([1, 2, 3, 4]);
	expect(stepsOf(dir, "rollouts.jsonl")).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
	expect(stepsOf(dir, "evaluations.jsonl")).toEqual([0, 1, 2, 3, 4]);
	expect(run.evaluations()).toHaveLength(5);
	expect(run.checkpoints.state(4)).toEqual({ step: 4 });
	run.metrics({ step: 5, reward: 5 });
	expect(stepsOf(dir, "metrics.jsonl")).toEqual([1, 2, 3, 4, 5]);
	run.close();
});

test("without a checkpoint it begins again, but for the evaluation before the first step", async () => {
	const dir = await killedRun(3, []);
	const run = RunDirectory.resume(dir);
	expect(run.startStep).toBe(0);
	expect(stepsOf(dir, "metrics.jsonl")).toEqual([]);
	expect(stepsOf(dir, "rollouts.jsonl")).toEqual([]);
	expect(stepsOf(dir, "evaluations.jsonl")).toEqual([0]);
	run.close();
});

test("a checkpoint and lines that a kill cut off are gone, wherever it was cut", async () => {
	const dir = await killedRun(4, [2, 4]);
	const whole = readFileSync(join(dir, "metrics.jsonl"));
	for (let bytes = whole.length; bytes > 0; bytes -= 7) {
		writeFileSync(join(dir, "metrics.jsonl"), whole.subarray(0, bytes));
		mkdirSync(join(dir, "checkpoints", ".unfinished-step-6"));
		const run = RunDirectory.resume(dir);
		expect(run.checkpoints.steps()).toEqual([2, 4]);
		expect(readdirSync(join(dir, "checkpoints"))).toEqual(["step-2", "step-4"]);
		const kept = readFileSync(join(dir, "metrics.jsonl"));
		expect(kept).toEqual(whole.subarray(0, whole.subarray(0, bytes).lastIndexOf("\n") + 1));
		run.close();
	}
});

test("events are made again from the metrics kept, once, and go on", async () => {
	const dir = await killedRun(3, [2]);
	const before = events(dir);
	expect(before.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
	expect(before.at(-1)!.scalars).toEqual({ reward: 0.75, "kl/k1": -3, "kl/tokens": 5 });
	const [name] = readdirSync(dir).filter((file) => file.startsWith("events"));
	renameSync(join(dir, name), join(dir, "events.out.tfevents.1700000000.host"));
	const run = RunDirectory.resume(dir);
	run.metrics({ step: 3, reward: 9 });
	run.close();
	const after = events(dir);
	expect(after.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
	expect(after.slice(1, 3).map(({ scalars }) => scalars)).toEqual(
		before.slice(1, 3).map(({ scalars }) => scalars),
	);
	expect(after.at(-1)!.scalars).toEqual({ reward: 9 });
});

test("numbers that are not finite are in the events, and stay there", async () => {
	const run = create();
	run.metrics({ step: 1, gradNorm: Number.NaN, objective: { loss: Number.NEGATIVE_INFINITY }, word: "NaN!" });
	await run.checkpoint(1, {}, 1, nothing);
	run.close();
	const before = events(run.dir).at(-1)!.scalars;
	expect(before).toEqual({ gradNorm: Number.NaN, "objective/loss": Number.NEGATIVE_INFINITY });
	RunDirectory.resume(run.dir).close();
	expect(events(run.dir).at(-1)!.scalars).toEqual(before);
});

test("the manifest says how it stands, why, and when it was taken up again", async () => {
	const run = create();
	await run.checkpoint(3, {}, 1, nothing);
	expect(readManifest(run.dir)).toMatchObject({ status: "running", step: 3 });
	run.update({ status: "failed", reason: "disk", step: 4 });
	expect(readManifest(run.dir)).toMatchObject({ status: "failed", reason: "disk", step: 4 });
	run.update({ step: 5 });
	expect(readManifest(run.dir).reason).toBe("disk");
	run.close();
	const again = RunDirectory.resume(run.dir);
	expect(readManifest(run.dir)).toMatchObject({
		status: "running",
		step: 3,
		createdAt: run.manifest.createdAt,
		resumes: [{ step: 3 }],
	});
	expect(readManifest(run.dir)).not.toHaveProperty("reason");
	again.update({ status: "finished", step: 9 });
	again.close();
	expect(readManifest(run.dir)).toMatchObject({ status: "finished", step: 9 });
	expect(readManifest(run.dir).updatedAt >= run.manifest.updatedAt).toBe(true);
});

test("a checkpoint whose write fails changes neither manifest nor files", async () => {
	const run = create();
	run.metrics({ step: 1 });
	await expect(run.checkpoint(1, {}, 1, () => Promise.reject(new Error("full")))).rejects.toMatchObject({
		code: "checkpoint-write",
	});
	expect(readManifest(run.dir).step).toBe(0);
	expect(readdirSync(join(run.dir, "checkpoints"))).toEqual([]);
	run.close();
});

test.each([
	["is not there", undefined],
	["has no manifest", "config.yaml"],
	["has a manifest that is no JSON", "manifest.json"],
])("a folder that %s is no run", (_, file) => {
	const dir = free();
	if (file !== undefined) {
		mkdirSync(dir, { recursive: true });
		writeFileSync(join(dir, file), "{");
	}
	expect(() => RunDirectory.resume(dir)).toThrow(
		expect.objectContaining({ code: "run-missing", message: expect.stringContaining(dir) as string }),
	);
});

test("one that is written to is refused, and not changed", () => {
	const run = create();
	run.metrics({ step: 1 });
	expect(() => RunDirectory.resume(run.dir)).toThrow(expect.objectContaining({ code: "run-in-use" }));
	expect(stepsOf(run.dir, "metrics.jsonl")).toEqual([1]);
	run.close();
});

test("one that cannot be opened is let go again", () => {
	const run = create();
	run.close();
	rmSync(join(run.dir, "metrics.jsonl"));
	mkdirSync(join(run.dir, "metrics.jsonl"));
	expect(() => RunDirectory.resume(run.dir)).toThrow("EISDIR");
	expect(readdirSync(run.dir)).not.toContain("lock");
});
