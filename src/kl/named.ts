import type { KlConfig } from "./config.ts";

const reward = { place: "reward", beta: 1, logprobs: "current" } as const;
const loss = { place: "loss", beta: 1 } as const;
const both = { place: "both", beta: 1, logprobs: "current", credit: "sequence" } as const;

/** A configuration that has a name, in papers or in frameworks. */
export interface NamedConfig {
	readonly name: string;
	readonly config: KlConfig;
	/** Whether it is meant for completions that another policy sampled. */
	readonly offPolicy: boolean;
}

const on = (name: string, config: KlConfig): NamedConfig => ({ name, config, offPolicy: false });
const off = (name: string, config: KlConfig): NamedConfig => ({ name, config, offPolicy: true });

/** The rows of docs/kl.md. */
export const namedConfigs: readonly NamedConfig[] = [
	on("k1 in reward", { ...reward, estimator: "k1", credit: "sequence" }),
	on("k1 in reward, reward-to-go", { ...reward, estimator: "k1", credit: "reward-to-go" }),
	on("k1 in reward, token credit", { ...reward, estimator: "k1", credit: "token" }),
	on("k1 in loss", { ...loss, estimator: "k1" }),
	on("k2 in loss", { ...loss, estimator: "k2" }),
	on("k2 in reward", { ...reward, estimator: "k2", credit: "sequence" }),
	on("k3 in loss (GRPO)", { ...loss, estimator: "k3" }),
	on("k3 in reward", { ...reward, estimator: "k3", credit: "sequence" }),
	on("k1 in both", { ...both, estimator: "k1" }),
	on("k3 in both", { ...both, estimator: "k3" }),
	on("full vocabulary in loss", { ...loss, estimator: "full" }),
	on("Rao-Blackwell, complete", { ...loss, estimator: "rao-blackwell" }),
	on("closed-form baseline", { ...reward, estimator: "rao-blackwell-local", credit: "token" }),
	on("top-k in loss", { ...loss, estimator: "top-k" }),
	on("straight-through k3+ (verl)", { ...loss, estimator: "k3+" }),
	off("prefix importance", { ...reward, estimator: "k1", credit: "reward-to-go", importance: "prefix" }),
	off("sequence importance", { ...reward, estimator: "k1", credit: "sequence", importance: "sequence" }),
	off("Rao-Blackwell, prefix importance", {
		...{ ...reward, estimator: "rao-blackwell", credit: "reward-to-go" },
		importance: "prefix",
	}),
	off("token importance (PPO form)", {
		...{ ...reward, estimator: "k1", credit: "sequence" },
		importance: "token",
	}),
	off("no importance", { ...reward, estimator: "k1", credit: "sequence" }),
	off("frozen at the sampler (verl's penalty)", {
		...{ ...reward, estimator: "k1", credit: "sequence", logprobs: "sampler" },
		importance: "sequence",
	}),
	off("w k3, differentiated (DeepSeek-V3.2, TRL)", {
		...{ ...loss, estimator: "k3", importance: "token" },
		differentiateImportance: true,
	}),
	off("w k1, differentiated", {
		...{ ...loss, estimator: "k1", importance: "token" },
		differentiateImportance: true,
	}),
	off("sg(w) k2", { ...loss, estimator: "k2", importance: "token" }),
	off("sg(w) k3", { ...loss, estimator: "k3", importance: "token" }),
	off("w k2, differentiated", {
		...{ ...loss, estimator: "k2", importance: "token" },
		differentiateImportance: true,
	}),
];
