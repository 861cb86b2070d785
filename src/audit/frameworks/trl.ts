import type { Candidate } from "../candidate.ts";
import { showValue } from "../value.ts";
import type { Ask } from "./ask.ts";
import type { Found, Framework, Reading, VersionSpan } from "./framework.ts";

type Trainer = "grpo" | "rloo" | "ppo" | "async-grpo";

const classes: Partial<Record<string, Trainer>> = {
	...{
		GRPOConfig: "grpo",
		GRPOTrainer: "grpo",
		RLOOConfig: "rloo",
		RLOOTrainer: "rloo",
		PPOConfig: "ppo",
		PPOv2Config: "ppo",
	},
	...{ AsyncGRPOConfig: "async-grpo", AsyncGRPOTrainer: "async-grpo" },
};

/** The version from which `use_bias_correction_kl` is on by default. */
const correctedSince = "1.10.0";

export const trl: Framework = {
	name: "TRL",
	// Scripts in the wild are of before the correction: where none of this is known both are said.
	assumed: "1.9.2",
	packages: ["trl"],
	others: ["0.18.2", correctedSince],
	rules: [
		{
			id: "trl/default-beta",
			severity: "warning",
			message: "beta is not set: GRPOConfig's default is 0.0 from 0.19.0, and was 0.04 up to 0.18.x",
			why: "The same script has a KL under one version and none under another.",
			source: "TRL: GRPOConfig.beta, 0.18.x and 0.19.0",
		},
		{
			id: "trl/importance-spares-kl",
			severity: "note",
			message:
				"vLLM's importance ratio, off_policy_mask_threshold and top_entropy_quantile never touch the KL term",
			why: "They weigh or mask the policy loss alone.",
			source: "TRL, 2026-07: GRPOTrainer",
		},
		{
			id: "trl/k3-in-reward",
			severity: "error",
			message: "kl_estimator=k3 puts k3 into PPO's reward",
			why: "PPO's KL is in the reward, per token, whatever the estimator.",
			source: "TRL, 2026-07, experimental PPO: kl_estimator (k1)",
		},
		{
			id: "trl/reference-is-policy",
			severity: "error",
			message: "the reference is the model that is trained: the KL is 0, whatever its coefficient",
			why: "Both log-probs are of one model. A reference is a copy, or None for one that the trainer makes.",
			source: "TRL, up to 0.11: PPOTrainer(config, model, ref_model)",
		},
		{
			id: "trl/correction-by-sequence",
			severity: "warning",
			message: 'use_bias_correction_kl is exact per token only with importance_sampling_level="token"',
			why: "A ratio of the whole sequence is the T-th root of the right one, and its derivative spreads a token's KL over all.",
			source: "TRL, 2026-07: use_bias_correction_kl, importance_sampling_level",
		},
	],
	recognises: (candidate) => trainerOf(candidate) !== null,
	spans,
	read,
};

/** Settings that older versions alone have, or newer ones: the fields of GRPOConfig, version by version. */
function spans({ settings, program }: Candidate): VersionSpan {
	const has = (...keys: readonly string[]) =>
		settings.some(({ key, added }) => added !== true && keys.includes(key));
	const least = has("entropy_target", "use_adaptive_entropy", "vllm_importance_sampling_clip_max")
		? correctedSince
		: has("use_bias_correction_kl", "off_policy_mask_threshold")
			? "0.26.0"
			: settings.some(({ key, value }) => key === "loss_type" && newLosses.test(showValue(value))) ||
					has("vllm_importance_sampling_correction", "vllm_importance_sampling_mode")
				? "0.22.0"
				: has(
							"importance_sampling_level",
							"top_entropy_quantile",
							"generation_kwargs",
							"vllm_enable_sleep_mode",
						)
					? "0.19.0"
					: undefined;
	const most = has("vllm_device", "vllm_dtype", "vllm_enable_prefix_caching", "vllm_max_model_len")
		? "0.18.2"
		: has("max_prompt_length", "vllm_guided_decoding_regex", "wandb_log_unique_prompts", "use_liger_loss")
			? "0.28.0"
			: undefined;
	return {
		// open-r1 ended with it, and most of what is made of open-r1 kept its pin.
		...(/(^|[./])open_r1[./]/.test(program) ? { likely: "0.18.2" } : {}),
		...(least === undefined ? {} : { atLeast: least }),
		...(most === undefined ? {} : { atMost: most }),
	};
}

