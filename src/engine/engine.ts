/**
 * What a training engine offers the trainer. An engine knows tokens, log-probabilities and gradients; it knows no
 * rewards, no advantages and no KL term. Every objective reaches it as one cotangent per evaluated token.
 */

/** A token sequence of which the tokens from `promptLength` on are evaluated (1 <= promptLength < tokens.length). */
export interface Sequence {
	readonly tokens: Int32Array;
	readonly promptLength: number;
}

export interface SamplingOptions {
	/** 0 is greedy. Default 1. */
	readonly temperature?: number;
	/** Keep the k most likely tokens; 0 keeps all (default). */
	readonly topK?: number;
	/** Keep the smallest set of tokens whose probability reaches topP; 1 keeps all (default). */
	readonly topP?: number;
	/** Drop tokens less likely than minP times the most likely one; 0 drops none (default). */
	readonly minP?: number;
	readonly maxTokens: number;
	/** Sampling stops after one of these. Default: the model's end-of-sequence tokens; [] never stops. */
	readonly stopTokens?: readonly number[];
	readonly seed: number;
	/** A policy version that is retained; default: the newest published one. */
	readonly policyVersion?: number;
}

/** `count` completions of one prompt; the prompt is read once for all of them. */
export interface SampleRequest {
	readonly prompt: Int32Array;
	readonly count: number;
	/** Tells this request's random stream from others under the same seed: the same id and seed give the same tokens. */
	readonly id: number;
}

export interface Completion {
	/** Sampled tokens, with the stop token where there is one. */
	readonly tokens: Int32Array;
	/** Log-probability (nats) of each token under the distribution it was drawn from (tempered and truncated). */
	readonly samplerLogprobs: Float32Array;
	/** Log-probability (nats) of each token under the untempered policy. */
	readonly logprobs: Float32Array;
	readonly finish: "stop" | "length";
	readonly policyVersion: number;
}

/** Per evaluated token of one sequence: length tokens.length - promptLength, nats. */
export interface TokenOutputs {
	readonly logprobs: Float32Array;
	/** Entropy of the distribution that the token was scored under. */
	readonly entropy: Float32Array;
	/** Where `accumulate` was asked for it: KL(policy || reference) over the whole vocabulary, >= 0. */
	readonly divergence?: Float32Array;
	/** With it: KL(reference || policy). */
	readonly reverseDivergence?: Float32Array;
	/** With a `topK`: whether the token is among the policy's k most likely ones. */
	readonly inHead?: readonly boolean[];
}

/** d(loss)/d(output) per evaluated token; absent means zero. The engine minimises: ascent weights enter negated. */
export interface TokenCotangents {
	readonly logprobs: Float32Array;
	readonly entropy?: Float32Array;
	/** Of `divergence`; with a `topK`, of its sum over the head, sum_{v in head} p_v (log p_v - log q_v). */
	readonly divergence?: Float32Array;
}

export interface EvaluateOptions {
	/** All logits, the policy's and the reference's, are divided by it: finite, above 0. Default 1. */
	readonly temperature?: number;
}

export interface AccumulateOptions extends EvaluateOptions {
	/** Give each token's divergence from the reference policy too, and take a cotangent of it. */
	readonly divergence?: {
		/** Differentiate over the policy's k most likely tokens alone, 1 to vocabSize. Default: over all. */
		readonly topK?: number;
	};
}

/** Full-vocabulary divergences per evaluated token of one sequence, nats, both >= 0. */
export interface TokenDivergences {
	/** KL(policy || reference). */
	readonly divergence: Float32Array;
	/** KL(reference || policy). */
	readonly reverseDivergence: Float32Array;
}

/** Published weights that `sample` can still use. */
export interface RetainedVersions {
	/** Ascending. */
	readonly versions: readonly number[];
	/** Memory of the copies, beside the policy itself. */
	readonly bytes: number;
}

/**
 * Called with the fresh outputs of some of the sequences given to `accumulate` (a micro-batch): `indices[i]` is the
 * position in that array of the sequence whose outputs are `outputs[i]`. Returns one cotangent per entry.
 */
export type Weigh = (
	outputs: readonly TokenOutputs[],
	indices: readonly number[],
) => readonly TokenCotangents[];

/** One optimiser step (AdamW, Loshchilov and Hutter 2019, decoupled weight decay). */
export interface StepOptions {
	readonly learningRate: number;
	/** L2 norm over all gradients together above which they are scaled down; 0 never clips. */
	readonly maxGradNorm: number;
}

export interface EngineCapabilities {
	readonly entropy: boolean;
	readonly fullVocabularyKl: boolean;
	readonly lora: boolean;
	readonly fullFineTune: boolean;
}

export interface Engine {
	readonly capabilities: EngineCapabilities;
	readonly vocabSize: number;
	/** Longest sequence the model was made for, in tokens. */
	readonly maxPositions: number;
	readonly eosTokenIds: readonly number[];
	/** What computes, for the record: libraries, instruction sets, threads. */
	readonly environment: Readonly<Record<string, string | number>>;

	/** Completions in the order of the requests, `count` consecutive ones each, from the published policy. */
	sample(
		requests: readonly SampleRequest[],
		options: SamplingOptions,
		onProgress?: (tokens: number) => void,
	): Promise<Completion[]>;

	/** Outputs of the evaluated tokens under the current policy or the reference; no gradient. */
	evaluate(
		sequences: readonly Sequence[],
		of: "policy" | "reference",
		options?: EvaluateOptions,
	): Promise<TokenOutputs[]>;

	/** How far the current policy is from the reference at the evaluated tokens; no gradient. */
	divergences(sequences: readonly Sequence[], options?: EvaluateOptions): Promise<TokenDivergences[]>;

	/** One forward over all sequences, `weigh` on fresh outputs, one backward; gradients add up until `step`. */
	accumulate(
		sequences: readonly Sequence[],
		weigh: Weigh,
		options?: AccumulateOptions,
	): Promise<TokenOutputs[]>;

	/**
	 * Applies the accumulated gradient and clears it. A gradient that is not finite is discarded and nothing moves:
	 * `applied` is false then. `gradNorm` is the norm before clipping.
	 */
	step(options: StepOptions): Promise<{ gradNorm: number; applied: boolean }>;

	/** Clears the accumulated gradient without applying it. */
	discard(): Promise<void>;

	/** Moves the accumulated gradient into a named place, added to what is there. */
	keepGradient(name: string): Promise<void>;

	/** Inner products of kept gradients, over all parameters: [names, names]. */
	gradientProducts(names: readonly string[]): Promise<number[][]>;

	/** Forgets kept gradients. */
	dropGradients(names: readonly string[]): Promise<void>;

	/** Makes the current weights the ones `sample` uses; returns their version (0 for the initial weights). */
	publish(): Promise<number>;

	/** The versions that `sample` can use: the newest, and as many before it as the engine was opened to retain. */
	retained(): Promise<RetainedVersions>;

	/**
	 * reference <- decay * reference + (1 - decay) * policy; 0 copies the policy.
	 * @throws ThaliaError where the two are no models of one shape
	 */
	updateReference(decay: number): Promise<void>;

	/**
	 * Writes the policy in Hugging Face layout into `dir` (which exists and is empty); with `optimizer` also all else that
	 * training goes on from: the optimiser's state, retained versions, a reference that has moved.
	 */
	save(dir: string, options?: { optimizer?: boolean }): Promise<void>;

	/** Restores what `save(dir, { optimizer: true })` wrote, and the policy version. */
	load(dir: string, policyVersion: number): Promise<void>;

	close(): Promise<void>;
}
