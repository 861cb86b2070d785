import type { Candidate } from "../candidate.ts";
import { isUnknown } from "../value.ts";
import type { Ask } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

const coef = "actor.kl_ctl";
/** Of ReaLHF, and of AReaL before it was rewritten: the reference is always there. */
const oldCoef = "ppo.kl_ctl";

export const areal: Framework = {
	name: "AReaL",
	assumed: "2026-08",
	packages: ["areal"],
	others: [],
	rules: [
		{
			id: "areal/kl-without-reference",
			severity: "error",
			message: "kl_ctl without ref: the reference's log-probs are 0, so this is an entropy bonus, not a KL",
			why: "What is taken off the reward is then kl_ctl times log pi itself.",
			source: "AReaL 1.0.4: actor.kl_ctl (0.1), ref (None)",
		},
	],
	recognises: ({ program, settings, bases }: Candidate) =>
		(/(^|[./])areal([./]|$)/i.test(program) &&
			(bases.length > 0 || settings.some(({ key }) => /^(actor|ref|gconfig|rollout)\./.test(key)))) ||
		settings.some(({ key }) => key === coef || key === oldCoef || key === "actor.kl_estimator"),
	read,
};

function read(ask: Ask): Reading {
	if (ask.has(oldCoef))
		return {
			terms: [
				{
					place: "reward",
					estimator: "k1",
					beta: ask.number(oldCoef, 0.1),
					key: oldCoef,
					credit: "reward-to-go",
					discount: ask.discount("ppo.discount"),
				},
			],
			remedy: { possible: true, changes: [[oldCoef, "0.1"]] },
		};
	const beta = ask.number(coef, 0.1);
	const reference = ask.at("ref")?.value;
	const isThere =
		ask.under("ref.") || (reference !== undefined && reference !== null && !isUnknown(reference));
	const remedy = {
		possible: true,
		changes: [["actor.kl_estimator", "k1"], ...(isThere ? [] : ([["ref.path", baseModel(ask)]] as const))],
	} as const;
	if (beta === 0) return { terms: [], remedy };
	if (!isThere && ask.candidate.open !== null)
		return {
			terms: [],
			remedy,
			instead: { objective: "unknown", reason: `whether ref is set is not known: ${ask.candidate.open}` },
		};
	if (!isThere) {
		return {
			terms: [],
			findings: [{ rule: "areal/kl-without-reference", key: coef }],
			instead: {
				objective: "biased",
				reason: "without ref the reference's log-probs are 0: an entropy bonus, not a KL",
			},
			remedy,
		};
	}
	const estimator = ask.choice("actor.kl_estimator", "k1", ["k1", "k2", "k3"]);
	return {
		terms: [
			{
				place: "reward",
				estimator,
				beta,
				key: coef,
				credit: "reward-to-go",
				discount: ask.discount("actor.discount"),
			},
		],
		remedy,
	};
}

/** The model that the policy begins as. */
function baseModel(ask: Ask): string {
	const path = ask.written("actor.path");
	return path === "" ? "${actor.path}" : path;
}
