import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readJsonLines } from "../runs/json-lines.ts";
import type { StepMetrics } from "../trainer/step.ts";
import { budgetOf } from "./budget.ts";
import { ExperimentFolder } from "./experiment-folder.ts";
import { loadRecords } from "./load-records.ts";
import { readExperiment } from "./read-experiment.ts";
import { type GridHooks, type GridOptions, runGrid } from "./run-grid.ts";

/** Two-step runs of the real base model, each in a process of its own. */
const file = `
recipe: recipes/quickstart.yaml
seeds: [1]
axes:
  kl: { none: { kl.place: none }, k1: { kl.place: reward, kl.estimator: k1 } }
settings:
  threads: 1
  rollout.prompts: 2
  rollout.groupSize: 2
  rollout.maxTokens: 8
  train.steps: 3
  train.checkpointEvery: 1
  eval.problems: 4
  eval.samples: 2
  eval.maxTokens: 8
jobs: 2
`;

let dir: string;
beforeEach(() => {
	dir = mkdtempSync(join(tmpdir(), "thalia-grid-"));
});
afterEach(() => {
	rmSync(dir, { recursive: true, force: true });
});

async function run(text = file, hooks: GridHooks = {}, options: GridOptions = {}) {
	const path = join(dir, "small.yaml");
	writeFileSync(path, text);
	const experiment = await readExperiment(path);
	const folder = new ExperimentFolder(join(dir, "out"));
	const started: string[] = [];
	const notes: string[] = [];
	try {
		const result = await runGrid(
			experiment,
			folder,
			await budgetOf(experiment),
			{
				onCellStart: ({ id }, resumed) => started.push(resumed ? `${id} again` : id),
				onNote: (note) => notes.push(note),
				...hooks,
			},
			options,
		);
		return { ...result, started, notes };
	} finally {
		folder.close();
	}
}

const cell = (...path: string[]) => join(dir, "out", "cells", ...path);

/** What a step learned, without how long it took. */
function stepsOf(id: string) {
	return readJsonLines<StepMetrics>(cell(id, "metrics.jsonl")).map(({ timing: _, ...step }) => step);
}

