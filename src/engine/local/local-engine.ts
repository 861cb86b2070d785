import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ThaliaError } from "../../errors.ts";
import { Checkpoint } from "../../formats/checkpoint.ts";
import { type DecoderConfig, readDecoderConfig, serializeDecoderConfig } from "../../formats/hf-config.ts";
import { SafetensorsFile, writeSafetensors } from "../../formats/safetensors.ts";
import type {
	Completion,
	Engine,
	EngineCapabilities,
	SampleRequest,
	SamplingOptions,
	Sequence,
	StepOptions,
	TokenOutputs,
} from "../engine.ts";
import { AdamW, type AdamWOptions } from "./adamw.ts";
import { noGrad } from "./autograd.ts";
import { decode } from "./decode.ts";
import { Decoder } from "./decoder.ts";
import {
	type AsyncWeigh,
	accumulateGradients,
	evaluateSequences,
	Gradients,
	type LearnerOptions,
} from "./learner.ts";
import { native } from "./native.ts";
import { Tensor, tidy } from "./tensor.ts";
import { exportWeights, loadWeights, randomWeights, type WeightDtype } from "./weights.ts";

export interface LocalEngineOptions {
	/** Folder of the policy in Hugging Face layout. */
	readonly model: string;
	/** Folder of the frozen reference; none: `evaluate(..., "reference")` is refused. */
	readonly reference?: string;
	/** Start from fresh weights of this seed: only config.json (and the tokenizer) of `model` are read. */
	readonly randomSeed?: number;
	readonly dtype: WeightDtype;
	/** Precision of the weights that `save` writes; default `dtype`. Resuming bit for bit needs the default. */
	readonly saveAs?: WeightDtype;
	/** Threads of one operation. Default: what libtorch chooses, one a core. */
	readonly threads?: number;
	readonly optimizer?: AdamWOptions;
	readonly learner?: Partial<LearnerOptions>;
}

const defaultOptimizer: AdamWOptions = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 };
const defaultLearner: LearnerOptions = { tokensPerMicroBatch: 512, recompute: false };

/** Files of a model folder that travel with its weights. */
const companions = [
	"generation_config.json",
	"tokenizer.json",
	"tokenizer_config.json",
	"special_tokens_map.json",
	"chat_template.jinja",
];

const optimizerFile = "optimizer.safetensors";

/** The engine over libtorch, in the thread that calls it: `WorkerEngine` is the one that leaves the caller free. */
export class LocalEngine implements Engine {
	readonly capabilities: EngineCapabilities = {
		entropy: true,
		fullVocabularyKl: false,
		lora: false,
		fullFineTune: true,
	};
	readonly #options: LocalEngineOptions;
	readonly #learner: LearnerOptions;
	readonly #gradients = new Gradients();
	readonly #reference: Decoder | undefined;
	#policy: Decoder;
	#optimizer: AdamW | undefined;
	#version = 0;

	/** Reads and checks everything before the first computation. */
	constructor(options: LocalEngineOptions) {
		this.#options = options;
		this.#learner = { ...defaultLearner, ...options.learner };
		if (options.threads !== undefined) native.setThreads(options.threads);
		const config = readDecoderConfig(options.model);
		const referenceConfig =
			options.reference === undefined ? undefined : readDecoderConfig(options.reference);
		if (referenceConfig !== undefined && referenceConfig.vocabSize !== config.vocabSize) {
			throw new ThaliaError(
				"vocabulary-mismatch",
				`Expected the policy's vocabulary of ${config.vocabSize} for the reference policy but received ${referenceConfig.vocabSize}`,
				{ fix: "use a reference with the same tokenizer" },
			);
		}
		this.#policy =
			options.randomSeed === undefined
				? openDecoder(options.model, config, options.dtype)
				: new Decoder(config, randomWeights(config, options.dtype, options.randomSeed));
		if (options.reference !== undefined && referenceConfig !== undefined) {
			this.#reference = openDecoder(options.reference, referenceConfig, options.dtype);
		}
	}

	get vocabSize(): number {
		return this.#policy.config.vocabSize;
	}
	get maxPositions(): number {
		return this.#policy.config.maxPositions;
	}
	get eosTokenIds(): readonly number[] {
		return this.#policy.config.eosTokenIds;
	}
	get environment(): Readonly<Record<string, string | number>> {
		return {
			libtorch: native.torchVersion(),
			instructions: native.cpuCapability(),
			oneDnnCap: native.isaCap() || "none",
			threads: native.threads(),
			dtype: this.#options.dtype,
		};
	}
	/** The network itself, for what the engine interface does not reach. */
	get policy(): Decoder {
		return this.#policy;
	}
	get gradients(): Gradients {
		return this.#gradients;
	}

