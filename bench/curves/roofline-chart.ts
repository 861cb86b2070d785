import {
	type Axis,
	document,
	line,
	logAxis,
	logTicks,
	marker,
	type Position,
	type Series,
	short,
	text,
} from "../../src/plots/svg.ts";
import { boxOf, placeLabels } from "./labels.ts";
import type { RooflineResult } from "./results.ts";
import { roofAt } from "./roofline.ts";

const [width, height] = [920, 640];
const area = { left: 64, top: 78, right: 900, bottom: 560 };
const groups = { decoding: 0, learning: 1, kernels: 2 } as const satisfies Record<string, Series>;

/** What the machine allows, and where the operators stand below it. */
export function rooflineSvg(roofline: RooflineResult, caption: string): string {
	const { bandwidth, gigaflops, points } = roofline;
	const ridge = gigaflops / bandwidth;
	const across = logAxis([...points.map(({ intensity }) => intensity), 3 * ridge], 0.08, [
		area.left,
		area.right,
	]);
	const up = logAxis([...points.map((point) => point.gigaflops), gigaflops], 0.14, [area.bottom, area.top]);
	const at = (intensity: number, rate: number): Position => [across.at(intensity), up.at(rate)];
	const start = Math.max(across.low, up.low / bandwidth);
	const roof = [
		at(start, bandwidth * start),
		...(ridge > start ? [at(ridge, gigaflops)] : []),
		at(across.high, roofAt(roofline, across.high)),
	];

	const most = `${gigaflops.toFixed(0)} GFLOP/s: the best product`;
	const copied = `${bandwidth.toFixed(1)} GB/s: a copy in memory`;
	const mostAt: Position = [area.right - 200, up.at(gigaflops) - 8];
	// On the slope, in the middle of it.
	const middle = Math.sqrt(start * Math.max(start, Math.min(ridge, across.high)));
	const labels = placeLabels(
		[
			{ text: copied, point: at(middle, roofAt(roofline, middle)) },
			...points.map((point) => ({ text: point.name, point: at(point.intensity, point.gigaflops) })),
		],
		area,
		[boxOf(most, mostAt)],
		roof.slice(1).map((to, i) => [roof[i], to] as const),
	);
	return document(
		"Roofline of the operators",
		caption,
		[width, height],
		[
			...legend(roofline),
			...frame(across, up),
			line(roof, "roof", { width: 2 }),
			text(...mostAt, most, { className: "ink halo" }),
			...labels.flatMap(({ leader }) => (leader === undefined ? [] : [line(leader, "axis")])),
			...points.map((point) => marker(groups[point.group], at(point.intensity, point.gigaflops))),
			...labels.map(({ text: name, box }) =>
				text(box.left, box.bottom - 3.6, name, { className: "ink halo" }),
			),
		],
	);
}

function legend({ decodingRows, learningRows }: RooflineResult): string[] {
	const words = [
		[0, `products of decoding, ${decodingRows} rows`],
		[1, `products of learning, ${learningRows} rows`],
		[2, "other kernels: operands in memory, not in a cache"],
	] as const;
	return words.flatMap(([series, meaning], i) => [
		marker(series, [area.left + 6 + 250 * i, 46]),
		text(area.left + 16 + 250 * i, 50, meaning),
	]);
}

function frame(across: Axis, up: Axis): string[] {
	const vertical = logTicks(across, 12).flatMap((value) => [
		line(
			[
				[across.at(value), area.top],
				[across.at(value), area.bottom],
			],
			"grid",
		),
		text(across.at(value), area.bottom + 16, short(value), {
			anchor: "middle",
			size: 11,
			className: "soft",
		}),
	]);
	const horizontal = logTicks(up, 12).flatMap((value) => [
		line(
			[
				[area.left, up.at(value)],
				[area.right, up.at(value)],
			],
			"grid",
		),
		text(area.left - 8, up.at(value) + 4, short(value), { anchor: "end", size: 11, className: "soft" }),
	]);
	const corner = [
		[area.left, area.top],
		[area.left, area.bottom],
		[area.right, area.bottom],
	] as const;
	return [
		...vertical,
		...horizontal,
		line(corner, "axis"),
		text(area.left, area.top - 8, "GFLOP/s", { className: "soft" }),
		text(area.right, area.bottom + 34, "operations per byte of operands and result", {
			anchor: "end",
			className: "soft",
		}),
	];
}
