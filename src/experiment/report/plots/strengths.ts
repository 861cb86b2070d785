import { line, linearAxis, marker, type Position, text } from "../../../plots/svg.ts";
import { shortAxis } from "../format.ts";
import type { Report } from "../model.ts";
import type { Figure } from "./figure.ts";
import { finite } from "./finite.ts";
import type { Layout } from "./layout.ts";
import { broken, frame, horizontal, legend, linear, percentTick, top, vertical, whisker } from "./panel.ts";

const panel = { width: 430, height: 220 } as const;
const left = 66;
const pitch = panel.width + 64;

/** Accuracy over the strength of the KL: a panel a domain and row. What has no strength stands at the left. */
export function strengthsFigure({ domains, strengthAxis }: Report, layout: Layout): Figure[] {
	if (domains.length === 0 || layout.strengths.length < 2) return [];
	const without = layout.placed.some(({ strength }) => strength === "");
	const alone =
		new Set(layout.placed.flatMap((each) => (each.strength === "" ? [each.series] : []))).size === 1;
	const slots = [...(without ? [""] : []), ...layout.strengths];
	const width = left + domains.length * pitch;
	const key = legend(layout.series, width - 16, [24, 12]);
	const dashes = [
		[24, key.height + 12],
		[50, key.height + 12],
	] as const;
	const keys = [
		...key.body,
		line(dashes, "axis", { dashed: true }),
		text(58, key.height + 16, "before training"),
	];
	const rowHeight = panel.height + 84;
	const body = layout.rows.flatMap((row, r) => {
		const y = key.height + 20 + top + r * rowHeight;
		return [
			...(row === "" ? [] : [text(16, y - 28, row, { size: 13, weight: 600 })]),
			...domains.flatMap(({ domain, samples, before }, c) => {
				const box = { x: left + c * pitch, y, ...panel };
				const valueOf = ({ configuration }: Layout["placed"][number]) =>
					configuration.measures[domain].mean.value;
				const values = layout.placed.flatMap((place) => valueOf(place) ?? []);
				const ends = finite([...values.flatMap(({ low, high }) => [low, high]), before.mean?.estimate]);
				if (ends.length === 0) return [];
				const up = linearAxis(ends, vertical(box));
				const [from, to] = horizontal(box);
				const slot = (to - from) / slots.length;
				const middle = (strength: string) => from + (slots.indexOf(strength) + 0.5) * slot;
				// Side by side, so that no interval hides another.
				const shift = Math.min(9, (0.8 * slot) / layout.series.length);
				const lines = layout.series.map((series, s) => {
					const aside = (s - (layout.series.length - 1) / 2) * shift;
					const points = slots.map((strength) => {
						const place = layout.placed.find(
							(each) => each.series === series && each.row === row && each.strength === strength,
						);
						const value = place === undefined ? null : valueOf(place);
						const x = middle(strength) + (strength === "" && alone ? 0 : aside);
						return value === null ? null : { x, value, strength };
					});
					return { series, points };
				});
				const dots = lines.flatMap(({ series: { style }, points }) =>
					points.flatMap((point) => (point === null ? [] : [{ style, ...point }])),
				);
				return [
					...frame({
						box,
						title: `${domain}, mean@${samples} %`,
						across: slots.map((strength) => ({ at: middle(strength), label: strength || "none" })),
						up: linear(up, 6, percentTick),
						acrossTitle: shortAxis(strengthAxis),
					}),
					...(before.mean === null
						? []
						: [
								line(
									[
										[from, up.at(before.mean.estimate)],
										[to, up.at(before.mean.estimate)],
									],
									"axis",
									{ dashed: true },
								),
							]),
					...lines.flatMap(({ series: { style }, points }) =>
						broken(
							points.map((point): Position | null =>
								point === null || point.strength === "" ? null : [point.x, up.at(point.value.estimate)],
							),
							style,
							1.5,
						),
					),
					...dots.map(({ style, x, value }) => whisker([x, up.at(value.low)], [x, up.at(value.high)], style)),
					...dots.map(({ style, x, value }) => marker(style, [x, up.at(value.estimate)], 0.9)),
				];
			}),
		];
	});
	return [
		{
			id: "figure-strengths",
			title: `Accuracy by ${shortAxis(strengthAxis)}`,
			caption:
				"After training, with 95% intervals over seeds and problems; what lies at one strength is set side by side.",
			size: [width, key.height + 20 + top + layout.rows.length * rowHeight - 30],
			body: [...keys, ...body],
		},
	];
}
