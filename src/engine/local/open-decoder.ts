import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { ThaliaError } from "../../errors.ts";
import { Checkpoint } from "../../formats/checkpoint.ts";
import type { DecoderConfig } from "../../formats/hf-config.ts";
import { Decoder } from "./decoder.ts";
import { mergeAdapter } from "./lora/merge.ts";
import { peftConfigFile, readPeftConfig } from "./lora/peft-config.ts";
import { loadWeights, type WeightDtype } from "./weights.ts";

/**
 * A model folder's decoder; of a folder that has an adapter and no weights, its base with the adapter merged.
 * @throws ThaliaError for anything wrong with its files
 */
export function openDecoder(dir: string, config: DecoderConfig, dtype: WeightDtype): Decoder {
	const adapter = isAdapterFolder(dir);
	const checkpoint = Checkpoint.open(adapter ? baseOf(dir) : dir);
	try {
		const weights = loadWeights(checkpoint, config, dtype);
		if (adapter) mergeAdapter(weights, config, dir);
		return new Decoder(config, weights);
	} finally {
		checkpoint.close();
	}
}

/** Whether a folder holds adapters in place of weights. */
export function isAdapterFolder(dir: string): boolean {
	const weights = ["model.safetensors", "model.safetensors.index.json"];
	return existsSync(join(dir, peftConfigFile)) && !weights.some((file) => existsSync(join(dir, file)));
}

function baseOf(dir: string): string {
	const { base } = readPeftConfig(dir);
	if (base !== null && isAbsolute(base) && existsSync(base)) return base;
	throw new ThaliaError(
		"adapter-base",
		`Expected the folder of the adapter's base model as base_model_name_or_path in ${join(dir, peftConfigFile)} but received ${JSON.stringify(base)}, which is not there`,
		{ fix: "correct the path, or merge the adapter into its base first (thalia models merge)" },
	);
}
