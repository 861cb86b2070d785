import { countParameters } from "../../src/engine/local/memory.ts";
import type { Workload } from "../../src/engine/local/operations.ts";
import { matmulFloor } from "../floor.ts";
import { type Axis, type Curve, completionsOf, keyOf, type Point, positionOf } from "./plan.ts";
import { medianTimes, type PartTimes, type PointMeasurement } from "./point.ts";
import { gigaflopsOf, intensityOf, type RooflineMeasurement, roofAt } from "./roofline.ts";

/** A point of a curve as it is kept: its figures and what they follow from. */
export interface PointResult {
	/** Where it stands on the curve's axis. */
	readonly position: number;
	readonly model: string;
	readonly parameters: number;
	readonly workload: Workload;
	/** Median seconds of each part. */
	readonly median: PartTimes;
	readonly sampledPerSecond: number;
	/** Seconds of the parts' products at the best rate of the run, and how many times that they took. */
	readonly floor: PartTimes;
	readonly overFloor: PartTimes;
	readonly memory: PointMeasurement["memory"];
	readonly steps: readonly PartTimes[];
}

export interface CurveResult {
	readonly axis: Axis;
	readonly title: string;
	readonly label: string;
	readonly series: readonly { readonly name: string; readonly points: readonly PointResult[] }[];
}

/** The curves of those points that are measured already, by `keyOf`. */
export function curveResults(
	curves: readonly Curve[],
	measured: ReadonlyMap<string, PointMeasurement>,
	gigaflops: number,
): CurveResult[] {
	return curves.map(({ axis, title, label, series }) => ({
		axis,
		title,
		label,
		series: series.map(({ name, points }) => ({
			name,
			points: points.flatMap((point) => {
				const measurement = measured.get(keyOf(point));
				return measurement === undefined ? [] : [pointResult(axis, point, measurement, gigaflops)];
			}),
		})),
	}));
}

function pointResult(
	axis: Axis,
	point: Point,
	{ steps, memory }: PointMeasurement,
	gigaflops: number,
): PointResult {
	const { model, config, workload } = point;
	const median = medianTimes(steps);
	const { sample, reference, learn } = matmulFloor(config, workload, gigaflops);
	return {
		position: positionOf(axis, point),
		model,
		parameters: countParameters(config),
		workload,
		median,
		sampledPerSecond: (completionsOf(point) * workload.completionTokens) / median.sample,
		floor: { sample, reference, learn },
		overFloor: {
			sample: median.sample / sample,
			reference: median.reference / reference,
			learn: median.learn / learn,
		},
		memory,
		steps,
	};
}

/** The roofline as it is kept: with what is drawn of each point. */
export function rooflineResult(measurement: RooflineMeasurement) {
	return {
		...measurement,
		points: measurement.points.map((point) => ({
			...point,
			intensity: intensityOf(point),
			gigaflops: gigaflopsOf(point),
			gigabytesPerSecond: point.bytes / point.seconds / 1e9,
			ofRoof: gigaflopsOf(point) / roofAt(measurement, intensityOf(point)),
		})),
	};
}

export type RooflineResult = ReturnType<typeof rooflineResult>;
