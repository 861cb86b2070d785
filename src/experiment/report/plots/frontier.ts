import { linearAxis, logAxis, marker, type Position, text } from "../../../plots/svg.ts";
import { shortAxis } from "../format.ts";
import type { Report } from "../model.ts";
import type { Figure } from "./figure.ts";
import { finite, positive } from "./finite.ts";
import type { Layout } from "./layout.ts";
import {
	broken,
	frame,
	horizontal,
	legend,
	linear,
	logarithmic,
	percentTick,
	top,
	vertical,
	whisker,
} from "./panel.ts";

const left = 66;
const klTitle = "KL of a completion, nats";

/** Accuracy against the KL that was achieved: a panel a domain and row, strengths joined by lines. */
export function frontierFigure({ domains, strengthAxis }: Report, layout: Layout): Figure[] {
	const panel = { width: 430, height: 240 } as const;
	const pitch = panel.width + 64;
	const kls = positive(layout.placed.map(({ configuration }) => configuration.training.kl));
	if (domains.length === 0 || kls.length === 0) return [];
	const width = left + domains.length * pitch;
	const key = legend(layout.series, width - 16, [24, 12]);
	const rowHeight = panel.height + 84;
	const body = layout.rows.flatMap((row, r) => {
		const y = key.height + top + r * rowHeight;
		return [
			...(row === "" ? [] : [text(16, y - 28, row, { size: 13, weight: 600 })]),
			...domains.flatMap(({ domain, samples }, c) => {
				const box = { x: left + c * pitch, y, ...panel };
				const points = layout.placed.flatMap((place) => {
					const { measures, training } = place.configuration;
					const value = measures[domain].mean.value;
					return value === null || training.kl === null || !kls.includes(training.kl)
						? []
						: [{ ...place, value, kl: training.kl }];
				});
				if (points.length === 0) return [];
				const across = logAxis(kls, 0.06, horizontal(box));
				const up = linearAxis(finite(points.flatMap(({ value }) => [value.low, value.high])), vertical(box));
				const own = points.filter((point) => point.row === row);
				const at = ({ kl, value }: (typeof own)[number]): Position => [across.at(kl), up.at(value.estimate)];
				return [
					...frame({
						box,
						title: `${domain}, mean@${samples} %`,
						across: logarithmic(across, 9),
						up: linear(up, 6, percentTick),
						acrossTitle: klTitle,
					}),
					...layout.series.flatMap((series) =>
						broken(own.filter((point) => point.series === series).map(at), series.style, 1.5),
					),
					...own.map((point) => {
						const [x] = at(point);
						return whisker([x, up.at(point.value.low)], [x, up.at(point.value.high)], point.series.style);
					}),
					...own.map((point) => marker(point.series.style, at(point))),
				];
			}),
		];
	});
	return [
		{
			id: "figure-frontier",
			title: "Accuracy against achieved KL",
			caption: `Each marker is a configuration: mean@k after training, with its 95% interval, over the mean KL(policy || reference) of the last tenth of steps; lines join the values of ${shortAxis(strengthAxis)}. Higher at the same KL is better. What has no finite KL above 0 is left out.`,
			size: [width, key.height + top + layout.rows.length * rowHeight - 30],
			body: [...key.body, ...body],
		},
	];
}

/** Reward against KL over training: a panel a strength and row, steps joined by lines. */
export function pathFigure({ strengthAxis, binWidth }: Report, layout: Layout): Figure[] {
	const panel = { width: 220, height: 190 } as const;
	const pitch = panel.width + 52;
	const paths = layout.placed.map((place) => {
		const { mean: kl } = place.configuration.curves.of.kl;
		return { ...place, kl, reward: place.configuration.curves.of.reward.mean };
	});
	// Where training begins the KL is next to nothing, whatever it is.
	const kls = positive(
		paths.flatMap(({ kl, reward }) => kl.filter((_, i) => reward[i] !== null)),
		4,
	);
	const rewards = finite(paths.flatMap(({ reward }) => reward));
	if (kls.length === 0 || rewards.length === 0) return [];
	const least = Math.min(...kls);
	const columns = layout.strengths.length === 0 ? [""] : layout.strengths;
	const width = Math.max(560, left + columns.length * pitch);
	const key = legend(layout.series, width - 16, [24, 12]);
	const rowHeight = panel.height + 84;
	const body = layout.rows.flatMap((row, r) => {
		const y = key.height + top + r * rowHeight;
		return [
			...(row === "" ? [] : [text(16, y - 28, row, { size: 13, weight: 600 })]),
			...columns.flatMap((strength, c) => {
				const box = { x: left + c * pitch, y, ...panel };
				const [across, up] = [logAxis(kls, 0.03, horizontal(box)), linearAxis(rewards, vertical(box))];
				const own = paths.filter(
					(path) => path.row === row && (path.strength === strength || path.strength === ""),
				);
				return [
					...frame({
						box,
						...(strength === "" ? {} : { title: `${shortAxis(strengthAxis)} ${strength}` }),
						across: logarithmic(across, 5),
						up: linear(up, 5),
						acrossTitle: klTitle,
						...(c === 0 ? { upTitle: "reward" } : {}),
					}),
					...own.flatMap(({ kl, reward, series: { style } }) => {
						const points = kl.map((value, i): Position | null => {
							const own = reward[i];
							return value === null || value < least || own === null ? null : [across.at(value), up.at(own)];
						});
						const last = points.findLast((point) => point !== null);
						return [...broken(points, style, 1.8), ...(last === undefined ? [] : [marker(style, last)])];
					}),
				];
			}),
		];
	});
	return [
		{
			id: "figure-path",
			title: "Reward against KL over training",
			caption: `Means over seeds of ${binWidth === 1 ? "each step" : `${binWidth} steps each`}; the marker is where training ended.`,
			size: [width, key.height + top + layout.rows.length * rowHeight - 30],
			body: [...key.body, ...body],
		},
	];
}
