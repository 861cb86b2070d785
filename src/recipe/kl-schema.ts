import { z } from "zod";
import { type KlConfig, PLACES, REWARD_LOG_PROBS, VOCABULARY_ESTIMATORS } from "../kl/config.ts";
import { CREDITS } from "../kl/credit.ts";
import { ESTIMATORS } from "../kl/estimators.ts";
import { flatDefaults, klFromFlat } from "../kl/flat.ts";
import { IMPORTANCES, type Truncation } from "../kl/importance.ts";
import { fraction, nonNegative } from "./fields.ts";

const truncation = z.strictObject({
	low: z.number().min(0).max(1).optional(),
	high: z.number().min(1).optional(),
	by: z.enum(["clip", "mask"]).default("clip"),
});

/**
 * Flat, so that one override (`kl.place=none`) is enough: what a place does not use has no effect, and is not kept.
 * What contradicts itself is refused by `validateKlConfig`.
 */
export const klSchema = z
	.strictObject({
		place: z.enum(PLACES).default(flatDefaults.place),
		estimator: z.enum([...ESTIMATORS, ...VOCABULARY_ESTIMATORS]).default(flatDefaults.estimator),
		credit: z.enum(CREDITS).default(flatDefaults.credit),
		/** Of credit reward-to-go. */
		discount: fraction.optional(),
		beta: nonNegative.default(flatDefaults.beta),
		logprobs: z.enum(REWARD_LOG_PROBS).default(flatDefaults.logprobs),
		importance: z.enum(IMPORTANCES).default(flatDefaults.importance),
		truncation: truncation.optional(),
		differentiateImportance: z.boolean().optional(),
	})
	.transform(
		({ truncation: bounds, ...axes }): KlConfig =>
			klFromFlat({ ...axes, truncation: bounds === undefined ? undefined : definedOnly(bounds) }),
	);

function definedOnly({ low, high, by }: z.output<typeof truncation>): Truncation {
	return { by, ...(low === undefined ? {} : { low }), ...(high === undefined ? {} : { high }) };
}
