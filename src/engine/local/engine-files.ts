import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Checkpoint } from "../../formats/checkpoint.ts";
import { type DecoderConfig, serializeDecoderConfig } from "../../formats/hf-config.ts";
import { SafetensorsFile, type TensorToWrite, writeSafetensors } from "../../formats/safetensors.ts";
import type { AdamW } from "./adamw.ts";
import { noGrad } from "./autograd.ts";
import type { Decoder } from "./decoder.ts";
import { restoreAdapters, writeAdapters } from "./lora/peft-files.ts";
import type { MovingReference } from "./moving-reference.ts";
import type { PublishedVersions } from "./published-versions.ts";
import { rawTensors, readRaw } from "./raw-weights.ts";
import { exportWeights, loadWeights, type WeightDtype } from "./weights.ts";

/** Files of a model folder that travel with its weights. */
const companions = [
	"generation_config.json",
	"tokenizer.json",
	"tokenizer_config.json",
	"special_tokens_map.json",
	"chat_template.jinja",
];

const optimizerFile = "optimizer.safetensors";
const versionsFile = "versions.safetensors";
const referenceFile = "reference.safetensors";

/**
 * Writes the policy in Hugging Face layout; what else `model` has (its tokenizer) goes with it. Of a policy with LoRA
 * it is the adapters that are written, in PEFT's layout.
 */
export function writePolicy(dir: string, model: string, policy: Decoder, dtype: WeightDtype): void {
	const config: DecoderConfig = { ...policy.config, dtype };
	writeFileSync(join(dir, "config.json"), `${JSON.stringify(serializeDecoderConfig(config), null, 2)}\n`);
	for (const file of companions) {
		const source = join(model, file);
		const elsewhere = resolve(dir) !== resolve(model);
		if (elsewhere && existsSync(source)) copyFileSync(source, join(dir, file));
	}
	if (policy.adapters !== undefined) {
		writeAdapters(dir, policy.adapters, resolve(model), dtype);
		return;
	}
	writeSafetensors(join(dir, "model.safetensors"), exportWeights(config, policy.weights, dtype), {
		format: "pt",
	});
}

/** Copies the weights of `dir`, or its adapters, into the policy's. */
export function readPolicy(dir: string, policy: Decoder): void {
	if (policy.adapters !== undefined) {
		restoreAdapters(dir, policy.config, policy.adapters, policy.dtype);
		return;
	}
	const checkpoint = Checkpoint.open(dir);
	try {
		for (const [name, tensor] of loadWeights(checkpoint, policy.config, policy.dtype)) {
			noGrad(() => policy.weights.get(name)!.copy_(tensor));
			tensor.dispose();
		}
	} finally {
		checkpoint.close();
	}
}

/** Writes what training goes on from, beside the policy: a file for each part that there is something of. */
export function writeTrainingState(
	dir: string,
	optimizer: AdamW,
	versions: PublishedVersions,
	reference: MovingReference | undefined,
): void {
	const write = (file: string, tensors: readonly TensorToWrite[]) => {
		if (tensors.length > 0) writeSafetensors(join(dir, file), tensors);
	};
	write(optimizerFile, rawTensors(optimizer.state()));
	write(versionsFile, versions.tensors());
	write(referenceFile, reference?.tensors() ?? []);
}

/** Restores what `writeTrainingState` wrote; the policy has its weights already. */
export function readTrainingState(
	dir: string,
	policyVersion: number,
	optimizer: AdamW,
	versions: PublishedVersions,
	reference: MovingReference | undefined,
): void {
	withFile(join(dir, optimizerFile), (file) => {
		readRaw(file, optimizer.state());
	});
	withFileOrNone(join(dir, versionsFile), (file) => {
		versions.restore(policyVersion, file);
	});
	withFileOrNone(join(dir, referenceFile), (file) => reference?.restore(file));
}

function withFileOrNone(path: string, use: (file: SafetensorsFile | undefined) => void): void {
	if (existsSync(path)) withFile(path, use);
	else use(undefined);
}

function withFile(path: string, use: (file: SafetensorsFile) => void): void {
	const file = SafetensorsFile.open(path);
	try {
		use(file);
	} finally {
		file.close();
	}
}
