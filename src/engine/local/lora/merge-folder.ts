import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { ThaliaError } from "../../../errors.ts";
import { readDecoderConfig } from "../../../formats/hf-config.ts";
import { writePolicy } from "../engine-files.ts";
import { openDecoder } from "../open-decoder.ts";
import type { WeightDtype } from "../weights.ts";
import { mergeAdapter } from "./merge.ts";

/**
 * Writes a base model with an adapter added to its weights as a model of its own, with the base's tokenizer.
 * @throws ThaliaError `folder-not-empty`, and those of `openDecoder` and `mergeAdapter`
 */
export function mergeIntoFolder(base: string, adapter: string, out: string, dtype: WeightDtype): void {
	if (existsSync(out) && readdirSync(out).length > 0) {
		throw new ThaliaError("folder-not-empty", `Expected a new or empty folder but ${out} has files in it`, {
			fix: "give another folder",
		});
	}
	const config = readDecoderConfig(base);
	// Sums in f32, whatever they are stored as: they are rounded once.
	const decoder = openDecoder(base, config, "f32");
	try {
		mergeAdapter(decoder.weights, config, adapter);
		mkdirSync(out, { recursive: true });
		writePolicy(out, base, decoder, dtype);
	} finally {
		decoder.dispose();
	}
}
