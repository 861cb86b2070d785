import type { Workload } from "../src/engine/local/operations.ts";
import type { DecoderConfig } from "../src/formats/hf-config.ts";

/** A model, its weights random, and the step that is measured on it. */
export interface Shape {
	readonly config: DecoderConfig;
	readonly workload: Workload;
	/** Measured steps of one process. */
	readonly steps: number;
	/** Sequences in one forward and backward pass of the peer: what it is fastest with. */
	readonly peerMicroBatch: number;
}

const llama = {
	architecture: "llama",
	rmsNormEps: 1e-5,
	ropeScaling: null,
	qkvBias: false,
	outputBias: false,
	mlpBias: false,
	qkNorm: false,
	bosTokenId: null,
	// Without one, sampling runs to the last token: every step does the same work.
	eosTokenIds: [],
	padTokenId: null,
	dtype: "f32",
} as const;

const workload: Workload = { prompts: 8, groupSize: 8, promptTokens: 64, completionTokens: 64 };

export const shapes = {
	/** For the tests of the benchmark itself: its figures mean nothing. */
	toy: {
		config: {
			...llama,
			vocabSize: 64,
			hiddenSize: 32,
			intermediateSize: 48,
			numLayers: 2,
			numHeads: 4,
			numKvHeads: 2,
			headDim: 8,
			ropeTheta: 10_000,
			tieWordEmbeddings: true,
			maxPositions: 128,
		},
		workload: { prompts: 2, groupSize: 2, promptTokens: 6, completionTokens: 5 },
		steps: 1,
		peerMicroBatch: 4,
	},
	small: {
		config: {
			...llama,
			vocabSize: 512,
			hiddenSize: 256,
			intermediateSize: 704,
			numLayers: 6,
			numHeads: 4,
			numKvHeads: 4,
			headDim: 64,
			ropeTheta: 10_000,
			tieWordEmbeddings: false,
			maxPositions: 2048,
		},
		workload,
		steps: 5,
		peerMicroBatch: 16,
	},
	"smollm2-135m": {
		config: {
			...llama,
			vocabSize: 49_152,
			hiddenSize: 576,
			intermediateSize: 1536,
			numLayers: 30,
			numHeads: 9,
			numKvHeads: 3,
			headDim: 64,
			ropeTheta: 100_000,
			tieWordEmbeddings: true,
			maxPositions: 8192,
		},
		workload,
		steps: 2,
		peerMicroBatch: 8,
	},
} as const satisfies Record<string, Shape>;

export type ShapeName = keyof typeof shapes;

/** The shapes whose figures are kept. */
export const measuredShapes = ["small", "smollm2-135m"] as const satisfies readonly ShapeName[];
