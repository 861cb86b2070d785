import type { Candidate } from "../candidate.ts";
import type { Ask } from "./ask.ts";
import { normalisationRule } from "./common-rules.ts";
import type { Framework, Reading } from "./framework.ts";

const under = (name: string): string[] => [`actor.kl.${name}`, `kl.${name}`];

export const rl2: Framework = {
	name: "RL2",
	assumed: "2025-11",
	packages: [],
	others: [],
	rules: [],
	recognises: ({ program, settings }: Candidate) =>
		/(^|[./])RL2[./]trainer[./]ppo(\.py)?$/.test(program) ||
		settings.some(({ key }) => key === "actor.kl.type"),
	read,
};

/** Before the loss and the reward had one each. */
const shared = under("estimator");

const estimators = ["k1", "k2", "k3"] as const;

function read(ask: Ask): Reading {
	const remedy = {
		possible: true,
		changes: [
			["actor.kl.type", "reward"],
			["actor.kl.reward_estimator", "k1"],
		],
	} as const;
	const [key] = under("coef");
	const beta = ask.number(under("coef"), 0);
	if (beta === 0) return { terms: [], remedy };
	if (ask.has(...under("level"))) {
		const reason =
			"actor.kl.level is of RL2's first versions, which took the KL in the loss with the wrong sign";
		return { terms: [], instead: { objective: "unknown", reason }, remedy };
	}
	const type = ask.choice(under("type"), "null", ["null", "none", "loss", "reward", "advantage"]);
	if (type === "null" || type === "none") {
		const why = "actor.kl.type is not set: the KL is measured, and stands nowhere";
		return { terms: [], ignored: [{ key, why, coefficient: true }], remedy };
	}
	if (type === "loss") {
		const estimator = ask.choice(under("loss_estimator").concat(shared), "k2", estimators);
		return { terms: [{ place: "loss", estimator, beta, key }], remedy };
	}
	const estimator = ask.choice(under("reward_estimator").concat(shared), "k1", estimators);
	const term = { place: "reward", estimator, beta, key } as const;
	if (type === "advantage") return { terms: [{ ...term, credit: "token" }], remedy };
	const advantage = ask.choice("adv.estimator", "reinforce", ["reinforce", "gae"]);
	if (advantage === "gae") {
		const discount = ask.discount("adv.gamma");
		return { terms: [{ ...term, credit: "reward-to-go", discount }], remedy };
	}
	const divides = ask.flag("adv.norm_var", false) && !ask.flag("adv.global_norm", false);
	return { terms: [term], findings: divides ? [{ rule: normalisationRule.id, key }] : [], remedy };
}
