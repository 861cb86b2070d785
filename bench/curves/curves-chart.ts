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
import { times } from "./report.ts";
import type { CurveResult, PointResult } from "./results.ts";

/** What one column of panels shows. */
interface Quantity {
	readonly title: string;
	readonly of: (point: PointResult) => number;
	/** What the products alone would make of it. */
	readonly floor?: (point: PointResult) => number;
	readonly over?: (point: PointResult) => number;
	/** The floor lies above: more is better. */
	readonly falling?: boolean;
}

const quantities: readonly Quantity[] = [
	{
		title: "sampling, tokens/s",
		of: (point) => point.sampledPerSecond,
		floor: (point) => (point.sampledPerSecond * point.median.sample) / point.floor.sample,
		over: (point) => point.overFloor.sample,
		falling: true,
	},
	{
		title: "reference log-probs, s",
		of: (point) => point.median.reference,
		floor: (point) => point.floor.reference,
		over: (point) => point.overFloor.reference,
	},
	{
		title: "learning, s",
		of: (point) => point.median.learn,
		floor: (point) => point.floor.learn,
		over: (point) => point.overFloor.learn,
	},
	{ title: "peak memory, GB", of: (point) => point.memory.peak / 1e9 },
];

const panelWidth = 190;
const panelHeight = 150;
const left = 52;
const pitch = panelWidth + left + 8;
const rowHeight = panelHeight + 96;
const top = 62;
const width = quantities.length * pitch + 16;

/** Every quantity over every axis, with the floor of its products. */
export function curvesSvg(curves: readonly CurveResult[], gigaflops: number, caption: string): string {
	const height = top + curves.length * rowHeight + 24;
	const names = seriesOf(curves);
	const body = [
		...legend(names, gigaflops),
		...curves.flatMap((curve, row) => {
			const y = top + row * rowHeight;
			return [
				text(16, y + 20, curve.title, { size: 13, weight: 600 }),
				...quantities.flatMap((quantity, column) =>
					panel(curve, quantity, names, [left + column * pitch, y + 50]),
				),
			];
		}),
	];
	return document("What a step costs", caption, [width, height], body);
}

/** Models keep their colour and marker in all panels. */
function seriesOf(curves: readonly CurveResult[]): Map<string, Series> {
	const names = [...new Set(curves.flatMap(({ series }) => series.map(({ name }) => name)))];
	return new Map(names.map((name, i) => [name, (i % 3) as Series]));
}

function legend(names: ReadonlyMap<string, Series>, gigaflops: number): string[] {
	let x = 20;
	const parts: string[] = [];
	for (const [name, series] of names) {
		parts.push(marker(series, [x, 46]), text(x + 10, 50, name));
		x += 40 + name.length * 7;
	}
	const floor = `floor: the matrix products alone at ${gigaflops.toFixed(0)} GFLOP/s; 2.0x: twice its time`;
	const dashes = [
		[x, 46],
		[x + 28, 46],
	] as const;
	return [...parts, line(dashes, "axis", { width: 1.5, dashed: true }), text(x + 36, 50, floor)];
}

function panel(
	curve: CurveResult,
	quantity: Quantity,
	names: ReadonlyMap<string, Series>,
	[x, y]: Position,
): string[] {
	const points = curve.series.flatMap((series) => series.points);
	const { of, floor = of } = quantity;
	const across = logAxis(
		points.map(({ position }) => position),
		0.09,
		[x, x + panelWidth],
	);
	const values = points.flatMap((point) => [of(point), floor(point)]);
	const up = logAxis(values, 0.2, [y + panelHeight, y]);
	return [
		text(x, y - 8, quantity.title, { className: "soft" }),
		...frame(
			across,
			up,
			points.map(({ position }) => position),
			[x, y],
		),
		text(x + panelWidth / 2, y + panelHeight + 30, curve.label, {
			anchor: "middle",
			size: 11,
			className: "soft",
		}),
		...curve.series.flatMap(({ name, points: own }) => plot(own, quantity, names.get(name)!, across, up)),
	];
}

function frame(across: Axis, up: Axis, positions: readonly number[], [x, y]: Position): string[] {
	const bottom = y + panelHeight;
	const ticks = logTicks(up, 6).flatMap((value) => [
		line(
			[
				[x, up.at(value)],
				[x + panelWidth, up.at(value)],
			],
			"grid",
		),
		text(x - 6, up.at(value) + 4, short(value), { anchor: "end", size: 10, className: "soft" }),
	]);
	const marks = [...new Set(positions)].map((value) =>
		text(across.at(value), bottom + 14, short(value), { anchor: "middle", size: 10, className: "soft" }),
	);
	const corner = [
		[x, y],
		[x, bottom],
		[x + panelWidth, bottom],
	] as const;
	return [...ticks, line(corner, "axis"), ...marks];
}

function plot(
	points: readonly PointResult[],
	{ of, floor, over, falling = false }: Quantity,
	series: Series,
	across: Axis,
	up: Axis,
): string[] {
	const through = (value: (point: PointResult) => number) =>
		points.map((point) => [across.at(point.position), up.at(value(point))] as const);
	const measured = through(of);
	const parts = [line(measured, `line${series}`, { width: 2 })];
	if (floor !== undefined) parts.unshift(line(through(floor), `line${series}`, { width: 1.5, dashed: true }));
	parts.push(...measured.map((at) => marker(series, at)));
	if (over === undefined) return parts;
	const labels = points.map((point, i) => {
		const [x, y] = measured[i];
		return text(x, falling ? y + 16 : y - 9, times(over(point)), {
			anchor: "middle",
			size: 10,
			className: "ink halo",
		});
	});
	return [...parts, ...labels];
}
