import { ThaliaError } from "../../errors.ts";
import { Checkpoint } from "../../formats/checkpoint.ts";
import { type DecoderConfig, readDecoderConfig } from "../../formats/hf-config.ts";
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
import { MovingReference } from "./moving-reference.ts";
import { native } from "./native.ts";
import { PublishedVersions } from "./published-versions.ts";
import { loadWeights, randomWeights, type WeightDtype } from "./weights.ts";

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
	/** Published versions before the newest that can still be sampled from; each takes the policy's memory. Default 0. */
	readonly retainVersions?: number;
	/** Threads of one operation. Default: what libtorch chooses, one a core. */
	readonly threads?: number;
	readonly optimizer?: AdamWOptions;
	readonly learner?: Partial<LearnerOptions>;
}

const defaultOptimizer: AdamWOptions = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 };
const defaultLearner: LearnerOptions = { tokensPerMicroBatch: 1024, recompute: false };

/** The engine over libtorch, in the thread that calls it: `WorkerEngine` is the one that leaves the caller free. */
export class LocalEngine implements Engine {
	readonly capabilities: EngineCapabilities = {
		entropy: true,
		fullVocabularyKl: true,
		lora: false,
		fullFineTune: true,
	};
	readonly #options: LocalEngineOptions;
	readonly #learner: LearnerOptions;
	readonly #gradients = new Gradients();
	readonly #kept = new KeptGradients();
	readonly #policy: Decoder;
	readonly #versions: PublishedVersions;
	readonly #reference: MovingReference | undefined;
	#optimizer: AdamW | undefined;

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
		this.#versions = new PublishedVersions(this.#policy, options.retainVersions ?? 0);
		if (options.reference !== undefined && referenceConfig !== undefined) {
			const open = () => openDecoder(options.reference!, referenceConfig, options.dtype);
			this.#reference = new MovingReference(open(), () => open().weights);
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
			const context = [this.#gradients, this.#learner, options, compared?.decoder] as const;
			return accumulateGradients(this.#policy, sequences, weigh, ...context);
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
		return attempt(() => this.#versions.publish());
	}

	retained(): Promise<RetainedVersions> {
		return attempt(() => this.#versions.retained());
	}

	updateReference(decay: number): Promise<void> {
		return attempt(() => {
			this.#needReference("updateReference").update(decay, this.#policy);
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
		}).finally(trim);
	}

	close(): Promise<void> {
		this.#gradients.clear();
		this.#kept.clear();
		this.#optimizer?.dispose();
		this.#versions.dispose();
		this.#policy.dispose();
		this.#reference?.dispose();
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

/** Runs work as a promise, its exception as a rejection. */
function attempt<T>(work: () => T | Promise<T>): Promise<T> {
	return new Promise((resolve) => {
		resolve(work());
	});
}