describe("a grid of runs", { timeout: 240_000 }, () => {
	test("runs every cell once, and keeps what a report needs where the runs themselves are gone", async () => {
		const first = await run();
		expect(first.started).toEqual(["none_seed1", "k1_seed1"]);
		expect(first.left).toBe(0);
		expect(first.records.map(({ name, outcome, step, labels }) => ({ name, outcome, step, labels }))).toEqual(
			[
				{ name: "none_seed1", outcome: "finished", step: 3, labels: { kl: "none" } },
				{ name: "k1_seed1", outcome: "finished", step: 3, labels: { kl: "k1" } },
			],
		);
		for (const { before, after, series } of first.records) {
			expect(before?.map(({ problems }) => problems.length)).toEqual([4, 4]);
			expect(after?.map(({ problems }) => problems.length)).toEqual([4, 4]);
			expect(series.step).toEqual([1, 2, 3]);
			expect(series.kl.every((value) => value !== null)).toBe(true);
		}
		rmSync(cell("none_seed1"), { recursive: true });
		const again = await run();
		expect(again.started).toEqual([]);
		expect(again.records).toEqual(first.records);
	});

	test("goes on where it was interrupted, to the same steps", async () => {
		const stop = new AbortController();
		const one = file.replace("jobs: 2", "jobs: 1");
		const interrupted = await run(one, {
			signal: stop.signal,
			onCellMessage: (_, message) => {
				if (message.kind === "step") stop.abort();
			},
		});
		expect(interrupted.left).toBe(2);
		expect(stepsOf("none_seed1").length).toBeLessThan(3);
		const after = await run(one);
		expect(after.started).toEqual(["none_seed1 again", "k1_seed1"]);
		const resumed = stepsOf("none_seed1");
		rmSync(join(dir, "out"), { recursive: true });
		await run(one);
		expect(resumed).toEqual(stepsOf("none_seed1"));
	});

	test("has what failed as a result, with the reason, and tries it again when asked to", async () => {
		const text = file
			.replace("k1: {", "wild: { optimizer.learningRate: 1.0e+30, optimizer.warmupSteps: 0, kl.beta: 1, ")
			.replace("kl.place: reward", "kl.place: loss")
			.replace("train.steps: 3", "train.steps: 6");
		const killed = await run(text, {
			onCellMessage: ({ id }, message) => {
				if (id === "none_seed1" && message.kind === "step") killChildren();
			},
		});
		const [none, wild] = killed.records;
		expect(none.outcome).toBe("out-of-memory");
		expect(none.reason).toMatch(/killed from outside/);
		expect(none.after).toBeNull();
		expect(["stopped", "collapsed", "failed", "out-of-memory"]).toContain(wild.outcome);
		expect((await run(text)).started).toEqual([]);
		const again = await run(text, {}, { retryFailed: true });
		expect(again.started).toContain("none_seed1");
		expect(again.records[0].outcome).toBe("finished");
		expect(again.records[1].outcome).toMatch(/stopped|collapsed/);
		expect(again.records[1].after).not.toBeNull();
		// The last try is what counts.
		expect(loadRecords([join(dir, "out")])).toEqual(expect.arrayContaining([...again.records]));
		expect(loadRecords([join(dir, "out")]).length).toBe(2);
	});

	test("evaluates before training once for all cells that begin alike", async () => {
		const told: string[] = [];
		const { records } = await run(file.replace("jobs: 2", "jobs: 1"), {
			onCellMessage: ({ id }, { kind }) => told.push(`${id} ${kind}`),
		});
		expect(told.filter((message) => message.endsWith(" evaluating"))).toEqual([
			"none_seed1 evaluating",
			"none_seed1 evaluating",
			"k1_seed1 evaluating",
		]);
		expect(records[1].before).toEqual(records[0].before);
		expect(readdirSync(join(dir, "out", "first-evaluations")).length).toBe(1);
	});

	test("puts what is no run aside, and says so", async () => {
		mkdirSync(cell("none_seed1"), { recursive: true });
		writeFileSync(cell("none_seed1", "manifest.json"), "{");
		const { notes, records } = await run();
		expect(notes.join()).toMatch(
			/none_seed1: Expected a run directory .*; put aside at .*none_seed1\.aside-1$/,
		);
		expect(readFileSync(cell("none_seed1.aside-1", "manifest.json"), "utf8")).toBe("{");
		expect(records.map(({ outcome }) => outcome)).toEqual(["finished", "finished"]);
	});

	test("refuses runs of other settings and a second process, and takes more seeds", async () => {
		const few = file.replace("train.steps: 3", "train.steps: 1");
		await run(few);
		await expect(run(few.replace("maxTokens: 8", "maxTokens: 9"))).rejects.toThrow(
			/to be of this experiment but none_seed1 was run with another rollout\.maxTokens/,
		);
		const more = await run(few.replace("seeds: [1]", "seeds: [1, 2]"));
		expect(more.started).toEqual(["none_seed2", "k1_seed2"]);
		const held = new ExperimentFolder(join(dir, "out"));
		try {
			await expect(run(few)).rejects.toThrow(/to be idle but process/);
		} finally {
			held.close();
		}
	});
});

/** As a system does that runs out of memory. */
function killChildren(): void {
	for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
		try {
			const parent = / (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8").split(")")[1].slice(2))?.[1];
			const program = readFileSync(`/proc/${pid}/cmdline`, "utf8");
			if (Number(parent) === process.pid && program.includes("cell-process"))
				process.kill(Number(pid), "SIGKILL");
		} catch {
			// It has ended meanwhile.
		}
	}
}
