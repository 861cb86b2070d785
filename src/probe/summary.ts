import type { Classification } from "../kl/classify.ts";
import { explainObjective } from "../objective/followed.ts";
import { isTruncated } from "../recipe/off-policy.ts";
import type { ProbedConfig } from "./configurations.ts";
import type { Estimate, PlotRow } from "./plot.ts";
import type { ProbeMeasurement, ProbeOptions, ProbeResult } from "./probe.ts";

/** One configuration over all seeds. */
export interface ProbeSummary extends ProbedConfig, Pick<Classification, "objective" | "exact"> {
	/** Of every measurement; null where no seed has it. */
	readonly estimates: Readonly<Record<keyof ProbeMeasurement, Estimate | null>>;
}

const measured = [
	"norm",
	"cosine",
	"expectedCosine",
	"projection",
	"variance",
	"signalToNoise",
	"sampleSize",
	"largestWeight",
	"topWeightShare",
] as const satisfies readonly (keyof ProbeMeasurement)[];

export function summarise(options: ProbeOptions, { seeds }: ProbeResult): ProbeSummary[] {
	// A probe samples from its own policy, and updates nothing, however the run lagged.
	const off = options.sampler !== undefined || isTruncated(options.recipe.rollout);
	return options.configs.map((config, i) => {
		const { objective, exact } = explainObjective(options.recipe.objective, config.kl, off);
		const of = (key: keyof ProbeMeasurement) =>
			estimate(seeds.flatMap(({ measurements }) => measurements[i][key] ?? []));
		const estimates = Object.fromEntries(measured.map((key) => [key, of(key)]));
		return { ...config, objective, exact, estimates: estimates as ProbeSummary["estimates"] };
	});
}

export function plotRow({ name, exact, estimates }: ProbeSummary): PlotRow {
	return { name, exact, projection: estimates.projection, cosine: estimates.cosine };
}

function estimate(values: readonly number[]): Estimate | null {
	if (values.length === 0) return null;
	const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
	if (values.length === 1) return { mean, deviation: null };
	const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
	return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
