import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { countParameters } from "../../src/engine/local/memory.ts";
import { matmulOperations } from "../../src/engine/local/operations.ts";
import { writeTinyModel } from "../../src/testing/tiny-model.ts";
import { shapes } from "../shapes.ts";
import {
	completionsOf,
	curves,
	distinctPoints,
	expectedSeconds,
	keyOf,
	oneMore,
	scaledModel,
	toyCurves,
	warmupOf,
} from "./plan.ts";
import { measurePoint, pointMeasurement } from "./point.ts";
import { formatCurve } from "./report.ts";
import { curveResults } from "./results.ts";
import { type CurvesOptions, runCurves } from "./run.ts";

const root = mkdtempSync(join(tmpdir(), "thalia-curves-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("the curves are of the amounts that they claim", () => {
	const amounts = curves.map(({ series }) =>
		series.map(({ points }) => points.map((p) => [completionsOf(p), p.workload.completionTokens])),
	);
	const batch = [8, 16, 32, 64, 128].map((completions) => [completions, 64]);
	expect(amounts).toEqual([
		[batch, batch],
		[
			[
				[8, 64],
				[8, 256],
				[8, 1024],
			],
		],
		[Array.from({ length: 5 }, () => [16, 64])],
	]);
	// The shortest length is the smallest batch, and the largest model a middle batch: measured once.
	const distinct = distinctPoints(curves);
	expect(distinct).toHaveLength(5 + 5 + 3 + 5 - 2);
	expect(new Set(distinct.map(keyOf)).size).toBe(distinct.length);
});

test("scaled models keep the proportions of SmolLM2-135M, which is the last of them", () => {
	expect(scaledModel(9)).toEqual(shapes["smollm2-135m"].config);
	const parameters = [2, 3, 5, 7, 9].map((heads) => countParameters(scaledModel(heads)) / 1e6);
	expect(parameters.map((millions) => Number(millions.toPrecision(2)))).toEqual([1.4, 5, 22, 61, 130]);
	// 3 heads of 64: 192 wide, a third of 30 layers, a ninth of 49152 tokens up to the next 64.
	expect(scaledModel(3)).toMatchObject({
		hiddenSize: 192,
		intermediateSize: 512,
		numLayers: 10,
		numKvHeads: 1,
		vocabSize: 5504,
	});
});

test("the products of a long completion, counted by hand", () => {
	const { config } = shapes.toy;
	const workload = { prompts: 1, groupSize: 1, promptTokens: 2, completionTokens: 1001 };
	const layer = 32 * (4 + 2 * 2) * 8 + 32 * 32 + 3 * 32 * 48;
	// The prompt's rows see 1 and 2 rows, the completion's first 1000 see 3 to 1002.
	const pairs = 3 + (1000 * (3 + 1002)) / 2;
	const multiplyAdds = 1002 * 2 * layer + 2 * 2 * 32 * pairs + 1001 * 64 * 32;
	expect(matmulOperations(config, workload).sample).toBe(2 * multiplyAdds);
});

test("short steps are repeated, long ones are measured once", () => {
	const counted = (step: number) => {
		let steps = 0;
		while (oneMore(steps, steps * step, step)) steps++;
		return steps;
	};
	expect([0.01, 0.5, 2, 15, 25, 50, 1000].map(counted)).toEqual([9, 6, 3, 3, 2, 1, 1]);
	expect(expectedSeconds(50)).toBe(3 + 1.3 * 50);
	expect(warmupOf(shapes.small.workload).completionTokens).toBe(16);
});

test.each(["f32", "bf16"] as const)("one %s point of the toys is measured", async (dtype) => {
	const [point] = distinctPoints(toyCurves);
	const model = writeTinyModel(join(root, dtype), { config: point.config, dtype, scale: 1 });
	const seen: unknown[] = [];
	const measured = await measurePoint({
		...{ model, dtype, threads: 1, workload: point.workload },
		onStep: (times) => seen.push(times),
	});
	// What a process prints is read back through this schema.
	expect(pointMeasurement.parse(JSON.parse(JSON.stringify(measured)))).toEqual(measured);
	expect(seen).toEqual(measured.steps);
	expect(measured.environment).toMatchObject({ dtype, threads: 1, isa: expect.any(String) as string });
	expect(measured.memory.peak).toBeGreaterThanOrEqual(measured.memory.loaded);
	const [batch] = curveResults(toyCurves, new Map([[keyOf(point), measured]]), 1);
	expect(batch.series.map(({ points }) => points.length)).toEqual([1, 0]);
	const [{ sampledPerSecond, median }] = batch.series[0].points;
	expect(sampledPerSecond * median.sample).toBeCloseTo(2 * 4, 6);
	expect(formatCurve(batch)).toMatch(/^toy-4 +2 +6 \+ 4 +/m);
});

test("a run launches the roofline, then each model once and its points, and keeps results as they come", async () => {
	const launched: string[] = [];
	const kept: number[] = [];
	const said: string[] = [];
	const steps = [{ sample: 2, reference: 1, learn: 3 }];
	const answers = {
		prepare: "",
		point: JSON.stringify({ steps, memory: { loaded: 1, peak: 2 }, environment: {} }),
		roofline: JSON.stringify({
			...{ bandwidth: 10, copyBytes: 1, gigaflops: 100, decodingRows: 1, learningRows: 1 },
			points: [{ group: "kernels", name: "one", operations: 1e9, bytes: 2e9, seconds: 0.5 }],
			environment: {},
		}),
	};
	const options: CurvesOptions = {
		...{ dtype: "bf16", threads: 2, toy: true },
		launch: (command, { model, name }) => {
			launched.push([command, name, model].join(" ").trim().replace("  ", " "));
			return Promise.resolve(answers[command]);
		},
		folderOf: (model) => `/${model}`,
		remove: (folder) => launched.push(`remove ${folder}`),
		say: (text) => said.push(text),
		onResults: (results) => kept.push(results.curves[0].series.flatMap(({ points }) => points).length),
	};
	const { roofline, curves: results } = await runCurves(options);
	expect(launched).toEqual([
		"roofline",
		...["prepare toy-4 /toy-4", "point /toy-4", "point /toy-4", "point /toy-4", "remove /toy-4"],
		...["prepare toy-8 /toy-8", "point /toy-8", "point /toy-8", "remove /toy-8"],
	]);
	expect(kept).toEqual([1, 2, 2, 3, 4]);
	// 2 GB in half a second is 4 GB/s, below the 10 of a copy.
	expect(roofline.points[0]).toMatchObject({
		gigaflops: 2,
		intensity: 0.5,
		gigabytesPerSecond: 4,
		ofRoof: 0.4,
	});
	expect(results[1].series[0].points.map(({ position }) => position)).toEqual([4, 8]);
	expect(said.at(-1)).toMatch(/^toy-8 .* 4 completions of 6 \+ 4 tokens \(5 of 5, about .* left\)$/);
});