	sample(
		requests: readonly SampleRequest[],
		options: SamplingOptions,
		onProgress?: (tokens: number) => void,
	): Promise<Completion[]> {
		return attempt(() => decode(this.#policy, requests, options, this.#version, onProgress)).finally(trim);
	}

	evaluate(sequences: readonly Sequence[], of: "policy" | "reference"): Promise<TokenOutputs[]> {
		return attempt(() => {
			const decoder = of === "policy" ? this.#policy : this.#reference;
			if (decoder === undefined) {
				throw new ThaliaError(
					"no-reference",
					"Expected a reference policy for evaluate but the engine was opened without one",
					{
						fix: "open the engine with `reference`",
					},
				);
			}
			return evaluateSequences(decoder, sequences, this.#learner.tokensPerMicroBatch);
		}).finally(trim);
	}

	accumulate(sequences: readonly Sequence[], weigh: AsyncWeigh): Promise<TokenOutputs[]> {
		return accumulateGradients(this.#policy, sequences, weigh, this.#gradients, this.#learner);
	}

	step(options: StepOptions): Promise<{ gradNorm: number; applied: boolean }> {
		return attempt(() => {
			if (this.#gradients.empty) {
				throw new ThaliaError("no-gradient", "Expected an accumulated gradient for step but there is none", {
					fix: "call accumulate first",
				});
			}
			const result = this.#useOptimizer().step(this.#gradients, options.learningRate, options.maxGradNorm);
			this.#gradients.clear();
			return result;
		}).finally(trim);
	}

	discard(): Promise<void> {
		this.#gradients.clear();
		return Promise.resolve();
	}

	publish(): Promise<number> {
		return Promise.resolve(++this.#version);
	}

	save(dir: string, options: { optimizer?: boolean } = {}): Promise<void> {
		return attempt(() => {
			const dtype = this.#options.saveAs ?? this.#options.dtype;
			const config: DecoderConfig = { ...this.#policy.config, dtype };
			writeFileSync(join(dir, "config.json"), `${JSON.stringify(serializeDecoderConfig(config), null, 2)}\n`);
			for (const file of companions) {
				const source = join(this.#options.model, file);
				const elsewhere = resolve(dir) !== resolve(this.#options.model);
				if (elsewhere && existsSync(source)) copyFileSync(source, join(dir, file));
			}
			writeSafetensors(join(dir, "model.safetensors"), exportWeights(config, this.#policy.weights, dtype), {
				format: "pt",
			});
			if (options.optimizer === true) {
				const state = this.#useOptimizer().state();
				writeSafetensors(
					join(dir, optimizerFile),
					state.map(({ name, tensor }) => ({
						name,
						dtype: "F32",
						shape: tensor.shape,
						data: () => tensor.toBytes(),
					})),
				);
			}
		});
	}

	load(dir: string, policyVersion: number): Promise<void> {
		return attempt(() => {
			const fresh = loadWeights(Checkpoint.open(dir), this.#policy.config, this.#options.dtype);
			for (const [name, tensor] of fresh) {
				noGrad(() => this.#policy.weights.get(name)!.copy_(tensor));
				tensor.dispose();
			}
			const file = SafetensorsFile.open(join(dir, optimizerFile));
			this.#optimizer?.dispose();
			this.#optimizer = undefined;
			for (const { name, tensor } of this.#useOptimizer().state()) {
				tidy(() => noGrad(() => tensor.copy_(Tensor.fromBytes(file.read(name), tensor.shape, "f32"))));
			}
			file.close();
			this.#gradients.clear();
			this.#version = policyVersion;
		});
	}

	close(): Promise<void> {
		this.#gradients.clear();
		this.#optimizer?.dispose();
		this.#policy.dispose();
		this.#reference?.dispose();
		return Promise.resolve();
	}

	#useOptimizer(): AdamW {
		this.#optimizer ??= new AdamW(this.#policy.weights, this.#options.optimizer ?? defaultOptimizer);
		return this.#optimizer;
	}
}

/** A model folder's decoder. @throws ThaliaError for anything wrong with its files. */
export function openDecoder(dir: string, config: DecoderConfig, dtype: WeightDtype): Decoder {
	const checkpoint = Checkpoint.open(dir);
	try {
		return new Decoder(config, loadWeights(checkpoint, config, dtype));
	} finally {
		checkpoint.close();
	}
}

/** Phases differ in what they allocate: what one has freed in pieces would stay resident beside the next one's. */
function trim(): void {
	native.trimMemory();
}

/** Runs synchronous work as a promise, its exception as a rejection. */
function attempt<T>(work: () => T): Promise<T> {
	return new Promise((resolve) => {
		resolve(work());
	});
}
