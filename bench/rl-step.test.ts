import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { matmulOperations } from "../src/engine/local/operations.ts";
import { matmulFloor } from "./floor.ts";
import { type Measurement, measurement, median, merge } from "./measurement.ts";
import { readJob, writeModelFolder } from "./model-folder.ts";
import { formatComparison, kept, ratios } from "./report.ts";
import { measureRlStep } from "./rl-step.ts";
import { shapes } from "./shapes.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-bench-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test.each(["f32", "bf16"] as const)("one %s step of the toy shape is measured whole", async (dtype) => {
	const model = writeModelFolder(join(root, dtype), "toy", dtype);
	const { config, workload } = shapes.toy;
	expect(readJob(model).prompts.map(({ length }) => length)).toEqual([6, 6]);
	const measured = await measureRlStep({ model, dtype, threads: 1, warmup: 1, steps: 1 });
	// What a process prints is read back through this schema.
	expect(measurement.parse(JSON.parse(JSON.stringify(measured)))).toEqual(measured);
	expect(measured).toMatchObject({ side: "thalia", tokens: 20, environment: { dtype, threads: 1 } });
	expect(measured.steps).toHaveLength(1);
	const [{ sample, reference, learn, step }] = measured.steps;
	expect(sample + reference + learn).toBeCloseTo(step, 6);
	expect(measured.memory.peak).toBeGreaterThanOrEqual(measured.memory.loaded);
	const matmul = { gigaflops: 1, floor: matmulFloor(config, workload, 1) };
	expect(formatComparison({ shape: "toy", dtype, workload, matmul, thalia: measured })).toContain(
		"2 prompts",
	);
});

function made(side: string, steps: readonly number[], peak: number): Measurement {
	return {
		side,
		steps: steps.map((step) => ({ sample: step / 2, reference: step / 8, learn: (step * 3) / 8, step })),
		tokens: 100,
		memory: { loaded: 1, peak },
		environment: {},
	};
}

test("ratios are Thalia over the peer, of medians over all processes and of the highest peaks", () => {
	const thalia = merge([made("thalia", [1, 9], 3e6), made("thalia", [2], 4e6)]);
	const peer = merge([made("trl", [4, 4], 16e6), made("trl", [5], 8e6)]);
	expect(ratios(thalia, peer)).toEqual({ step: 0.5, sample: 0.5, rest: 0.5, peak: 0.25 });
	const { workload } = shapes.toy;
	const floor = { sample: 0.5, reference: 0.125, learn: 0.25, step: 0.8 };
	const matmul = { gigaflops: 100, floor };
	const generator = { side: "llama.cpp", sample: [3, 4, 9], tokens: 100, environment: {} };
	const comparison = { shape: "toy", dtype: "f32", workload, matmul, thalia, peer, generator };
	expect(kept(comparison)).toMatchObject({ ratio: { step: 0.5 }, peer: { median: { step: 4, learn: 1.5 } } });
	expect(formatComparison(comparison)).toMatch(/^thalia \/ trl +0\.50x +0\.50x +0\.25x$/m);
	// A peer that only samples: medians of 1 and 4 s.
	expect(kept(comparison)).toMatchObject({ generator: { ratio: 0.25, median: 4 } });
	expect(formatComparison(comparison)).toMatch(/^llama\.cpp +4\.00 s( +-){4} +25 +- +-$/m);
	expect(formatComparison(comparison)).toMatch(/^thalia \/ llama\.cpp +0\.25x$/m);
	expect(kept(comparison)).toMatchObject({ overFloor: { sample: 2, reference: 2, learn: 3, step: 2.5 } });
	expect(formatComparison(comparison)).toMatch(/^thalia \/ floor +2\.00x +2\.00x +3\.00x +2\.50x/m);
	expect(median([3, 1, 2, 10])).toBe(2.5);
});

test("the matrix products of a step, counted by hand", () => {
	const { config, workload } = shapes.toy;
	// Two prompts of 6 and four completions of 5, the last token of which only the head sees: 12 + 4 x 4 rows.
	const layer = 32 * (4 + 2 * 2) * 8 + 32 * 32 + 3 * 32 * 48;
	// A prompt's rows see 1 to 6 rows, a completion's 7 to 10; in 2 layers, 4 heads of 8, two products.
	const pairs = 2 * (21 + 2 * (7 + 8 + 9 + 10));
	const once = 2 * ((12 + 16) * 2 * layer + 2 * 2 * 4 * 8 * pairs + 4 * 5 * 64 * 32);
	const operations = matmulOperations(config, workload);
	expect(operations).toEqual({ sample: once, reference: once, learn: 3 * once, step: 5 * once });
	expect(matmulFloor(config, workload, 2).step).toBeCloseTo((5 * once) / 2e9, 12);
});
