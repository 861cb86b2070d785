import type { StepMetrics } from "../trainer/step.ts";
import { document, line, linearAxis, linearTicks, type Position, short, text } from "./svg.ts";

type Metrics = Pick<StepMetrics, "step" | "reward" | "passRate" | "kl" | "entropy" | "completionTokens">;

interface Panel {
	readonly title: string;
	readonly of: (metrics: Metrics) => number | null;
}

const panels: readonly Panel[] = [
	{ title: "mean reward", of: ({ reward }) => reward },
	{ title: "KL to the reference, nats a completion", of: ({ kl }) => kl },
	{ title: "entropy of the sampler, nats a token", of: ({ entropy }) => entropy },
	{ title: "tokens of a completion", of: ({ completionTokens }) => completionTokens },
];

const size = [900, 560] as const;
const panelSize = [380, 180] as const;
const left = 60;
const top = 76;
const gap = [60, 60] as const;

/** Steps on each side that a curve is averaged over; what was measured is drawn thin below. */
const window = 2;

/** What became of a run over its steps: reward, KL, entropy and length, as an SVG document. */
export function runCurves(title: string, caption: string, metrics: readonly Metrics[]): string {
	const body = panels.flatMap((panel, i) => {
		const x = left + (i % 2) * (panelSize[0] + gap[0]);
		const y = top + Math.floor(i / 2) * (panelSize[1] + gap[1]);
		return drawPanel(panel, metrics, [x, y]);
	});
	return document(title, caption, size, body);
}

function drawPanel({ title, of }: Panel, metrics: readonly Metrics[], [x, y]: Position): string[] {
	const points = metrics.flatMap((step) => {
		const value = of(step);
		return value === null || !Number.isFinite(value) ? [] : [{ step: step.step, value }];
	});
	const [width, height] = panelSize;
	const head = text(x, y - 10, title, { weight: 600 });
	if (points.length === 0) return [head, text(x + 8, y + 20, "not measured", { className: "soft" })];
	const steps = linearAxis(
		points.map(({ step }) => step),
		[x, x + width],
	);
	const values = linearAxis(
		points.map(({ value }) => value),
		[y + height, y],
	);
	const place = ({ step, value }: { step: number; value: number }): Position => [
		steps.at(step),
		values.at(value),
	];
	const smooth = points.map(({ step }, i) => {
		const near = points.slice(Math.max(0, i - window), i + window + 1);
		return { step, value: near.reduce((sum, point) => sum + point.value, 0) / near.length };
	});
	return [
		head,
		...linearTicks(values, 5).flatMap((value) => [
			line(
				[
					[x, values.at(value)],
					[x + width, values.at(value)],
				],
				"grid",
			),
			text(x - 8, values.at(value) + 4, short(value), { anchor: "end", size: 11, className: "soft" }),
		]),
		...linearTicks(steps, 7)
			.filter(Number.isInteger)
			.map((step) =>
				text(steps.at(step), y + height + 18, String(step), {
					anchor: "middle",
					size: 11,
					className: "soft",
				}),
			),
		line(points.map(place), "axis"),
		line(smooth.map(place), "line0", { width: 2.5 }),
	];
}
