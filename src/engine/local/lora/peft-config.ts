import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expected, ThaliaError } from "../../../errors.ts";
import type { LoraConfig } from "./config.ts";

export const peftConfigFile = "adapter_config.json";
export const peftWeightsFile = "adapter_model.safetensors";

/** What adapter_config.json says, as far as it changes the result. */
export interface PeftConfig {
	readonly rank: number;
	readonly alpha: number;
	readonly dropout: number;
	readonly rankStabilised: boolean;
	/** What the adapter was trained on: a folder or an id. */
	readonly base: string | null;
}

/** Options that would need another formula: better refused than ignored. */
const unsupported = [
	"use_dora",
	"fan_in_fan_out",
	"alora_invocation_tokens",
	"rank_pattern",
	"alpha_pattern",
	"modules_to_save",
	"lora_bias",
	"layer_replication",
	"trainable_token_indices",
];

/** @throws ThaliaError `adapter-missing`, `adapter-unsupported` */
export function readPeftConfig(dir: string): PeftConfig {
	const path = join(dir, peftConfigFile);
	if (!existsSync(path)) {
		throw new ThaliaError("adapter-missing", `Expected ${peftConfigFile} in ${dir} but it is not there`, {
			fix: "give the folder that PEFT's save_pretrained wrote",
		});
	}
	const config = parse(path);
	if (config.peft_type !== "LORA")
		throw expected("adapter-unsupported", "LORA", `${path}: peft_type`, config.peft_type);
	for (const option of unsupported) {
		const value = config[option];
		const set = value !== null && typeof value === "object" ? Object.keys(value).length > 0 : Boolean(value);
		if (set) throw expected("adapter-unsupported", "the option unset", `${path}: ${option}`, value);
	}
	const { bias = "none", r, lora_alpha: alpha, lora_dropout: dropout = 0 } = config;
	if (bias !== "none") throw expected("adapter-unsupported", '"none"', `${path}: bias`, bias);
	if (!(Number.isSafeInteger(r) && (r as number) >= 1))
		throw expected("adapter-unsupported", "a rank of 1 or more", `${path}: r`, r);
	if (!Number.isFinite(alpha))
		throw expected("adapter-unsupported", "a number", `${path}: lora_alpha`, alpha);
	const base = config.base_model_name_or_path;
	return {
		rank: r as number,
		alpha: alpha as number,
		dropout: typeof dropout === "number" ? dropout : 0,
		rankStabilised: config.use_rslora === true,
		base: typeof base === "string" && base !== "" ? base : null,
	};
}

/** The same as PEFT writes it. */
export function serializePeftConfig(config: LoraConfig, base: string): Record<string, unknown> {
	return {
		peft_type: "LORA",
		task_type: "CAUSAL_LM",
		base_model_name_or_path: base,
		r: config.rank,
		lora_alpha: config.alpha,
		lora_dropout: config.dropout,
		target_modules: [...config.targets],
		bias: "none",
		use_rslora: config.rankStabilised ?? false,
		use_dora: false,
		fan_in_fan_out: false,
		inference_mode: true,
		init_lora_weights: true,
	};
}

function parse(path: string): Record<string, unknown> {
	try {
		const config: unknown = JSON.parse(readFileSync(path, "utf8"));
		if (config !== null && typeof config === "object" && !Array.isArray(config))
			return config as Record<string, unknown>;
	} catch (cause) {
		throw new ThaliaError("adapter-unsupported", `${path}: expected JSON: ${(cause as Error).message}`, {
			cause,
		});
	}
	throw new ThaliaError("adapter-unsupported", `${path}: expected a JSON object`);
}
