import { expected } from "../../../errors.ts";

/** Projections that can have an adapter, by their names in a checkpoint. */
export const loraTargets = [
	"q_proj",
	"k_proj",
	"v_proj",
	"o_proj",
	"gate_proj",
	"up_proj",
	"down_proj",
] as const;
export type LoraTarget = (typeof loraTargets)[number];

export interface LoraConfig {
	/** Of each projection's B A: 1 or more. */
	readonly rank: number;
	/** The addition is scaled by alpha / rank. */
	readonly alpha: number;
	readonly targets: readonly LoraTarget[];
	/** Share of an adapter's inputs that is zeroed while learning (not while sampling or scoring), 0 to below 1. */
	readonly dropout: number;
	/** Scale by alpha / sqrt(rank) instead (Kalajdzievski 2023). */
	readonly rankStabilised?: boolean;
}

export function scalingOf({ alpha, rank, rankStabilised = false }: LoraConfig): number {
	return alpha / (rankStabilised ? Math.sqrt(rank) : rank);
}

/** @throws ThaliaError `lora-invalid` */
export function checkLora({ rank, alpha, targets, dropout }: LoraConfig): void {
	const refuse = (what: string, subject: string, value: unknown) =>
		expected("lora-invalid", what, `LoRA's ${subject}`, value);
	if (!(Number.isSafeInteger(rank) && rank >= 1)) throw refuse("a whole number of 1 or more", "rank", rank);
	if (!(Number.isFinite(alpha) && alpha > 0)) throw refuse("a number above 0", "alpha", alpha);
	if (!(dropout >= 0 && dropout < 1)) throw refuse("a number from 0 to below 1", "dropout", dropout);
	const odd = targets.find((target) => !loraTargets.includes(target));
	if (targets.length === 0 || odd !== undefined)
		throw refuse(`some of ${loraTargets.join(", ")}`, "targets", odd ?? "none");
}
