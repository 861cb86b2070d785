import type { Candidate } from "../candidate.ts";
import type { Ask } from "./ask.ts";
import { distils } from "./distillation.ts";
import type { Framework, Reading } from "./framework.ts";

const coef = "algo.kl.init_coef";
const kind = "algo.kl.estimator";
const inLossKey = "algo.kl.use_loss";
const advantageKey = "algo.advantage.estimator";

/** Those whose return is made of each token's reward, with its KL. */
const ofTokens = ["reinforce", "gae"] as const;
/** Those that spread one reward of the completion, which has no KL. */
const ofOutcome = ["grpo", "dr_grpo", "rloo", "reinforce_baseline", "flash_reinforce"] as const;

/** OpenRLHF's flags, with estimators of its own. */
export const molt: Framework = {
	name: "molt",
	assumed: "2026-08",
	packages: [],
	others: [],
	rules: [
		{
			id: "molt/reward-kl-vanishes",
			severity: "warning",
			message: "the KL of the reward is read by the estimators reinforce and gae alone",
			why: "grpo, dr_grpo, rloo, reinforce_baseline and flash_reinforce spread the completion's reward, into which no KL goes.",
			source: "molt, 2026-08: molt/trainer/algorithm/advantage.py",
		},
		{
			id: "molt/k1-in-loss",
			severity: "error",
			message:
				"use_loss with the estimator k1 (the default) puts k1 into the loss, where its expected gradient is zero",
			why: "The default estimator is meant for the reward. In the loss use k2 or k3.",
			source: "molt, 2026-08: --algo.kl.use_loss, --algo.kl.estimator (k1)",
		},
	],
	recognises: ({ program }: Candidate) => /(^|[./])molt[./]cli[./]train_rl/.test(program),
	read,
};

function read(ask: Ask): Reading {
	const inLoss = ask.flag(inLossKey, false);
	const beta = ask.number(coef, 0.01);
	const remedy = {
		possible: true,
		changes: [
			[kind, "k1"] as const,
			...(inLoss ? ([[inLossKey, "False"]] as const) : []),
			[advantageKey, "reinforce"] as const,
			...(beta === 0 ? ([[coef, "0.01"]] as const) : []),
		],
		note: "leave the flag of the loss out",
	} as const;
	const advantage = ask.choice(advantageKey, "reinforce", [...ofTokens, ...ofOutcome, "on_policy_distill"]);
	if (advantage === "on_policy_distill")
		return { terms: [], instead: { objective: "unknown", reason: distils }, remedy };
	if (beta === 0) return { terms: [], remedy };
	if (!inLoss && ofOutcome.some((name) => name === advantage)) {
		const why = `${advantage} never reads it`;
		return {
			terms: [],
			ignored: [{ key: coef, why, rule: "molt/reward-kl-vanishes", coefficient: true }],
			remedy,
		};
	}
	const estimator = ask.choice(kind, "k1", ["k1", "k2", "k3"]);
	const common = { estimator, beta, key: coef } as const;
	if (inLoss)
		return {
			terms: [{ ...common, place: "loss" }],
			findings: estimator === "k1" ? [{ rule: "molt/k1-in-loss", key: inLossKey }] : [],
			remedy,
		};
	const discount = ask.discount("algo.advantage.gamma");
	return { terms: [{ ...common, place: "reward", credit: "reward-to-go", discount }], remedy };
}
