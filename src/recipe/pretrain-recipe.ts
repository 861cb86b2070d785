import { z } from "zod";
import { dtype, familyShare, optimizer, positiveInt, seed } from "./fields.ts";

const shape = z
	.strictObject({
		hiddenSize: positiveInt,
		intermediateSize: positiveInt,
		layers: positiveInt,
		heads: positiveInt,
		kvHeads: positiveInt.optional(),
		maxPositions: positiveInt.default(256),
		ropeTheta: z.number().positive().default(10_000),
	})
	// A rotary embedding turns pairs: a head's share of the hidden size is even.
	.refine(({ hiddenSize, heads }) => hiddenSize % (2 * heads) === 0, {
		path: ["heads"],
		message: "a number that divides half of hiddenSize",
	})
	.refine(({ heads, kvHeads = heads }) => heads % kvHeads === 0, {
		path: ["kvHeads"],
		message: "a divisor of heads",
	});

/** How a base model is made: a decoder's shape, what it reads, and for how long. */
export const pretrainRecipe = z.strictObject({
	seed: seed.default(0),
	dtype: dtype.default("f32"),
	/** Precision of the saved weights. */
	saveAs: dtype.default("bf16"),
	threads: positiveInt.optional(),
	model: shape,
	task: z.array(familyShare).min(1),
	train: z.strictObject({
		steps: positiveInt,
		/** Problems a step. */
		batch: positiveInt.default(64),
		tokensPerMicroBatch: positiveInt.default(512),
		logEvery: positiveInt.default(50),
	}),
	optimizer,
});

export type PretrainRecipe = z.output<typeof pretrainRecipe>;
