import { type Axis, linearAxis, logAxis, marker, type Position, text } from "../../../plots/svg.ts";
import type { CurveName } from "../../curves.ts";
import { shortAxis } from "../format.ts";
import type { Report } from "../model.ts";
import type { Figure } from "./figure.ts";
import { finite, positive } from "./finite.ts";
import type { Layout, Placed } from "./layout.ts";
import {
	type Box,
	between,
	broken,
	frame,
	horizontal,
	legend,
	linear,
	logarithmic,
	top,
	vertical,
} from "./panel.ts";

interface Quantity {
	readonly title: string;
	readonly of: CurveName;
	/** Over many powers of ten where a run collapses. */
	readonly log?: boolean;
}

const quantities: readonly Quantity[] = [
	{ title: "reward", of: "reward" },
	{ title: "KL(policy || reference)", of: "klPerToken", log: true },
	{ title: "KL(reference || policy)", of: "forwardKlPerToken", log: true },
	{ title: "entropy", of: "entropy" },
	{ title: "tokens", of: "length" },
	{ title: "top 1% of weight", of: "topWeightShare" },
];

const panel = { width: 158, height: 150 } as const;
const left = 52;
const pitch = panel.width + 46;
const width = left + quantities.length * pitch;
const rowHeight = panel.height + 76;

/** What training did, step by step: a picture a strength, a row of panels each. What has no strength is in each. */
export function curvesFigures(report: Report, layout: Layout): Figure[] {
	const { strengthAxis, binWidth, configurations } = report;
	if (configurations.every(({ curves }) => curves.step.length === 0)) return [];
	const strengths = layout.strengths.length === 0 ? [""] : layout.strengths;
	return strengths.map((strength, i): Figure => {
		const placed = layout.placed.filter((each) => each.strength === strength || each.strength === "");
		const key = legend(
			layout.series.filter((series) => placed.some((each) => each.series === series)),
			width - 16,
			[24, 12],
		);
		const rows = layout.rows.filter((row) => placed.some((each) => each.row === row));
		const body = rows.flatMap((row, r) => {
			const y = key.height + top + r * rowHeight;
			const own = placed.filter((each) => each.row === row);
			return [
				...(row === "" ? [] : [text(16, y - 28, row, { size: 13, weight: 600 })]),
				...quantities.flatMap((quantity, c) =>
					curvePanel(quantity, { x: left + c * pitch, y, ...panel }, own, placed, r === rows.length - 1),
				),
			];
		});
		const at = strength === "" ? "" : `, ${shortAxis(strengthAxis)} ${strength}`;
		return {
			id: `figure-curves-${i + 1}`,
			title: `Training${at}`,
			caption: `Means over seeds of ${binWidth === 1 ? "each step" : `${binWidth} steps each`}; bands: the lowest and the highest seed. KLs and entropy of a token, in nats; a seed that ended early counts as far as it went; lines break where a seed's value is not finite.`,
			size: [width, key.height + top + rows.length * rowHeight - 22],
			body: [...key.body, ...body],
		};
	});
}

/** @param all those of the other rows too, which share the axes */
function curvePanel(
	{ title, of, log = false }: Quantity,
	box: Box,
	own: readonly Placed[],
	all: readonly Placed[],
	last: boolean,
): string[] {
	const bands = all.map(({ configuration: { curves } }) => curves.of[of]);
	const every = bands.flatMap(({ low, high }) => [...low, ...high]);
	const values = log ? positive(every) : finite(every);
	const steps = all.flatMap(({ configuration: { curves } }) => curves.step);
	if (values.length === 0 || steps.length === 0) {
		return [
			...frame({ box, title, across: [], up: [] }),
			text(box.x + 8, box.y + 20, "not measured", { className: "soft" }),
		];
	}
	const across = linearAxis([0, Math.max(...steps)], horizontal(box));
	const up: Axis = log ? logAxis(values, 0.04, vertical(box)) : linearAxis(values, vertical(box));
	const least = Math.min(...values);
	const heightOf = (value: number | null) => (value === null || (log && value < least) ? null : up.at(value));
	return [
		...frame({
			box,
			title,
			across: linear(across, 4),
			up: log ? logarithmic(up, 5) : linear(up, 4),
			...(last ? { acrossTitle: "step" } : {}),
		}),
		...own.flatMap(({ configuration: { curves }, series: { style } }) =>
			between(
				curves.step.map((step, i) => {
					const { low, high } = curves.of[of];
					const most = heightOf(high[i]);
					if (most === null) return null;
					// What lies below a logarithmic axis reaches its end.
					return [across.at(step), heightOf(low[i]) ?? box.y + box.height, most] as const;
				}),
				style,
			),
		),
		...own.flatMap(({ configuration: { curves }, series: { style } }) => {
			const points = curves.of[of].mean.map((value, i): Position | null => {
				const height = heightOf(value);
				return height === null ? null : [across.at(curves.step[i]), height];
			});
			const there = points.filter((point) => point !== null);
			// A few markers, each series' at places of its own.
			const every = Math.max(1, Math.floor(there.length / 3));
			const marked = there.filter((_, i) => i % every === Math.floor((every * (style + 0.5)) / 9));
			return [...broken(points, style, 1.6), ...marked.map((point) => marker(style, point, 0.7))];
		}),
	];
}
