import { z } from "zod";
import { RATIO_LEVELS, SURROGATES, type Surrogate } from "../objective/config.ts";
import { fraction, positive } from "./fields.ts";

/** Above 0 and at most 1. */
const low = z.number().gt(0).max(1);
/** `.inf`, which a number of zod is not. */
const unbounded = z.custom<number>((value) => value === Infinity, "a number of at least 1");
const level = z.enum(RATIO_LEVELS).default("token");

/** A surrogate by its kind alone, or with its settings. Defaults are those of the papers, or of TRL. */
const surrogates = z.union([
	z.strictObject({ kind: z.literal("reinforce") }),
	z.strictObject({
		kind: z.literal("ppo-clip"),
		epsilonLow: low.default(0.2),
		epsilonHigh: positive.default(0.2),
		dualClip: z.number().gt(1).optional(),
	}),
	z.strictObject({ kind: z.literal("cispo"), epsilonLow: low.default(1), epsilonHigh: positive.default(5) }),
	z.strictObject({
		kind: z.literal("gspo"),
		epsilonLow: low.default(3e-4),
		epsilonHigh: positive.default(4e-4),
	}),
	z.strictObject({ kind: z.literal("tis"), level, cap: z.union([z.number().min(1), unbounded]).default(2) }),
	z.strictObject({
		kind: z.literal("masked-is"),
		level,
		low: fraction.default(0.5),
		high: z.number().min(1).default(5),
	}),
]);

export const surrogateSchema = z.union([z.enum(SURROGATES), surrogates]).transform((value): Surrogate => {
	const { dualClip, ...rest } = {
		dualClip: undefined,
		...(typeof value === "string" ? surrogates.parse({ kind: value }) : value),
	};
	return dualClip === undefined ? rest : ({ ...rest, dualClip } as Surrogate);
});
