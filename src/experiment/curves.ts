import { meanOf } from "./configurations.ts";
import type { RunRecord, Series } from "./run-record.ts";

export type CurveName = Exclude<keyof Series, "step">;

/** Over seeds, bin by bin; null where no seed has a value, or one that should has no finite one. */
export interface Band {
	readonly mean: readonly (number | null)[];
	/** The lowest and the highest seed. */
	readonly low: readonly (number | null)[];
	readonly high: readonly (number | null)[];
}

export interface Curves {
	/** The middle of each bin. */
	readonly step: readonly number[];
	readonly of: Readonly<Record<CurveName, Band>>;
}

/** All that a series has over its steps. */
export const CURVES = [
	"reward",
	"kl",
	"klPerToken",
	"forwardKlPerToken",
	"entropy",
	"length",
	"topWeightShare",
	"sequenceEss",
	"gradNorm",
] as const satisfies readonly CurveName[];

/** Steps of a bin, such that this many steps make at most so many bins. */
export function binWidth(steps: number, most = 50): number {
	return Math.max(1, Math.ceil(steps / most));
}

/**
 * The curves of several seeds as one: means of `width` steps, then over seeds. A seed that ended early counts as far
 * as it went.
 */
export function curvesOf(runs: readonly Pick<RunRecord, "series">[], width: number): Curves {
	const last = Math.max(0, ...runs.map(({ series }) => series.step.at(-1) ?? 0));
	const bins = Math.ceil(last / width);
	const bandOf = (name: CurveName): Band => {
		const seeds = runs
			.map(({ series }) => binned(series, name, width, bins))
			.filter((seed) => seed.some((value) => typeof value === "number"));
		const over = (combine: (values: number[]) => number) =>
			Array.from({ length: bins }, (_, bin) => {
				const reached = seeds.map((seed) => seed[bin]).filter((value) => value !== undefined);
				const values = reached.filter((value) => value !== null);
				// The others' mean would fall where one went to infinity.
				return values.length === 0 || values.length < reached.length ? null : combine(values);
			});
		return {
			mean: over((values) => meanOf(values)!),
			low: over((values) => Math.min(...values)),
			high: over((values) => Math.max(...values)),
		};
	};
	return {
		step: Array.from({ length: bins }, (_, bin) => bin * width + (width + 1) / 2),
		of: Object.fromEntries(CURVES.map((name) => [name, bandOf(name)])) as Record<CurveName, Band>,
	};
}

/** A value a bin: null where none is finite, undefined where there is no step. */
function binned(series: Series, name: CurveName, width: number, bins: number): (number | null | undefined)[] {
	const values = Array.from({ length: bins }, (): (number | null)[] => []);
	for (const [i, step] of series.step.entries()) {
		if (step > 0) values[Math.ceil(step / width) - 1].push(series[name].at(i) ?? null);
	}
	return values.map((own) => (own.length === 0 ? undefined : meanOf(own)));
}
