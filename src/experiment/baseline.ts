import { ThaliaError } from "../errors.ts";
import type { Configuration, Grid } from "./configurations.ts";
import type { Labels } from "./labels.ts";

/**
 * The configuration that each other one is compared with: one that has the baseline's labels and, on every other axis
 * that it has a label of, the same. So without a KL there is no strength to match: as the baseline it is that of every
 * strength, and compared with a baseline of several strengths it has none, unless the baseline fixes the strength.
 *
 * @returns null where there is none, and for the baseline itself
 * @throws ThaliaError `report-baseline` where no configuration has the baseline's labels
 */
export function baselineOf({ configurations, axes }: Grid, baseline: Labels): (Configuration | null)[] {
	const named = configurations.filter(({ labels }) =>
		Object.entries(baseline).every(([axis, label]) => labels[axis] === label),
	);
	if (named.length === 0 || Object.keys(baseline).length === 0) {
		const known = axes.map((axis) => {
			const labels = new Set(configurations.flatMap(({ labels }) => labels[axis] ?? []));
			return `${axis} is ${[...labels].join(", ")}`;
		});
		const asked = Object.entries(baseline).map(([axis, label]) => `${axis}=${label}`);
		throw new ThaliaError(
			"report-baseline",
			`Expected the labels of a configuration for the baseline but received ${asked.join(",") || "none"}`,
			{ fix: known.length === 0 ? "there is one configuration only" : known.join("; ") },
		);
	}
	return configurations.map((configuration) => {
		const partners = named.filter(({ labels }) =>
			Object.entries(labels).every(
				([axis, label]) => axis in baseline || configuration.labels[axis] === label,
			),
		);
		return partners.length !== 1 || partners[0] === configuration ? null : partners[0];
	});
}

/** Whether it has the baseline's labels. */
export function isBaseline({ labels }: Pick<Configuration, "labels">, baseline: Labels | undefined): boolean {
	return baseline !== undefined && Object.entries(baseline).every(([axis, label]) => labels[axis] === label);
}
