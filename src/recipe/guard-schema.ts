import { z } from "zod";
import { fraction, positive, positiveInt } from "./fields.ts";

/** When a run counts as collapsed: by the means of its last `window` steps. A share of 0 turns its bound off. */
export const guardSchema = z.strictObject({
	window: positiveInt.default(5),
	/** Whether a collapse stops the run; without, it is only said. */
	stop: z.boolean().default(false),
	/** Share of the best mean reward so far below which reward has collapsed. */
	rewardDrop: fraction.default(0.5),
	/** KL to the reference, nats per token. */
	maxKl: positive.default(1),
	/** Share and multiple of the first window's entropy. */
	entropyLow: fraction.default(0.05),
	entropyHigh: z.number().min(1).default(5),
	/** Share of the first window's completion length. */
	lengthLow: fraction.default(0.2),
	/** Share of completions that end by themselves, where at least half did at first. */
	stoppedLow: fraction.default(0.1),
});
