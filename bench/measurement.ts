import { z } from "zod";

const seconds = z.number().min(0);

/** Seconds of a step's parts. What is left of `step` after the others is rewards, objective and bookkeeping. */
const timing = z.strictObject({
	/** Sampling the completions. */
	sample: seconds,
	/** Log-probs of the sampled tokens under the reference policy. */
	reference: seconds,
	/** Scoring the sampled tokens once more under the policy before the update; Thalia has them from sampling. */
	rescore: seconds.optional(),
	/** Forward, backward, optimiser. */
	learn: seconds,
	step: seconds,
});

export type Timing = z.output<typeof timing>;

/** What a measured process prints: the same form for Thalia and every peer. */
export const measurement = z.strictObject({
	side: z.string(),
	/** The measured steps, in order; steps to warm up are not in it. */
	steps: z.array(timing).min(1),
	/** Tokens sampled in one step. */
	tokens: z.int(),
	memory: z.strictObject({
		/** Resident bytes when the models are loaded, before the first step. */
		loaded: z.number(),
		/** Most resident bytes in the life of the process. */
		peak: z.number(),
	}),
	environment: z.record(z.string(), z.union([z.string(), z.number()])),
});

export type Measurement = z.output<typeof measurement>;

/** What a peer that only samples took for all completions of a step. */
export const generation = z.strictObject({
	side: z.string(),
	/** Seconds of each measured time, in order. */
	sample: z.array(seconds).min(1),
	/** Tokens sampled in one of them. */
	tokens: z.int(),
	environment: z.record(z.string(), z.union([z.string(), z.number()])),
});

export type Generation = z.output<typeof generation>;

/** Several processes' measurements of the same thing as one: all steps, the highest peak. */
export function merge(parts: readonly Measurement[]): Measurement {
	return {
		...parts[0],
		steps: parts.flatMap(({ steps }) => steps),
		memory: {
			loaded: Math.max(...parts.map(({ memory }) => memory.loaded)),
			peak: Math.max(...parts.map(({ memory }) => memory.peak)),
		},
	};
}

/** Median of every part of a step, each taken by itself: the parts need not add up to the whole. */
export function medianTiming(steps: readonly Timing[]): Timing {
	const of = (part: "sample" | "reference" | "learn" | "step") => median(steps.map((step) => step[part]));
	const rescore = steps.flatMap((step) => step.rescore ?? []);
	return {
		sample: of("sample"),
		reference: of("reference"),
		...(rescore.length === 0 ? {} : { rescore: median(rescore) }),
		learn: of("learn"),
		step: of("step"),
	};
}

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length / 2;
	return Number.isInteger(middle) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[Math.floor(middle)];
}
