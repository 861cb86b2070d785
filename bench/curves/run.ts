import { countParameters } from "../../src/engine/local/memory.ts";
import type { WeightDtype } from "../../src/engine/local/weights.ts";
import { short } from "../../src/plots/svg.ts";
import { matmulFloor } from "../floor.ts";
import {
	type Curve,
	completionsOf,
	curves,
	distinctPoints,
	expectedSeconds,
	keyOf,
	type Point,
	toyCurves,
} from "./plan.ts";
import { medianTimes, type PointMeasurement, pointMeasurement } from "./point.ts";
import { type CurveResult, curveResults, type RooflineResult, rooflineResult } from "./results.ts";
import { rooflineMeasurement } from "./roofline.ts";

export interface CurvesOptions {
	readonly dtype: WeightDtype;
	readonly threads: number;
	/** Toys instead of models, to test the benchmark itself. */
	readonly toy: boolean;
	/** Runs bench/curves/main.ts in a process of its own, so that memory is that of one point: what it printed. */
	readonly launch: (
		command: "prepare" | "point" | "roofline",
		options: Readonly<Record<string, string | number>>,
	) => Promise<string>;
	/** A place for a model's files, and how they go. */
	readonly folderOf: (model: string) => string;
	readonly remove: (folder: string) => void;
	readonly say: (text: string) => void;
	/** After every point: what is measured is not lost to what comes after it. */
	readonly onResults: (results: CurvesResults) => void;
}

export interface CurvesResults {
	/** GFLOP/s of the floors. */
	readonly gigaflops: number;
	readonly curves: readonly CurveResult[];
	readonly roofline: RooflineResult;
}

/** The roofline first, whose best product sets the floors, then every point. */
export async function runCurves(options: CurvesOptions): Promise<CurvesResults> {
	const { dtype, threads, toy, launch, say } = options;
	const plan: readonly Curve[] = toy ? toyCurves : curves;
	const points = distinctPoints(plan);
	say(`roofline, ${dtype}; then ${points.length} points of the curves`);
	const printed = await launch("roofline", { size: toy ? "toy" : "full", dtype, threads });
	const roofline = rooflineResult(rooflineMeasurement.parse(JSON.parse(printed)));
	const { gigaflops } = roofline;
	const measured = new Map<string, PointMeasurement>();
	const results = () => ({ gigaflops, curves: curveResults(plan, measured, gigaflops), roofline });

	const pace = new Pace(gigaflops);
	for (const [i, point] of points.entries()) {
		const folder = options.folderOf(point.model);
		if (points[i - 1]?.model !== point.model) {
			await launch("prepare", { model: folder, name: point.model, dtype });
		}
		say(`${describe(point)} (${i + 1} of ${points.length}, about ${pace.left(points.slice(i))} left)`);
		const measurement = await measure(point, folder, options);
		measured.set(keyOf(point), measurement);
		pace.saw(point, measurement);
		if (points.at(i + 1)?.model !== point.model) options.remove(folder);
		options.onResults(results());
	}
	return results();
}

async function measure(
	{ workload }: Point,
	model: string,
	{ launch, dtype, threads }: CurvesOptions,
): Promise<PointMeasurement> {
	const { prompts, groupSize, promptTokens, completionTokens } = workload;
	const amounts = {
		prompts,
		"group-size": groupSize,
		"prompt-tokens": promptTokens,
		"completion-tokens": completionTokens,
	};
	return pointMeasurement.parse(JSON.parse(await launch("point", { model, dtype, threads, ...amounts })));
}

function describe(point: Point): string {
	const { promptTokens, completionTokens } = point.workload;
	const size = short(countParameters(point.config));
	return `${point.model} (${size} parameters), ${completionsOf(point)} completions of ${promptTokens} + ${completionTokens} tokens`;
}

/** Foresees the time that is left: steps of later points take as many times their floor as those before. */
class Pace {
	readonly #gigaflops: number;
	#floors = 0;
	#seconds = 0;

	constructor(gigaflops: number) {
		this.#gigaflops = gigaflops;
	}

	saw(point: Point, { steps }: PointMeasurement): void {
		const { sample, reference, learn } = medianTimes(steps);
		this.#floors += this.#floor(point);
		this.#seconds += sample + reference + learn;
	}

	left(points: readonly Point[]): string {
		const ratio = this.#floors === 0 ? 2.5 : this.#seconds / this.#floors;
		const seconds = points.reduce((sum, point) => sum + expectedSeconds(ratio * this.#floor(point)), 0);
		return seconds < 90 ? `${Math.ceil(seconds / 10) * 10} s` : `${Math.ceil(seconds / 60)} min`;
	}

	#floor({ config, workload }: Point): number {
		return matmulFloor(config, workload, this.#gigaflops).step;
	}
}
