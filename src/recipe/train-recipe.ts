import { z } from "zod";
import { ADVANTAGES, AGGREGATIONS, type Aggregation } from "../objective/config.ts";
import { cardEntry, fileEntry, hubEntry } from "../tasks/datasets/schema.ts";
import { dtype, familyShare, fraction, optimizer, positive, positiveInt, seed } from "./fields.ts";
import { guardSchema } from "./guard-schema.ts";
import { type KlRecipe, klSchema } from "./kl-schema.ts";
import { loraSchema } from "./lora-schema.ts";
import { surrogateSchema } from "./surrogate-schema.ts";

const text = z.string().min(1);

/** A Node timer cannot wait longer. */
const longestTimerSeconds = 2_147_483;

/** Procedural families, data sets by their cards, one's own files, and repositories of the hub, mixed at will. */
const taskEntry = z.union([familyShare, cardEntry, fileEntry, hubEntry]);

/** A list of these, or an ES module that exports `train` (a Task) and, if it likes, `heldOut` (another). */
const task = z.union([
	z.strictObject({
		train: z.array(taskEntry).min(1),
		heldOut: z.array(taskEntry).default([]),
		/** Folder with the files that cards name; default: the environment's THALIA_DATA, if that is set. */
		dataDir: text.optional(),
	}),
	z.strictObject({ module: text }),
]);

const rollout = z.strictObject({
	/** Problems a step. */
	prompts: positiveInt.default(16),
	/** Completions of one problem. */
	groupSize: positiveInt.default(8),
	maxTokens: positiveInt.default(64),
	temperature: positive.default(1),
	topK: z.int().min(0).default(0),
	topP: z.number().gt(0).max(1).default(1),
	minP: z.number().min(0).lt(1).default(0),
	/** A verifier that takes longer is an error of that completion. */
	rewardTimeoutSeconds: positive.max(longestTimerSeconds).default(30),
});

const aggregation = z.union([
	z.enum(AGGREGATIONS),
	z.strictObject({ kind: z.literal("fixed-length"), length: positiveInt }),
]) satisfies z.ZodType<Aggregation>;

const objective = z.strictObject({
	advantage: z.enum(ADVANTAGES).default("rloo"),
	surrogate: surrogateSchema.prefault("reinforce"),
	aggregation: aggregation.default("sequence-sum"),
});

const train = z.strictObject({
	steps: positiveInt.default(100),
	/** Tokens of one forward and backward pass, a prompt of several completions once: memory against speed. */
	tokensPerMicroBatch: positiveInt.default(1024),
	/** Passes over each step's rollouts, and parts a pass is made in: each part is an optimiser step. */
	epochs: positiveInt.default(1),
	minibatches: positiveInt.default(1),
	/** Compute each layer again on the way back instead of keeping its activations: less memory, more time. */
	recompute: z.boolean().default(false),
	/** Steps between checkpoints; the last step always has one. */
	checkpointEvery: positiveInt.default(10),
	keepCheckpoints: positiveInt.default(2),
});

const asynchrony = z.strictObject({
	/** strict: in one process and reproducible, rollouts of step n by the policy of step max(0, n - lag). */
	mode: z.literal("strict").default("strict"),
	/** 0: synchronous. */
	lag: z.int().min(0).default(0),
});

const prompt = z.strictObject({
	/** Whether a problem is a user's turn in the model's chat template; auto: where it has one. */
	chat: z.union([z.boolean(), z.literal("auto")]).default("auto"),
	/** What the system says before it. */
	system: text.optional(),
	/** Solved examples before it, of the task's training problems. */
	shots: z.int().min(0).default(0),
});

const evaluation = z.strictObject({
	/** Problems of each domain; 0 turns evaluation off. */
	problems: z.int().min(0).default(100),
	/** Completions of a problem at `temperature`. */
	samples: positiveInt.default(8),
	temperature: positive.default(1),
	topP: z.number().gt(0).max(1).default(1),
	/** Longest completion; default: that of the rollouts. */
	maxTokens: positiveInt.optional(),
	/** How multiple-choice problems are measured: by what is generated, or by the likelihood of each letter. */
	choices: z.enum(["generate", "likelihood"]).default("generate"),
	/** Steps between evaluations; 0: before and after only. */
	every: z.int().min(0).default(0),
	seed: seed.default(1),
});

/** A recipe of `thalia train`. Everything but `model` and `task` has a default. */
export const trainRecipe = z.strictObject({
	/** Name of the run; default: the recipe's file name. */
	name: z
		.string()
		.regex(
			/^[A-Za-z0-9][A-Za-z0-9._-]*$/,
			"letters, digits, dots, dashes and underscores, none but the first two at the start,",
		)
		.optional(),
	seed: seed.default(0),
	/**
	 * Folder in Hugging Face layout or .gguf file, a relative one looked for beside the recipe, here, and where Thalia is;
	 * or a model's short name or its `owner/name` at the Hugging Face hub, with `@revision` if it likes.
	 */
	model: text,
	/** The same for the reference policy; default: `model`. */
	reference: text.optional(),
	dtype: dtype.default("f32"),
	/** Learn adapters instead of all weights; with the reference's model as base, one copy of its weights serves both. */
	lora: loraSchema.optional(),
	/** What becomes of the reference: nothing, the policy of every so many steps, or an average that moves at each step. */
	referenceUpdate: z
		.union([
			z.literal("frozen"),
			z.strictObject({ every: positiveInt }),
			z.strictObject({ ema: z.number().gt(0).lt(1) }),
		])
		.default("frozen"),
	/** Default: one a core. */
	threads: positiveInt.optional(),
	task,
	prompt: prompt.prefault({}),
	rollout: rollout.prefault({}),
	objective: objective.prefault({}),
	kl: klSchema.prefault({}),
	optimizer: optimizer
		.extend({ learningRate: positive.default(1e-5), finalFraction: fraction.default(0) })
		.prefault({}),
	train: train.prefault({}),
	async: asynchrony.prefault({}),
	guard: guardSchema.prefault({}),
	eval: evaluation.prefault({}),
});

export type TrainRecipe = z.output<typeof trainRecipe>;

/** A recipe with nothing left open: what a run directory keeps. */
export interface ResolvedRecipe extends Omit<TrainRecipe, "kl"> {
	readonly kl: KlRecipe;
	readonly name: string;
	readonly reference: string;
	readonly threads: number;
}
