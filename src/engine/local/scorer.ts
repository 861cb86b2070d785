import { expected, ThaliaError } from "../../errors.ts";
import { readDecoderConfig } from "../../formats/hf-config.ts";
import { noGrad } from "./autograd.ts";
import type { Decoder } from "./decoder.ts";
import { headForward } from "./head.ts";
import { headDivergences } from "./head-divergence.ts";
import { mergeAdapter } from "./lora/merge.ts";
import { native } from "./native.ts";
import { openDecoder } from "./open-decoder.ts";
import type { Network } from "./packed-attention.ts";
import { promptNetwork } from "./packed-batch.ts";
import { Tensor, tidy } from "./tensor.ts";
import type { WeightDtype } from "./weights.ts";

/** Per-token facts of one sequence, one entry a token, nats. */
export interface Score {
	readonly tokens: number[];
	/** Log-probability of each token given those before it; null for the first. */
	readonly logprobs: (number | null)[];
	/** Entropy of the distribution of what follows each token. */
	readonly entropy: number[];
	/** Full-vocabulary KL(model || reference) of what follows each token. */
	readonly kl?: number[];
	/** KL(reference || model). */
	readonly klReverse?: number[];
}

export interface ScorerOptions {
	readonly model: string;
	readonly reference?: string;
	/** PEFT adapter added to the model (not to the reference). */
	readonly lora?: string;
	readonly dtype: WeightDtype;
	readonly threads?: number;
}

/** Log-probabilities, entropies and divergences of given token sequences under a model folder. */
export class Scorer {
	readonly #model: Decoder;
	readonly #reference: Decoder | undefined;

	constructor(options: ScorerOptions) {
		if (options.threads !== undefined) native.setThreads(options.threads);
		const config = readDecoderConfig(options.model);
		const referenceConfig =
			options.reference === undefined ? undefined : readDecoderConfig(options.reference);
		if (referenceConfig !== undefined && referenceConfig.vocabSize !== config.vocabSize) {
			throw new ThaliaError(
				"vocabulary-mismatch",
				`Expected the model's vocabulary of ${config.vocabSize} for the reference but received ${referenceConfig.vocabSize}`,
				{ fix: "use a reference with the same tokenizer" },
			);
		}
		this.#model = openDecoder(options.model, config, options.dtype);
		if (options.lora !== undefined) mergeAdapter(this.#model.weights, config, options.lora);
		if (options.reference !== undefined && referenceConfig !== undefined) {
			this.#reference = openDecoder(options.reference, referenceConfig, options.dtype);
		}
	}

	/** @throws ThaliaError `empty-sequence`, `token-range`, `too-many-positions` */
	check(tokens: readonly number[]): void {
		if (tokens.length === 0)
			throw new ThaliaError("empty-sequence", "Expected at least one token but received none");
		const { vocabSize, maxPositions } = this.#model.config;
		const bad = tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < vocabSize));
		if (bad !== undefined) throw expected("token-range", `tokens from 0 to ${vocabSize - 1}`, "scoring", bad);
		if (tokens.length > maxPositions)
			throw expected("too-many-positions", `at most ${maxPositions} tokens`, "scoring", tokens.length);
	}

	score(tokens: readonly number[]): Score {
		this.check(tokens);
		return noGrad(() =>
			tidy(() => {
				const network = promptNetwork([tokens]);
				const hidden = this.#model.forward(network);
				// The last position has no next token: any id stands in, and its log-prob is dropped.
				const targets = Tensor.fromArray([...tokens.slice(1), 0], [tokens.length], "i64");
				const { logprobs, entropy } = headForward(hidden, this.#model.headWeight, targets);
				return {
					tokens: [...tokens],
					logprobs: [null, ...logprobs.subarray(0, -1)],
					entropy: [...entropy],
					...this.#divergences(hidden, network),
				};
			}),
		);
	}

	#divergences(hidden: Tensor, network: Network): Pick<Score, "kl" | "klReverse"> {
		if (this.#reference === undefined) return {};
		const other = this.#reference.forward(network);
		const weight = this.#reference.headWeight;
		const { divergence, reverseDivergence } = headDivergences(hidden, this.#model.headWeight, {
			hidden: other,
			weight,
		});
		return { kl: [...divergence], klReverse: [...reverseDivergence] };
	}

	dispose(): void {
		this.#model.dispose();
		this.#reference?.dispose();
	}
}
