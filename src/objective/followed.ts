import { insideReward, type KlConfig } from "../kl/config.ts";
import type { Cause } from "../kl/expectation.ts";
import { type Explanation, explainKl } from "../kl/explain.ts";
import type { ObjectiveConfig } from "./config.ts";

/**
 * What a KL follows within a whole objective: the bare KL's verdict, and what normalisation, aggregation and clip make of
 * it. Baselines leave it as it is: leave-one-out adds nothing to the expectation, the group's mean shrinks it by 1 - 1/n,
 * reward and KL alike.
 * @param offPolicy whether another policy than the one being trained samples, or several updates are made of one batch
 */
export function explainObjective(objective: ObjectiveConfig, kl: KlConfig, offPolicy: boolean): Explanation {
	const bare = explainKl(kl, offPolicy);
	if (bare.objective === "none") return bare;
	const more = [
		...normalisation(objective, kl),
		...clip(objective, kl, offPolicy),
		...aggregation(objective),
	];
	if (more.length === 0) return bare;
	// Lengths reweight what is followed and leave its name; the others make of it what has none.
	const renamed = more.some(({ cause }) => cause !== "aggregation");
	const fixes = [...(bare.fix === null ? [] : [bare.fix]), ...more.map(({ fix }) => fix)];
	return {
		...bare,
		objective: renamed ? "biased" : bare.objective,
		exact: false,
		causes: [...bare.causes, ...more.map(({ cause }) => cause)],
		reason: [bare.reason, ...more.map(({ reason }) => reason)].join("; but "),
		fix: fixes.join(" "),
	};
}

interface Effect {
	readonly cause: Cause;
	readonly reason: string;
	readonly fix: string;
}

function normalisation({ advantage }: ObjectiveConfig, kl: KlConfig): Effect[] {
	if (advantage !== "grpo" || insideReward(kl)?.credit !== "sequence") return [];
	return [
		{
			cause: "normalisation",
			reason: "each group is divided by the spread of reward and KL together",
			fix: "objective.advantage=rloo",
		},
	];
}

function clip({ surrogate }: ObjectiveConfig, kl: KlConfig, offPolicy: boolean): Effect[] {
	if (surrogate.kind !== "ppo-clip" || !offPolicy || insideReward(kl) === null) return [];
	return [
		{
			cause: "clip",
			reason: "a token that the clip holds loses its KL too",
			fix: "kl.importance=prefix",
		},
	];
}

function aggregation({ aggregation: kind }: ObjectiveConfig): Effect[] {
	if (kind !== "token-mean" && kind !== "sequence-mean") return [];
	return [
		{
			cause: "aggregation",
			reason: "completions are reweighted by their lengths",
			fix: "objective.aggregation=sequence-sum",
		},
	];
}
