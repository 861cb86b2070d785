import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ThaliaError } from "../errors.ts";
import { shardsOf } from "../formats/checkpoint.ts";
import { parseDecoderConfig } from "../formats/hf-config.ts";
import type { FetchedRepository } from "./fetch-repository.ts";

const single = "model.safetensors";
const index = "model.safetensors.index.json";

/** Everything of a model's repository but its weights; other formats of these (.bin, .onnx, .gguf) are left out. */
const descriptions = new Set([
	"config.json",
	"generation_config.json",
	"tokenizer.json",
	"tokenizer_config.json",
	"special_tokens_map.json",
	"chat_template.jinja",
	index,
]);

/**
 * A model's folder, by whatever gets the wanted files of its repository. The small files come first, so that a model
 * that Thalia cannot run is refused before its weights are fetched.
 * @param options descriptionsOnly: leave the weights where they are
 * @throws ThaliaError `model-files`, those of `parseDecoderConfig`, and what `get` throws
 */
export async function modelFiles(
	name: string,
	get: (wants: (path: string) => boolean) => Promise<FetchedRepository>,
	{ descriptionsOnly = false } = {},
): Promise<string> {
	const { dir, files } = await get((path) => descriptions.has(path));
	const config = join(dir, "config.json");
	if (!files.includes("config.json")) throw lacks(name, "config.json");
	parseDecoderConfig(JSON.parse(readFileSync(config, "utf8")), `${name}: config.json`);
	if (descriptionsOnly) return dir;
	const weights = new Set(files.includes(index) ? shardsOf(join(dir, index)) : [single]);
	const whole = await get((path) => descriptions.has(path) || weights.has(path));
	const missing = [...weights].find((file) => !existsSync(join(whole.dir, file)));
	if (missing !== undefined) throw lacks(name, missing);
	return whole.dir;
}

function lacks(name: string, file: string): ThaliaError {
	return new ThaliaError("model-files", `Expected ${file} in ${name} but it is not there`, {
		fix: "take a model with safetensors weights; of one in GGUF, download the file and give its path",
	});
}
