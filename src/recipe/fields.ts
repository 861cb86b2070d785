import { z } from "zod";
import { families, writtenFamilies } from "../tasks/families/index.ts";

/** Schema pieces that several recipes share. */

export const positiveInt = z.int().min(1);
export const positive = z.number().positive();
export const nonNegative = z.number().min(0);
export const fraction = z.number().min(0).max(1);
export const dtype = z.enum(["f32", "bf16"]);
export const seed = z.int().min(0);

export const familyShare = z.strictObject({
	family: z.enum([...families.keys(), ...writtenFamilies.keys()]),
	levels: z.array(positiveInt).min(1).optional(),
	weight: positive.optional(),
	/** false: solutions are the answer alone, without the steps to it. */
	working: z.boolean().optional(),
});

/** Learning rate over steps: linear warm-up, then constant, or down to `finalFraction` of the rate at the last step. */
export const schedule = z.strictObject({
	learningRate: positive,
	warmupSteps: z.int().min(0).default(0),
	schedule: z.enum(["constant", "linear", "cosine"]).default("constant"),
	finalFraction: fraction.default(0),
});

export const optimizer = z.strictObject({
	...schedule.shape,
	beta1: z.number().min(0).lt(1).default(0.9),
	beta2: z.number().min(0).lt(1).default(0.95),
	epsilon: positive.default(1e-8),
	weightDecay: nonNegative.default(0),
	/** L2 norm above which the gradient is scaled down; 0 never clips. */
	maxGradNorm: nonNegative.default(1),
});

export type Schedule = z.output<typeof schedule>;

/** Learning rate of a step (from 0) of `steps`. */
export function learningRateAt(s: Schedule, step: number, steps: number): number {
	if (step < s.warmupSteps) return (s.learningRate * (step + 1)) / s.warmupSteps;
	if (s.schedule === "constant") return s.learningRate;
	const progress = Math.min(1, (step - s.warmupSteps) / Math.max(1, steps - 1 - s.warmupSteps));
	const shape = s.schedule === "linear" ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
	return s.learningRate * (s.finalFraction + (1 - s.finalFraction) * shape);
}
