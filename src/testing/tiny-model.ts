import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportWeights, randomWeights, type WeightDtype } from "../engine/local/weights.ts";
import { type DecoderConfig, serializeDecoderConfig } from "../formats/hf-config.ts";
import { writeSafetensors } from "../formats/safetensors.ts";

/** A decoder small enough to sample thousands of tokens a second, with grouped heads and a sharp distribution. */
export const tinyConfig: DecoderConfig = {
	architecture: "llama",
	vocabSize: 258,
	hiddenSize: 32,
	intermediateSize: 48,
	numLayers: 2,
	numHeads: 4,
	numKvHeads: 2,
	headDim: 8,
	rmsNormEps: 1e-5,
	ropeTheta: 10_000,
	ropeScaling: null,
	tieWordEmbeddings: true,
	qkvBias: false,
	outputBias: false,
	mlpBias: false,
	qkNorm: false,
	maxPositions: 128,
	bosTokenId: null,
	eosTokenIds: [256],
	padTokenId: 257,
	dtype: "f32",
};

interface TinyModelOptions {
	readonly seed?: number;
	readonly scale?: number;
	readonly dtype?: WeightDtype;
	readonly config?: DecoderConfig;
}

/** Writes a random model in Hugging Face layout into a new folder. */
export function writeTinyModel(
	dir: string,
	{ seed = 1, scale = 20, dtype = "f32", config = tinyConfig }: TinyModelOptions = {},
): string {
	mkdirSync(dir, { recursive: true });
	writeFileSync(join(dir, "config.json"), JSON.stringify(serializeDecoderConfig({ ...config, dtype })));
	const weights = randomWeights(config, dtype, seed);
	weights.get("embed")!.mul_(scale);
	writeSafetensors(join(dir, "model.safetensors"), exportWeights(config, weights, dtype));
	return dir;
}
