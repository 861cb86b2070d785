import { type Series, seriesAt } from "../../../plots/svg.ts";
import { compareLabels, keyOf, type Labels } from "../../labels.ts";
import { nameOf } from "../format.ts";
import type { ConfigurationReport, Report } from "../model.ts";

/** What a line or a kind of marker stands for in all pictures: a KL, whatever its strength. */
export interface PlotSeries {
	readonly name: string;
	readonly style: Series;
}

/** A configuration's place: which series it belongs to, in which row of panels, at which strength. */
export interface Placed {
	readonly configuration: ConfigurationReport;
	readonly series: PlotSeries;
	readonly row: string;
	/** Empty where it has none. */
	readonly strength: string;
}

export interface Layout {
	readonly series: readonly PlotSeries[];
	/** Names of the rows of panels; one without a name where there is nothing to name. */
	readonly rows: readonly string[];
	/** The strengths there are, the weakest first. */
	readonly strengths: readonly string[];
	readonly placed: readonly Placed[];
}

/**
 * Axes of the KL (those that begin as the strength's does: `kl`, `kl.estimator`) are series, all others rows of panels;
 * where no axis is of the KL, all are series.
 */
export function layoutOf({ axes, strengthAxis, configurations }: Report): Layout {
	const others = axes.filter((axis) => axis !== strengthAxis);
	const root = strengthAxis.split(".")[0];
	const ofKl = others.filter((axis) => axis === root || axis.startsWith(`${root}.`));
	const seriesAxes = ofKl.length === 0 ? others : ofKl;
	const rowAxes = others.filter((axis) => !seriesAxes.includes(axis));
	const names = (own: readonly string[]) => {
		const all = new Map<string, string>();
		for (const { labels } of configurations) all.set(keyOf(only(labels, own)), nameOf(only(labels, own)));
		return all;
	};
	const rows = names(rowAxes);
	const series = new Map(
		[...names(seriesAxes)].map(([key, name], i) => [key, { name, style: seriesAt(i) }] as const),
	);
	const rowName = (labels: Labels) => (rowAxes.length === 0 ? "" : rows.get(keyOf(only(labels, rowAxes)))!);
	const placed = configurations.map((configuration) => ({
		configuration,
		series: series.get(keyOf(only(configuration.labels, seriesAxes)))!,
		row: rowName(configuration.labels),
		strength: configuration.labels[strengthAxis] ?? "",
	}));
	return {
		series: [...series.values()],
		rows: [...new Set([...placed].sort(byAxes(rowAxes)).map(({ row }) => row))],
		strengths: [...new Set(placed.map(({ strength }) => strength))]
			.filter((strength) => strength !== "")
			.sort(compareLabels),
		placed,
	};
}

function byAxes(axes: readonly string[]): (a: Placed, b: Placed) => number {
	return ({ configuration: { labels: a } }, { configuration: { labels: b } }) => {
		const axis = axes.find((each) => a[each] !== b[each]);
		return axis === undefined ? 0 : compareLabels(a[axis], b[axis]);
	};
}

function only(labels: Labels, axes: readonly string[]): Labels {
	return Object.fromEntries(axes.flatMap((axis) => (axis in labels ? [[axis, labels[axis]]] : [])));
}
