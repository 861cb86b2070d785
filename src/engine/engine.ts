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
}

/** d(loss)/d(output) per evaluated token; absent means zero. The engine minimises: ascent weights enter negated. */
export interface TokenCotangents {
	readonly logprobs: Float32Array;
	readonly entropy?: Float32Array;
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

	/** Outputs of the evaluated tokens under the current policy or the frozen reference; no gradient. */
	evaluate(sequences: readonly Sequence[], of: "policy" | "reference"): Promise<TokenOutputs[]>;

	/** One forward over all sequences, `weigh` on fresh outputs, one backward; gradients add up until `step`. */
	accumulate(sequences: readonly Sequence[], weigh: Weigh): Promise<TokenOutputs[]>;

	/**
	 * Applies the accumulated gradient and clears it. A gradient that is not finite is discarded and nothing moves:
	 * `applied` is false then. `gradNorm` is the norm before clipping.
	 */
	step(options: StepOptions): Promise<{ gradNorm: number; applied: boolean }>;

	/** Clears the accumulated gradient without applying it. */
	discard(): Promise<void>;

	/** Makes the current weights the ones `sample` uses; returns their version (0 for the initial weights). */
	publish(): Promise<number>;

	/** Writes the policy in Hugging Face layout into `dir` (which exists and is empty); with `optimizer` its state too. */
	save(dir: string, options?: { optimizer?: boolean }): Promise<void>;

	/** Restores what `save(dir, { optimizer: true })` wrote, and the policy version. */
	load(dir: string, policyVersion: number): Promise<void>;

	close(): Promise<void>;
}
