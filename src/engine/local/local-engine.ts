import { resolve } from "node:path";
import { ThaliaError } from "../../errors.ts";
import { readDecoderConfig } from "../../formats/hf-config.ts";
import type {
	AccumulateOptions,
	Completion,
	Engine,
	EngineCapabilities,
	EvaluateOptions,
	RetainedVersions,
	SampleRequest,
	SamplingOptions,
	Sequence,
	StepOptions,
	TokenDivergences,
	TokenOutputs,
} from "../engine.ts";
import { AdamW, type AdamWOptions } from "./adamw.ts";
import { decode } from "./decode.ts";
import { Decoder } from "./decoder.ts";
import { readPolicy, readTrainingState, writePolicy, writeTrainingState } from "./engine-files.ts";
import { Gradients } from "./gradients.ts";
import { KeptGradients } from "./kept-gradients.ts";
import {
	type AsyncWeigh,
	accumulateGradients,
	divergencesOfSequences,
	evaluateSequences,
	type LearnerOptions,
} from "./learner.ts";
import { Adapters } from "./lora/adapters.ts";
import { checkLora, type LoraConfig } from "./lora/config.ts";
import { readAdapters } from "./lora/peft-files.ts";
import { MovingReference } from "./moving-reference.ts";
import { native } from "./native.ts";
import { openDecoder } from "./open-decoder.ts";
import { PublishedVersions } from "./published-versions.ts";
import { randomWeights, type WeightDtype } from "./weights.ts";

export interface LocalEngineOptions {
	/** Folder of the policy in Hugging Face layout. */
	readonly model: string;
	/** Folder of the frozen reference; none: `evaluate(..., "reference")` is refused. */
	readonly reference?: string;
	/** Start from fresh weights of this seed: only config.json (and the tokenizer) of `model` are read. */
	readonly randomSeed?: number;
	readonly dtype: WeightDtype;
	/** Learn low-rank additions to the model's matrices and leave the model as it is. */
	readonly lora?: EngineLora;
	/** Precision of the weights that `save` writes; default `dtype`. Resuming bit for bit needs the default. */
	readonly saveAs?: WeightDtype;
	/** Published versions before the newest that can still be sampled from; each takes the policy's memory. Default 0. */
	readonly retainVersions?: number;
	/** Threads of one operation. Default: what libtorch chooses, one a core. */
	readonly threads?: number;
	readonly optimizer?: AdamWOptions;
	readonly learner?: Partial<LearnerOptions>;
}

/** Fresh adapters (their A drawn by `seed`, default 0), or those of a PEFT folder. */
export type EngineLora = (LoraConfig & { readonly seed?: number }) | { readonly adapter: string };

const defaultOptimizer: AdamWOptions = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 };
const defaultLearner: LearnerOptions = { tokensPerMicroBatch: 1024, recompute: false };

/** The engine over libtorch, in the thread that calls it: `WorkerEngine` is the one that leaves the caller free. */
export class LocalEngine implements Engine {
	readonly capabilities: EngineCapabilities = {
		entropy: true,
		fullVocabularyKl: true,
		lora: true,
		fullFineTune: true,
	};
	readonly #options: LocalEngineOptions;
	readonly #learner: LearnerOptions;
	readonly #gradients = new Gradients();
	readonly #kept = new KeptGradients();
	/** What the policy's adapters add to; the reference too, where that is the same model. */
	readonly #base: Decoder | undefined;
	readonly #policy: Decoder;
	readonly #versions: PublishedVersions;
	readonly #reference: MovingReference | undefined;
	#optimizer: AdamW | undefined;
	/** Of learning, since the policy was last published. */
	#passes = 0;

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
		const opened =
			options.randomSeed === undefined
				? openDecoder(options.model, config, options.dtype)
				: new Decoder(config, randomWeights(config, options.dtype, options.randomSeed));
		if (options.lora === undefined) {
			this.#policy = opened;
		} else {
			this.#base = opened;
			this.#policy = new Decoder(config, opened.weights, openAdapters(options.lora, opened));
		}
		this.#versions = new PublishedVersions(this.#policy, options.retainVersions ?? 0);
		if (options.reference !== undefined && referenceConfig !== undefined) {
			const open = () => openDecoder(options.reference!, referenceConfig, options.dtype);
			const shared = options.randomSeed === undefined && sameFolder(options.reference, options.model);
			this.#reference = new MovingReference(
				shared && this.#base !== undefined ? this.#base : open(),
				() => open().weights,
			);
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
		return attempt(() => {
			const version = options.policyVersion ?? this.#versions.newest;
			return decode(this.#versions.decoderOf(version), requests, options, version, onProgress);
		}).finally(trim);
	}

