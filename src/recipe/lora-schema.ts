import { z } from "zod";
import { type LoraConfig, loraTargets } from "../engine/local/lora/config.ts";
import { positive, positiveInt } from "./fields.ts";

/**
 * Low-rank additions to the model's matrices, which alone are learned: fresh ones, or those of a PEFT folder. Rank, alpha
 * and all matrices as in Schulman et al. 2025, "LoRA Without Regret".
 */
export const loraSchema = z.union([
	z.strictObject({
		rank: positiveInt.default(16),
		/** The addition is scaled by alpha / rank. */
		alpha: positive.default(32),
		targets: z
			.union([z.literal("all"), z.array(z.enum(loraTargets)).min(1)])
			.default("all")
			.transform((targets) => (targets === "all" ? [...loraTargets] : targets)),
		/** Share of an adapter's inputs that is zeroed while learning. */
		dropout: z.number().min(0).lt(1).default(0),
		/** Scale by alpha / sqrt(rank) instead. */
		rankStabilised: z.boolean().default(false),
	}),
	z.strictObject({ adapter: z.string().min(1) }),
]) satisfies z.ZodType<LoraConfig | { readonly adapter: string }>;
