import type { KlConfig } from "../kl/config.ts";
import { namedConfigs } from "../kl/named.ts";

export interface ProbedConfig {
	readonly name: string;
	readonly kl: Exclude<KlConfig, { readonly place: "none" }>;
}

/** k1, k2 and k3 in each place, and what reads the whole vocabulary. @param beta above 0 */
export function usualConfigs(beta: number): ProbedConfig[] {
	const credited = { credit: "sequence", logprobs: "current", beta } as const;
	const sampled = (["k1", "k2", "k3"] as const).flatMap((estimator): ProbedConfig[] => [
		{ name: `${estimator} in reward`, kl: { place: "reward", estimator, ...credited } },
		{ name: `${estimator} in loss`, kl: { place: "loss", estimator, beta } },
		{ name: `${estimator} in both`, kl: { place: "both", estimator, ...credited } },
	]);
	const toGo = { ...credited, credit: "reward-to-go" } as const;
	return [
		...sampled,
		{ name: "k1 in reward, reward-to-go", kl: { place: "reward", estimator: "k1", ...toGo } },
		{ name: "full vocabulary in loss", kl: { place: "loss", estimator: "full", beta } },
		{ name: "Rao-Blackwell, complete", kl: { place: "loss", estimator: "rao-blackwell", beta } },
	];
}

/** Configurations by the slug of their preset. */
export function presetConfigs(slugs: readonly string[], beta: number): ProbedConfig[] {
	return slugs.flatMap((slug) => {
		const found = namedConfigs.find((named) => named.slug === slug);
		return found === undefined || found.config.place === "none"
			? []
			: [{ name: found.name, kl: { ...found.config, beta } }];
	});
}