const newLosses = /^(dapo|cispo|sapo|luspo|vespo)$/;

/** Which trainer a candidate is of; null of none. */
export function trainerOf({ program, hints, settings, form }: Candidate): Trainer | null {
	if (program === "GRPOTrainer" || program === "RLOOTrainer" || program === "AsyncGRPOTrainer")
		return !isOfTrl(hints)
			? null
			: settings.some(({ key }) => /^(args|config)(\.|$)/.test(key))
				? null
				: classes[program]!;
	const ofClass =
		classes[program] ??
		hints
			.map((hint) => (hint.endsWith("Config") ? classes[hint] : undefined))
			.find((one) => one !== undefined);
	if (ofClass !== undefined && form === "python") return isOfTrl(hints) ? ofClass : null;
	const command = /^trl (grpo|rloo|ppo)$/.exec(program)?.[1];
	if (command !== undefined) return command as Trainer;
	const has = (pattern: RegExp) => settings.some(({ key }) => pattern.test(key));
	if (/\.py$|^[a-z_]+\.[\w.]+$/i.test(program)) {
		if (has(/^rloo_k$/)) return "rloo";
		if (
			(has(/^(num_ppo_epochs|missing_eos_penalty|non_eos_penalty)$/) &&
				has(/^(kl_coef|total_episodes|response_length|num_mini_batches)$/)) ||
			(has(/^adap_kl_ctrl$/) && has(/^init_kl_coef$/))
		)
			return "ppo";
		const name = /(?:^|[/_.-])(grpo|rloo)(?=[/_.\w-]*$)/i.exec(program)?.[1].toLowerCase();
		const isTrl = has(
			/^(num_generations|max_completion_length|use_vllm|vllm_mode|reward_funcs|per_device_train_batch_size)$/,
		);
		if (name !== undefined && isTrl) return name as Trainer;
		// A script of one's own that TRL's parser fills.
		const isFilled =
			has(/^num_generations$/) &&
			has(/^max_completion_length$/) &&
			has(/^(beta|loss_type|epsilon|reward_funcs)$/);
		return isFilled ? "grpo" : null;
	}
	if (form === "python" || program !== "") return null;
	// A recipe, as `trl grpo --config` and open-r1 read it.
	if (
		!has(/^num_generations$/) ||
		!has(/^(reward_funcs|max_completion_length|max_prompt_length|use_vllm|reward_weights)/)
	)
		return null;
	return has(/^(rloo_k|normalize_advantages)$/) ? "rloo" : "grpo";
}

/** Other libraries have classes of these names: a file that imports must import from TRL, or what is made of it. */
function isOfTrl(hints: readonly string[]): boolean {
	const modules = hints.filter((hint) => !(hint in classes));
	return modules.length === 0 || modules.some((hint) => /^(trl|unsloth|verifiers|open_r1)(\.|$)/.test(hint));
}

function read(ask: Ask): Reading {
	const trainer = trainerOf(ask.candidate);
	switch (trainer) {
		case "rloo":
			return readRloo(ask);
		case "ppo":
			return readPpo(ask);
		case "async-grpo":
			return {
				terms: [],
				remedy: {
					possible: false,
					changes: [],
					nearest: "AsyncGRPO has no KL to a reference: use RLOOTrainer with beta",
				},
			};
		default:
			return withDefault(ask, readGrpo(ask, ask.since("0.19.0") ? 0 : 0.04, true));
	}
}

/** A beta that is left out is one of two by the version. */
function withDefault(ask: Ask, reading: Reading): Reading {
	if (ask.has("beta") || ask.candidate.open !== null) return reading;
	return { ...reading, findings: [...(reading.findings ?? []), { rule: "trl/default-beta" }] };
}

/**
 * GRPO's KL is k3 in the loss, whatever is set.
 * @param fallback beta's default
 * @param corrects whether it can be corrected
 */
