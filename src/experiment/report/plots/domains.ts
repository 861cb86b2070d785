import { linearAxis, marker, text } from "../../../plots/svg.ts";
import { shortAxis } from "../format.ts";
import type { Report } from "../model.ts";
import type { Figure } from "./figure.ts";
import { finite } from "./finite.ts";
import type { Layout } from "./layout.ts";
import { frame, horizontal, legend, linear, percentTick, top, vertical, whisker } from "./panel.ts";

const panel = { width: 220, height: 220 } as const;
const left = 66;
const pitch = panel.width + 52;

/** In-domain against out-of-domain accuracy: a panel a strength and row. What has no strength is in every panel. */
export function domainsFigure({ domains, strengthAxis }: Report, layout: Layout): Figure[] {
	if (domains.length < 2) return [];
	const [inside, outside] = domains;
	const points = layout.placed.flatMap(({ configuration: { measures }, ...place }) => {
		const [x, y] = [measures[inside.domain].mean.value, measures[outside.domain].mean.value];
		return x === null || y === null ? [] : [{ ...place, x, y }];
	});
	if (points.length === 0) return [];
	const columns = layout.strengths.length === 0 ? [""] : layout.strengths;
	const width = Math.max(560, left + columns.length * pitch);
	const key = legend(layout.series, width - 16, [24, 12], { lines: false });
	const rowHeight = panel.height + 84;
	const ends = (of: "x" | "y") => finite(points.flatMap((point) => [point[of].low, point[of].high]));
	const body = layout.rows.flatMap((row, r) => {
		const y = key.height + top + r * rowHeight;
		return [
			...(row === "" ? [] : [text(16, y - 28, row, { size: 13, weight: 600 })]),
			...columns.flatMap((strength, c) => {
				const box = { x: left + c * pitch, y, ...panel };
				const [across, up] = [linearAxis(ends("x"), horizontal(box)), linearAxis(ends("y"), vertical(box))];
				const own = points.filter(
					(point) => point.row === row && (point.strength === strength || point.strength === ""),
				);
				return [
					...frame({
						box,
						...(strength === "" ? {} : { title: `${shortAxis(strengthAxis)} ${strength}` }),
						across: linear(across, 5, percentTick),
						up: linear(up, 5, percentTick),
						acrossTitle: `${inside.domain} %`,
						...(c === 0 ? { upTitle: `${outside.domain} %` } : {}),
					}),
					...own.flatMap(({ x, y: value, series: { style } }) => {
						const [px, py] = [across.at(x.estimate), up.at(value.estimate)];
						return [
							whisker([across.at(x.low), py], [across.at(x.high), py], style),
							whisker([px, up.at(value.low)], [px, up.at(value.high)], style),
						];
					}),
					...own.map(({ x, y: value, series: { style } }) =>
						marker(style, [across.at(x.estimate), up.at(value.estimate)]),
					),
				];
			}),
		];
	});
	return [
		{
			id: "figure-domains",
			title: `Accuracy, ${inside.domain} and ${outside.domain}`,
			caption: `mean@${inside.samples} and mean@${outside.samples} after training, with 95% intervals over seeds and problems. The further to the top right, the better.`,
			size: [width, key.height + top + layout.rows.length * rowHeight - 30],
			body: [...key.body, ...body],
		},
	];
}
