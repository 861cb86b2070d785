import { countParameters } from "../../src/engine/local/memory.ts";
import type { Workload } from "../../src/engine/local/operations.ts";
import type { DecoderConfig } from "../../src/formats/hf-config.ts";
import { shapes } from "../shapes.ts";

/** One place on the curves: a model and what is done with it. */
export interface Point {
	readonly model: string;
	readonly config: DecoderConfig;
	readonly workload: Workload;
}

/** What a curve changes from point to point; everything else stays. */
export type Axis = "batch" | "length" | "parameters";

export interface Curve {
	readonly axis: Axis;
	readonly title: string;
	/** What stands under the axis. */
	readonly label: string;
	/** Points of one line each. */
	readonly series: readonly { readonly name: string; readonly points: readonly Point[] }[];
}

/** Completions of one prompt, at every point: as many as the batch's smallest point has. */
const groupSize = 8;

function workload(completions: number, completionTokens = 64, promptTokens = 64): Workload {
	return { prompts: completions / groupSize, groupSize, promptTokens, completionTokens };
}

/**
 * SmolLM2-135M made narrower and shallower in its own proportions, which `heads` of 9 gives back: heads of 64, ffn 8/3
 * of the hidden size, layers with the heads, the vocabulary with their square, so that layers and vocabulary both go
 * with their cube. A third of the heads are key-value heads where that is a number, else one is.
 */
export function scaledModel(heads: number): DecoderConfig {
	const whole = shapes["smollm2-135m"].config;
	const hiddenSize = heads * whole.headDim;
	const upTo = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;
	return {
		...whole,
		vocabSize: upTo((whole.vocabSize * heads ** 2) / whole.numHeads ** 2, 64),
		hiddenSize,
		intermediateSize: upTo((8 * hiddenSize) / 3, 32),
		numLayers: Math.floor((whole.numLayers * heads) / whole.numHeads),
		numHeads: heads,
		numKvHeads: heads % 3 === 0 ? heads / 3 : 1,
	};
}

function named(model: "small" | "smollm2-135m", of: Workload): Point {
	return { model, config: shapes[model].config, workload: of };
}

function scaled(heads: number): Point {
	const whole = shapes["smollm2-135m"].config;
	const of = workload(16);
	if (heads === whole.numHeads) return named("smollm2-135m", of);
	return { model: `heads-${heads}`, config: scaledModel(heads), workload: of };
}

/** The curves that are kept. */
export const curves: readonly Curve[] = [
	{
		axis: "batch",
		title: "Over the batch: 64 + 64 tokens, 8 completions a prompt",
		label: "completions",
		series: (["small", "smollm2-135m"] as const).map((name) => ({
			name,
			points: [8, 16, 32, 64, 128].map((completions) => named(name, workload(completions))),
		})),
	},
	{
		axis: "length",
		title: "Over the length: 8 completions of one prompt of 64 tokens",
		label: "tokens of a completion",
		series: [
			{
				name: "smollm2-135m",
				points: [64, 256, 1024].map((tokens) => named("smollm2-135m", workload(8, tokens))),
			},
		],
	},
	{
		axis: "parameters",
		title: "Over the parameters, in the proportions of SmolLM2-135M: 16 completions, 64 + 64 tokens",
		label: "parameters",
		series: [{ name: "smollm2, scaled", points: [2, 3, 5, 7, 9].map(scaled) }],
	},
];

function toy(heads: number, completions: number, completionTokens: number): Point {
	const { config } = shapes.toy;
	const wider = { ...config, numHeads: heads, hiddenSize: heads * config.headDim };
	return {
		model: `toy-${heads}`,
		config: wider,
		workload: { prompts: completions / 2, groupSize: 2, promptTokens: 6, completionTokens },
	};
}

/** For the test of the benchmark itself: all its ways in seconds. Its figures mean nothing. */
export const toyCurves: readonly Curve[] = [
	{
		axis: "batch",
		title: "Over the batch, toys",
		label: "completions",
		series: [4, 8].map((heads) => ({
			name: `toy-${heads}`,
			points: [2, 4].map((n) => toy(heads, n, 4)),
		})),
	},
	{
		axis: "length",
		title: "Over the length, toys",
		label: "tokens of a completion",
		series: [{ name: "toy-4", points: [4, 8].map((tokens) => toy(4, 2, tokens)) }],
	},
	{
		axis: "parameters",
		title: "Over the parameters, toys",
		label: "parameters",
		series: [{ name: "toy", points: [4, 8].map((heads) => toy(heads, 2, 4)) }],
	},
];

/** Equal for points that are the same work: they are measured once. */
export function keyOf({ model, workload: w }: Point): string {
	return [model, w.prompts, w.groupSize, w.promptTokens, w.completionTokens].join(" ");
}

export function completionsOf({ workload: w }: Point): number {
	return w.prompts * w.groupSize;
}

/** Where a point stands on its curve. */
export function positionOf(axis: Axis, point: Point): number {
	if (axis === "batch") return completionsOf(point);
	return axis === "length" ? point.workload.completionTokens : countParameters(point.config);
}

/** Each work once, the first of those with one model after the other. */
export function distinctPoints(of: readonly Curve[]): Point[] {
	const points = of.flatMap(({ series }) => series.flatMap(({ points }) => points));
	const byKey = new Map(points.map((point) => [keyOf(point), point]));
	const models = [...new Set(points.map(({ model }) => model))];
	return models.flatMap((model) => [...byKey.values()].filter((point) => point.model === model));
}

/** Seconds that a point may take beyond its first step: longer steps are measured once. */
const allowance = 55;

/** Short steps are repeated for this many seconds, so that one disturbance is not half of them. */
const leastSeconds = 3;

/** Whether one more step is measured after `done` ones that took `elapsed` seconds, the last of them `last`. */
export function oneMore(done: number, elapsed: number, last: number): boolean {
	if (done === 0) return true;
	if (elapsed + last > allowance) return false;
	return done < 3 || (elapsed < leastSeconds && done < 9);
}

/** The step before the measured ones: a quarter of the tokens fills what the memory is made of. */
export function warmupOf(of: Workload): Workload {
	return { ...of, completionTokens: Math.max(2, Math.ceil(of.completionTokens / 4)) };
}

/** Node, libtorch and the models of a process, roughly. */
const startSeconds = 3;

/** What a point will take where one step takes `step` seconds. */
export function expectedSeconds(step: number): number {
	let steps = 0;
	while (oneMore(steps, steps * step, step)) steps++;
	return startSeconds + (0.3 + steps) * step;
}