export function readGrpo(ask: Ask, fallback: number, corrects: boolean, key = "beta"): Reading {
	const beta = ask.number(key, fallback);
	const remedy = {
		possible: false,
		changes: [],
		nearest:
			"GRPOTrainer's KL is k3 in the loss; RLOOConfig(beta=...) with RLOOTrainer is k1 in the reward, or use_bias_correction_kl=True for the local reverse KL",
	} as const;
	const found: Found[] = [];
	if (beta === 0) return { terms: [], findings: found, remedy };
	const sparing = [
		"vllm_importance_sampling_correction",
		"off_policy_mask_threshold",
		"top_entropy_quantile",
	].find((key) => ask.has(key));
	if (sparing !== undefined) found.push({ rule: "trl/importance-spares-kl", key: sparing });
	const base = { place: "loss", estimator: "k3", beta, key } as const;
	if (!corrects || !correction(ask)) return { terms: [base], findings: found, remedy };
	if (ask.choice("importance_sampling_level", "token", ["token", "sequence", "sequence_token"]) === "token")
		return {
			terms: [{ ...base, importance: "token", differentiateImportance: true }],
			findings: found,
			remedy,
		};
	return {
		terms: [base],
		instead: {
			objective: "biased",
			reason: "the KL is weighted by a ratio of the whole sequence, which is not that of its prefix",
		},
		findings: [...found, { rule: "trl/correction-by-sequence", key: "importance_sampling_level" }],
		remedy,
	};
}

/** The recipes of a candidate whose command line may still set it leave it at its default. */
function correction(ask: Ask): boolean {
	return ask.has("use_bias_correction_kl") || ask.candidate.open === null
		? ask.flag("use_bias_correction_kl", ask.since(correctedSince))
		: false;
}

function readRloo(ask: Ask): Reading {
	const key = ask.at("beta", "kl_coef")?.key ?? "beta";
	const beta = ask.number(["beta", "kl_coef"], 0.05);
	return {
		terms: [{ place: "reward", estimator: "k1", beta, key }],
		remedy: { possible: true, changes: [[key, "0.05"]] },
	};
}

/** PPO's KL is in the reward of each token. */
export function readPpo(ask: Ask): Reading {
	// `init_kl_coef` and `kl_penalty` are of versions before 0.12.
	const key = ask.at("kl_coef", "init_kl_coef")?.key ?? "kl_coef";
	// Up to 0.11 another class had this name, with other settings and another default.
	const isOld = ask.has(
		...["init_kl_coef", "mini_batch_size", "adap_kl_ctrl", "ppo_epochs", "log_with", "early_stopping"],
		...["optimize_cuda_cache", "use_score_scaling", "use_score_norm", "score_clip", "tracker_project_name"],
		...["model_name", "query_dataset", "steps", "target_kl", "target", "horizon", "kl_penalty", "task_name"],
		...["forward_batch_size", "ratio_threshold", "compare_steps", "optimize_device_cache"],
		...["tracker_kwargs", "accelerator_kwargs", "project_kwargs"],
	);
	const beta = ask.number(["kl_coef", "init_kl_coef"], isOld ? 0.2 : 0.05);
	if (ask.has("reference_is_policy")) {
		const why = "the reference is the model that is trained";
		return {
			terms: [],
			ignored: [{ key, why, rule: "trl/reference-is-policy", coefficient: true }],
			findings: ask.has(key) ? [] : [{ rule: "trl/reference-is-policy", key: "reference_is_policy" }],
			remedy: { possible: false, changes: [], nearest: "give PPOTrainer another model as its ref_model" },
		};
	}
	const names = { kl: "k1", k1: "k1", k3: "k3", abs: "abs", mse: "k2", full: "full" } as const;
	const name = ask.choice(["kl_estimator", "kl_penalty"], "k1", ["k1", "k3", "kl", "abs", "mse", "full"]);
	const estimator = names[name];
	const discount = ask.discount("gamma");
	return {
		terms: [{ place: "reward", estimator, beta, key, credit: "reward-to-go", discount }],
		findings: estimator === "k3" && beta !== 0 ? [{ rule: "trl/k3-in-reward", key: "kl_estimator" }] : [],
		remedy: {
			possible: true,
			changes: [isOld || ask.has("kl_penalty") ? ["kl_penalty", "kl"] : ["kl_estimator", "k1"]],
		},
	};
}
