import type { KlConfig } from "./config.ts";

const reward = { place: "reward", beta: 1, logprobs: "current" } as const;
const loss = { place: "loss", beta: 1 } as const;
const both = { place: "both", beta: 1, logprobs: "current", credit: "sequence" } as const;
const byToken = { ...loss, importance: "token" } as const;
const differentiated = { ...byToken, differentiateImportance: true } as const;

/** A configuration that has a name, in papers or in frameworks. */
export interface NamedConfig {
	/** `kl.preset` of a recipe. */
	readonly slug: string;
	readonly name: string;
	readonly config: KlConfig;
	/** Whether it is meant for completions that another policy sampled. */
	readonly offPolicy: boolean;
}

const on = (slug: string, name: string, config: KlConfig): NamedConfig => ({
	...{ slug, name, config },
	offPolicy: false,
});
const off = (slug: string, name: string, config: KlConfig): NamedConfig => ({
	...{ slug, name, config },
	offPolicy: true,
});

/** The rows of docs/kl.md, and what frameworks have. */
export const namedConfigs: readonly NamedConfig[] = [
	on("k1-in-reward", "k1 in reward", { ...reward, estimator: "k1", credit: "sequence" }),
	on("k1-in-reward-to-go", "k1 in reward, reward-to-go", {
		...{ ...reward, estimator: "k1" },
		credit: "reward-to-go",
	}),
	on("k1-in-reward-token", "k1 in reward, token credit", { ...reward, estimator: "k1", credit: "token" }),
	on("k1-in-loss", "k1 in loss", { ...loss, estimator: "k1" }),
	on("k2-in-loss", "k2 in loss", { ...loss, estimator: "k2" }),
	on("k2-in-reward", "k2 in reward", { ...reward, estimator: "k2", credit: "sequence" }),
	on("k3-in-loss", "k3 in loss (GRPO)", { ...loss, estimator: "k3" }),
	on("k3-in-loss-clamped", "k3 in loss, clamped (verl, SkyRL)", {
		...{ ...loss, estimator: "k3" },
		clamp: { logRatio: 20, value: 10 },
	}),
	on("k3-in-reward", "k3 in reward", { ...reward, estimator: "k3", credit: "sequence" }),
	on("k1-in-both", "k1 in both", { ...both, estimator: "k1" }),
	on("k3-in-both", "k3 in both", { ...both, estimator: "k3" }),
	on("full-in-loss", "full vocabulary in loss", { ...loss, estimator: "full" }),
	on("rao-blackwell", "Rao-Blackwell, complete", { ...loss, estimator: "rao-blackwell" }),
	on("closed-form-baseline", "closed-form baseline", {
		...{ ...reward, estimator: "rao-blackwell-local" },
		credit: "token",
	}),
	on("top-k-in-loss", "top-k in loss", { ...loss, estimator: "top-k", topK: 64 }),
	on("straight-through", "straight-through k3+ (verl)", { ...loss, estimator: "k3+" }),
	on("centred-k1", "centred k1 in the advantage (tinker-cookbook)", {
		...{ ...reward, estimator: "k1", credit: "token", logprobs: "sampler" },
		centre: "batch",
	}),
	off("prefix-importance", "prefix importance", {
		...{ ...reward, estimator: "k1", credit: "reward-to-go" },
		importance: "prefix",
	}),
	off("sequence-importance", "sequence importance", {
		...{ ...reward, estimator: "k1", credit: "sequence" },
		importance: "sequence",
	}),
	off("rao-blackwell-prefix", "Rao-Blackwell, prefix importance", {
		...{ ...reward, estimator: "rao-blackwell", credit: "reward-to-go" },
		importance: "prefix",
	}),
	off("token-importance", "token importance (PPO form)", {
		...{ ...reward, estimator: "k1", credit: "sequence" },
		importance: "token",
	}),
	off("trajectory-balance", "no importance (TBA)", { ...reward, estimator: "k1", credit: "sequence" }),
	off("frozen-at-sampler", "frozen at the sampler (verl's penalty)", {
		...{ ...reward, estimator: "k1", credit: "sequence", logprobs: "sampler" },
		importance: "sequence",
	}),
	off("deepseek-v3.2", "w k3, differentiated (DeepSeek-V3.2)", { ...differentiated, estimator: "k3" }),
	off("trl-bias-corrected", "w k3, differentiated (TRL)", { ...differentiated, estimator: "k3" }),
	off("w-k1-differentiated", "w k1, differentiated", { ...differentiated, estimator: "k1" }),
	off("w-k2", "sg(w) k2", { ...byToken, estimator: "k2" }),
	off("w-k3", "sg(w) k3", { ...byToken, estimator: "k3" }),
	off("w-k2-differentiated", "w k2, differentiated", { ...differentiated, estimator: "k2" }),
	off("k2-to-sampler", "k2 in loss to the sampler (prime-rl)", { ...loss, estimator: "k2", to: "sampler" }),
];