	evaluate(
		sequences: readonly Sequence[],
		of: "policy" | "reference",
		options: EvaluateOptions = {},
	): Promise<TokenOutputs[]> {
		return attempt(() => {
			const decoder = of === "policy" ? this.#policy : this.#needReference("evaluate").decoder;
			return evaluateSequences(decoder, sequences, this.#learner.tokensPerMicroBatch, options);
		}).finally(trim);
	}

	divergences(sequences: readonly Sequence[], options: EvaluateOptions = {}): Promise<TokenDivergences[]> {
		return attempt(() => {
			const reference = this.#needReference("divergences").decoder;
			const { tokensPerMicroBatch } = this.#learner;
			return divergencesOfSequences(this.#policy, reference, sequences, tokensPerMicroBatch, options);
		}).finally(trim);
	}

	accumulate(
		sequences: readonly Sequence[],
		weigh: AsyncWeigh,
		options: AccumulateOptions = {},
	): Promise<TokenOutputs[]> {
		return attempt(() => {
			const compared = options.divergence === undefined ? undefined : this.#needReference("a divergence");
			return accumulateGradients(this.#policy, sequences, weigh, this.#gradients, this.#learner, options, {
				reference: compared?.decoder,
				dropout: () => this.#dropoutSeed(),
			});
		});
	}

	step(options: StepOptions): Promise<{ gradNorm: number; applied: boolean }> {
		return attempt(() => {
			this.#needGradient("step");
			this.#versions.preserve();
			const result = this.#useOptimizer().step(this.#gradients, options.learningRate, options.maxGradNorm);
			this.#gradients.clear();
			return result;
		}).finally(trim);
	}

	discard(): Promise<void> {
		this.#gradients.clear();
		return Promise.resolve();
	}

	keepGradient(name: string): Promise<void> {
		return attempt(() => {
			this.#needGradient("keepGradient");
			this.#kept.keep(name, this.#gradients);
		});
	}

	gradientProducts(names: readonly string[]): Promise<number[][]> {
		return attempt(() => this.#kept.products(names)).finally(trim);
	}

	dropGradients(names: readonly string[]): Promise<void> {
		return attempt(() => {
			this.#kept.drop(names);
		}).finally(trim);
	}

	publish(): Promise<number> {
		return attempt(() => {
			this.#passes = 0;
			return this.#versions.publish();
		});
	}

	retained(): Promise<RetainedVersions> {
		return attempt(() => this.#versions.retained());
	}

	updateReference(decay: number): Promise<void> {
		return attempt(() => {
			const reference = this.#needReference("updateReference");
			if (this.#base !== undefined) throw frozenWithLora();
			reference.update(decay, this.#policy);
		}).finally(trim);
	}

	save(dir: string, options: { optimizer?: boolean } = {}): Promise<void> {
		return attempt(() => {
			writePolicy(dir, this.#options.model, this.#policy, this.#options.saveAs ?? this.#options.dtype);
			if (options.optimizer === true) {
				writeTrainingState(dir, this.#useOptimizer(), this.#versions, this.#reference);
			}
		});
	}

	load(dir: string, policyVersion: number): Promise<void> {
		return attempt(() => {
			readPolicy(dir, this.#policy);
			this.#optimizer?.dispose();
			this.#optimizer = undefined;
			readTrainingState(dir, policyVersion, this.#useOptimizer(), this.#versions, this.#reference);
			this.#gradients.clear();
			this.#kept.clear();
			this.#passes = 0;
		}).finally(trim);
	}

	close(): Promise<void> {
		this.#gradients.clear();
		this.#kept.clear();
		this.#optimizer?.dispose();
		this.#versions.dispose();
		this.#policy.dispose();
		this.#reference?.dispose();
		if (this.#reference?.decoder !== this.#base) this.#base?.dispose();
		native.emptyArena();
		return Promise.resolve();
	}

	#needReference(what: string): MovingReference {
		if (this.#reference !== undefined) return this.#reference;
		throw new ThaliaError(
			"no-reference",
			`Expected a reference policy for ${what} but the engine was opened without one`,
			{ fix: "open the engine with `reference`" },
		);
	}

	#needGradient(what: string): void {
		if (!this.#gradients.empty) return;
		throw new ThaliaError("no-gradient", `Expected an accumulated gradient for ${what} but there is none`, {
			fix: "call accumulate first",
		});
	}

	/** A function of the recipe and the step, so that a resumed run drops what an uninterrupted one would have. */
	#dropoutSeed(): number | undefined {
		const { lora } = this.#options;
		if (lora === undefined) return undefined;
		const seed = "adapter" in lora ? 0 : (lora.seed ?? 0);
		return seed * 1_000_003 + this.#versions.newest * 10_007 + this.#passes++;
	}

	#useOptimizer(): AdamW {
		this.#optimizer ??= new AdamW(this.#policy.trainable, this.#options.optimizer ?? defaultOptimizer);
		return this.#optimizer;
	}
}

function openAdapters(lora: EngineLora, { config, dtype }: Decoder): Adapters {
	if ("adapter" in lora) return readAdapters(lora.adapter, config, dtype);
	checkLora(lora);
	return Adapters.fresh(config, lora, dtype, lora.seed ?? 0);
}

function sameFolder(a: string, b: string): boolean {
	return resolve(a) === resolve(b);
}

function frozenWithLora(): ThaliaError {
	return new ThaliaError(
		"reference-shape",
		"Expected a frozen reference for a policy with LoRA, whose base is the reference, but received an update of it",
		{ fix: "set referenceUpdate: frozen, or train all weights" },
	);
}

/** Phases differ in what they allocate: what one has freed in pieces would stay resident beside the next one's. */
function trim(): void {
	native.trimMemory();
}

/** Runs work as a promise, its exception as a rejection. */
function attempt<T>(work: () => T | Promise<T>): Promise<T> {
	return new Promise((resolve) => {
		resolve(work());
	});
}
