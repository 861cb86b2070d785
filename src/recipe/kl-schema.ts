import { z } from "zod";
import { type Beta, initialBeta } from "../kl/beta.ts";
import { KL_TO, type KlConfig, PLACES, REWARD_LOG_PROBS, VOCABULARY_ESTIMATORS } from "../kl/config.ts";
import { CREDITS } from "../kl/credit.ts";
import { ESTIMATORS } from "../kl/estimators.ts";
import { type FlatKl, flatDefaults, klFromFlat } from "../kl/flat.ts";
import { IMPORTANCES } from "../kl/importance.ts";
import { namedConfigs } from "../kl/named.ts";
import { fraction, nonNegative, positive, positiveInt } from "./fields.ts";

/** A KL whose strength may change from step to step. */
export type KlRecipe = WithBeta<KlConfig>;
type WithBeta<Config> = Config extends { readonly beta: number }
	? Omit<Config, "beta"> & { readonly beta: Beta }
	: Config;

/** The KL of a step, of this strength. */
export function klWithBeta(kl: KlRecipe, beta: number): KlConfig {
	return kl.place === "none" ? kl : { ...kl, beta };
}

/** Of nominal strength: which objective is followed does not depend on it, as long as there is any. */
export function klAtStart(kl: KlRecipe): KlConfig {
	return kl.place === "none" ? kl : klWithBeta(kl, largestBeta(kl.beta));
}

/** The same of what is not resolved: its beta may need files, its strength alone does not. */
export function klAlone(kl: WrittenKl): KlConfig {
	return kl.place === "none" ? kl : { ...kl, beta: strengthOf(kl.beta) };
}

function largestBeta(beta: Beta): number {
	return typeof beta === "object" && "from" in beta ? Math.max(beta.from, beta.to) : initialBeta(beta);
}

const truncation = z.strictObject({
	low: fraction.optional(),
	high: z.number().min(1).optional(),
	by: z.enum(["clip", "mask"]).default("clip"),
});

const controlled = { initial: positive, gain: positive.optional(), bound: positive.optional() };
const schedule = { from: nonNegative, to: nonNegative, steps: positiveInt.optional() };

const beta = z.union([
	nonNegative,
	z.strictObject({ kind: z.literal("linear"), ...schedule }),
	z.strictObject({ kind: z.literal("cosine"), ...schedule }),
	z.strictObject({ kind: z.literal("adaptive"), target: positive, ...controlled }),
	/** The trace itself, or the run directory it is read from. */
	z.strictObject({
		kind: z.literal("matched"),
		trace: z.union([z.string().min(1), z.array(nonNegative).min(1)]),
		...controlled,
	}),
]);

/** What of a run is to be read before its beta is known: the trace of a matched one, by its path. */
export type WrittenBeta = z.output<typeof beta>;

const presets = new Map(namedConfigs.map(({ slug, config }) => [slug, config]));

/**
 * Flat, so that one override (`kl.place=none`) is enough: what a place does not use has no effect, and is not kept.
 * What contradicts itself is refused by `validateKlConfig`.
 */
export const klSchema = z
	.strictObject({
		/** The axes of a configuration that has a name; those that are given beside it win. */
		preset: z.enum([...presets.keys()]).optional(),
		place: z.enum(PLACES).optional(),
		estimator: z.enum([...ESTIMATORS, ...VOCABULARY_ESTIMATORS]).optional(),
		credit: z.enum(CREDITS).optional(),
		/** Of credit reward-to-go. */
		discount: fraction.optional(),
		beta: beta.default(flatDefaults.beta),
		logprobs: z.enum(REWARD_LOG_PROBS).optional(),
		importance: z.enum(IMPORTANCES).optional(),
		truncation: truncation.optional(),
		differentiateImportance: z.boolean().optional(),
		to: z.enum(KL_TO).optional(),
		clamp: z.strictObject({ logRatio: positive.optional(), value: positive.optional() }).optional(),
		/** Tokens in the head of estimator top-k. */
		topK: positiveInt.optional(),
		normalisation: z.enum(["before", "after"]).optional(),
		clip: z.enum(["inside", "outside"]).optional(),
		centre: z.enum(["group", "batch"]).optional(),
	})
	.transform(({ preset, beta: written, ...given }) => {
		const named = preset === undefined ? {} : presets.get(preset);
		const flat: FlatKl = { ...flatDefaults, ...named, ...definedOnly(given) };
		const kl = klFromFlat({ ...flat, beta: strengthOf(written) });
		return kl.place === "none" ? kl : { ...kl, beta: written };
	});

/** What a recipe has before the files that it names are read. */
export type WrittenKl = z.output<typeof klSchema>;

function strengthOf(written: WrittenBeta): number {
	if (typeof written === "number") return written;
	return "from" in written ? Math.max(written.from, written.to) : written.initial;
}

/** Also within: `truncation` and `clamp` have optional keys of their own. */
function definedOnly(values: object): object {
	const defined = Object.entries(values).filter(([, value]) => value !== undefined);
	return Object.fromEntries(
		defined.map(([key, value]) => [key, isObject(value) ? definedOnly(value) : (value as unknown)]),
	);
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null;
}
