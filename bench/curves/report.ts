import { formatTable } from "../../src/cli/table.ts";
import { short } from "../../src/plots/svg.ts";
import type { CurveResult, PointResult, RooflineResult } from "./results.ts";

export function formatCurve({ title, series }: CurveResult): string {
	const header = [
		"",
		"completions",
		"tokens",
		"parameters",
		"sampled/s",
		"/ floor",
		"reference",
		"/ floor",
		"learn",
		"/ floor",
		"peak RSS",
		"steps",
	];
	const rows = series.flatMap(({ points }) => points.map(pointRow));
	return `${title}\n${formatTable([header, ...rows])}`;
}

function pointRow(point: PointResult): string[] {
	const { model, parameters, workload, median, overFloor, memory, steps } = point;
	return [
		model,
		String(workload.prompts * workload.groupSize),
		`${workload.promptTokens} + ${workload.completionTokens}`,
		short(parameters),
		point.sampledPerSecond.toFixed(0),
		times(overFloor.sample),
		seconds(median.reference),
		times(overFloor.reference),
		seconds(median.learn),
		times(overFloor.learn),
		`${(memory.peak / 1e6).toFixed(0)} MB`,
		String(steps.length),
	];
}

export function formatRoofline({ bandwidth, gigaflops, points, copyBytes }: RooflineResult): string {
	const header = ["", "flop/byte", "GFLOP/s", "GB/s", "of the roof"];
	const rows = points.map((point) => [
		point.group === "kernels" ? point.name : `${point.name}, ${point.group}`,
		point.intensity.toFixed(point.intensity < 10 ? 2 : 0),
		point.gigaflops.toFixed(1),
		point.gigabytesPerSecond.toFixed(1),
		`${(100 * point.ofRoof).toFixed(0)}%`,
	]);
	return [
		`Roofline: ${bandwidth.toFixed(1)} GB/s (a copy of ${(copyBytes / 2 ** 20).toFixed(0)} MiB), ${gigaflops.toFixed(0)} GFLOP/s (the best product)`,
		formatTable([header, ...rows]),
	].join("\n");
}

export function times(ratio: number): string {
	return `${ratio.toFixed(ratio < 10 ? 1 : 0)}x`;
}

function seconds(value: number): string {
	return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}
