import { type Classification, classifyKl } from "../kl/classify.ts";
import { insideReward, type KlConfig, type SampledInReward } from "../kl/config.ts";
import type { Cause } from "../kl/expectation.ts";
import { type Explanation, explainKl } from "../kl/explain.ts";
import { type Change, flatOf, isConfig, klChangesOf, smallestChange } from "../kl/fix.ts";
import type { FlatKl } from "../kl/flat.ts";
import type { Importance } from "../kl/importance.ts";
import type { AdvantageKind, ObjectiveConfig, Surrogate } from "./config.ts";

/**
 * What a KL follows within a whole objective: the bare KL's verdict, and what baseline, normalisation, aggregation and
 * surrogate make of it. Leave-one-out adds nothing to the expectation; a mean over the whole group shrinks a KL in the
 * reward by 1 - 1/n, which leaves what it follows. `followed.test.ts` compares it with the enumeration of groups.
 * @param offPolicy whether another policy than the one being trained samples, or several updates are made of one batch
 */
export function explainObjective(objective: ObjectiveConfig, kl: KlConfig, offPolicy: boolean): Explanation {
	const { reasons, ...followed } = followedObjective(objective, kl, offPolicy);
	const bare = { ...explainKl(weighted(objective, kl, offPolicy), offPolicy), config: kl };
	if (kl.place === "none" || followed.objective === "none") return bare;
	return {
		...bare,
		...followed,
		reason: [bare.reason, ...reasons].join("; but "),
		fix: followed.exact ? null : fixOf(objective, kl, offPolicy),
	};
}

interface Followed extends Classification {
	/** What the objective around it adds to the bare KL's. */
	readonly reasons: readonly string[];
}

function followedObjective(objective: ObjectiveConfig, kl: KlConfig, offPolicy: boolean): Followed {
	const bare = classifyKl(weighted(objective, kl, offPolicy), offPolicy);
	// On-policy a KL to the sampler is 0 wherever it goes through.
	const inside = offPolicy || kl.place === "none" || kl.to !== "sampler" ? insideReward(kl) : null;
	const effects = [
		...(inside === null ? [] : inReward(objective, inside, kl, offPolicy)),
		...aggregation(objective),
	];
	if (bare.objective === "none" || effects.length === 0) return { ...bare, reasons: [] };
	const keepsName = effects.every(({ renames }) => !renames);
	// What averages out does so only while nothing that depends on the completion multiplies it.
	const named = bare.objective === "to-sampler" || (keepsName && bare.objective !== "zero-mean-noise");
	return {
		objective: named ? bare.objective : "biased",
		exact: false,
		prefixes: bare.prefixes,
		causes: [...bare.causes, ...effects.map(({ cause }) => cause)],
		reasons: effects.map(({ reason }) => reason),
	};
}

interface Whole {
	readonly objective: ObjectiveConfig;
	readonly kl: FlatKl;
}

/** The smallest change of KL and objective after which it is exact. */
function fixOf(objective: ObjectiveConfig, kl: KlConfig, offPolicy: boolean): string {
	const ofKl = klChangesOf<Whole>(
		offPolicy,
		(whole) => whole.kl,
		(whole, changed) => ({ ...whole, kl: changed }),
	);
	const sum: Change<Whole> = {
		key: "objective.aggregation",
		text: "objective.aggregation=sequence-sum",
		apply: (whole) => ({ ...whole, objective: { ...whole.objective, aggregation: "sequence-sum" } }),
		changes: (whole) => whole.objective.aggregation !== "sequence-sum",
	};
	const rloo: Change<Whole> = {
		key: "objective.advantage",
		text: "objective.advantage=rloo",
		apply: (whole) => ({ ...whole, objective: { ...whole.objective, advantage: "rloo" } }),
		changes: (whole) => whole.objective.advantage !== "rloo",
	};
	const changes = smallestChange<Whole>(
		{ objective, kl: flatOf(kl) },
		[sum, ...ofKl.changes, rloo],
		[sum, rloo, ...ofKl.fallback],
		(whole) =>
			isConfig(whole.kl, (candidate) => followedObjective(whole.objective, candidate, offPolicy).exact),
	);
	return changes.map(({ text }) => text).join(" ");
}

interface Effect {
	readonly cause: Cause;
	readonly reason: string;
	/** Whether what is followed then has no name any more. */
	readonly renames: boolean;
}

/** A surrogate's ratio reweights the KL that it acts on, as an importance of its own would. */
function weighted({ surrogate }: ObjectiveConfig, kl: KlConfig, offPolicy: boolean): KlConfig {
	if (!offPolicy || kl.place !== "reward" || insideReward(kl)?.clip !== "inside") return kl;
	const importance = ratioOf(surrogate);
	if (importance === "none") return kl;
	const { normalisation, clip, centre, ...beside } = kl;
	return { ...beside, importance };
}

function ratioOf(surrogate: Surrogate): Importance {
	switch (surrogate.kind) {
		case "reinforce":
		case "gspo": // Its ratio is the T-th root of the right one.
			return "none";
		case "ppo-clip":
		case "cispo":
			return "token";
		case "tis":
		case "masked-is":
			return surrogate.level;
	}
}

function inReward(
	{ advantage, surrogate }: ObjectiveConfig,
	{ normalisation, clip, centre, estimator }: SampledInReward,
	kl: KlConfig,
	offPolicy: boolean,
): Effect[] {
	const effects: Effect[] = [];
	if (normalisation === "before" && divides(advantage)) {
		effects.push({
			cause: "normalisation",
			reason: "reward and KL together are divided by their spread",
			renames: true,
		});
	}
	if (normalisation === "after" && centre === "batch") {
		effects.push({
			cause: "baseline",
			reason:
				"the batch's mean that is taken off holds each token's own KL, a share that falls with the batch's size",
			renames: false,
		});
	} else if (kl.place === "both" && estimator === "k3" && holdsItself(advantage)) {
		effects.push({
			cause: "baseline",
			reason:
				"the group's mean shrinks the KL in the reward and not the one in the loss: their biases do not cancel",
			renames: true,
		});
	}
	if (offPolicy && clip === "inside" && isBounded(surrogate)) {
		effects.push({
			cause: surrogate.kind === "ppo-clip" || surrogate.kind === "gspo" ? "clip" : "truncation",
			reason: "where the surrogate's bounds hold a token they hold its KL too",
			renames: true,
		});
	}
	return effects;
}

function divides(advantage: AdvantageKind): boolean {
	return advantage === "grpo" || advantage === "reinforce++";
}

function holdsItself(advantage: AdvantageKind): boolean {
	return advantage !== "rloo" && advantage !== "reinforce";
}

function isBounded(surrogate: Surrogate): boolean {
	if (surrogate.kind === "reinforce") return false;
	return surrogate.kind !== "tis" || surrogate.cap < Infinity;
}

function aggregation({ aggregation: kind }: ObjectiveConfig): Effect[] {
	if (kind !== "token-mean" && kind !== "sequence-mean") return [];
	return [
		{
			cause: "aggregation",
			reason: "completions are reweighted by their lengths",
			renames: false,
		},
	];
}
