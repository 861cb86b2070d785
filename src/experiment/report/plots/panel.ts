import {
	type Axis,
	area,
	dashOf,
	line,
	linearTicks,
	logTicks,
	marker,
	type Position,
	type Series,
	short,
	text,
} from "../../../plots/svg.ts";
import type { PlotSeries } from "./layout.ts";

/** Where a panel's axes are. */
export interface Box {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
}

export const horizontal = ({ x, width }: Box): [number, number] => [x, x + width];
export const vertical = ({ y, height }: Box): [number, number] => [y + height, y];

export interface Tick {
	readonly at: number;
	readonly label: string;
}

export interface Frame {
	readonly box: Box;
	readonly title?: string;
	readonly across: readonly Tick[];
	readonly up: readonly Tick[];
	/** What the axes show. */
	readonly acrossTitle?: string;
	readonly upTitle?: string;
}

/** Grid, numbers and names of a panel. */
export function frame({ box, title, across, up, acrossTitle, upTitle }: Frame): string[] {
	const { x, y, width, height } = box;
	const bottom = y + height;
	const small = { size: 11, className: "soft" } as const;
	return [
		...(title === undefined ? [] : [text(x, y - 9, title, { weight: 600 })]),
		...up.flatMap(({ at, label }) => [
			line(
				[
					[x, at],
					[x + width, at],
				],
				"grid",
			),
			text(x - 7, at + 4, label, { ...small, anchor: "end" }),
		]),
		...across.flatMap(({ at, label }) => [
			line(
				[
					[at, bottom],
					[at, bottom + 4],
				],
				"axis",
			),
			text(at, bottom + 17, label, { ...small, anchor: "middle" }),
		]),
		line(
			[
				[x, y],
				[x, bottom],
				[x + width, bottom],
			],
			"axis",
		),
		...(acrossTitle === undefined
			? []
			: [text(x + width / 2, bottom + 33, acrossTitle, { ...small, anchor: "middle" })]),
		...(upTitle === undefined
			? []
			: [
					`<g transform="translate(${x - 40} ${y + height / 2}) rotate(-90)">${text(0, 0, upTitle, { ...small, anchor: "middle" })}</g>`,
				]),
	];
}

export function linear(axis: Axis, most: number, label: (value: number) => string = short): Tick[] {
	return linearTicks(axis, most).map((value) => ({ at: axis.at(value), label: label(value) }));
}

export function logarithmic(axis: Axis, most: number): Tick[] {
	return logTicks(axis, most).map((value) => ({ at: axis.at(value), label: short(value) }));
}

/** A percentage without what rounding adds to it. */
export function percentTick(value: number): string {
	return String(Number((100 * value).toPrecision(4)));
}

/** A line through points, broken where one is missing. */
export function broken(points: readonly (Position | null)[], series: Series, width: number): string[] {
	return runsOf(points).map((run) => line(run, `line${series}`, { width, dash: dashOf(series) }));
}

/** What lies between two lines over the same places, broken where either is missing. */
export function between(
	points: readonly (readonly [x: number, low: number, high: number] | null)[],
	series: Series,
): string[] {
	return runsOf(points)
		.filter((run) => run.length > 1)
		.map((run) =>
			area(
				[
					...run.map(([x, low]): Position => [x, low]),
					...run.map(([x, , high]): Position => [x, high]).reverse(),
				],
				`fill${series}`,
			),
		);
}

function runsOf<T>(points: readonly (T | null)[]): T[][] {
	const runs: T[][] = [[]];
	for (const point of points) {
		if (point !== null) runs.at(-1)!.push(point);
		else if (runs.at(-1)!.length > 0) runs.push([]);
	}
	return runs.filter((run) => run.length > 0);
}

/** A whisker from end to end. */
export function whisker(from: Position, to: Position, series: Series): string {
	return line([from, to], `line${series}`, { width: 1.5 });
}

/** Between the legend and the first panels: room for the name of their row and their titles. */
export const top = 54;

const lineHeight = 20;
const sample = 26;

/** Markers, lines and names, in as many lines as the width asks for. */
export function legend(
	series: readonly PlotSeries[],
	width: number,
	[left, top]: Position,
	{ lines = true }: { readonly lines?: boolean } = {},
): { readonly body: string[]; readonly height: number } {
	const body: string[] = [];
	let [x, y] = [left, top];
	for (const { name, style } of series) {
		const length = sample + 8 + widthOf(name) + 22;
		if (x > left && x + length > width) [x, y] = [left, y + lineHeight];
		const dash = dashOf(style);
		if (lines)
			body.push(
				line(
					[
						[x, y],
						[x + sample, y],
					],
					`line${style}`,
					{ width: 2, dash },
				),
			);
		body.push(marker(style, [x + sample / 2, y]), text(x + sample + 8, y + 4, name));
		x += length;
	}
	return { body, height: y - top + lineHeight };
}

/** Pixels of a text of 12, about: enough for wide fonts. */
export function widthOf(content: string): number {
	return content.length * 7;
}
