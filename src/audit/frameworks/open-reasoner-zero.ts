import type { Candidate } from "../candidate.ts";
import type { Ask } from "./ask.ts";
import type { Framework, Reading, Term } from "./framework.ts";

export const openReasonerZero: Framework = {
	name: "Open-Reasoner-Zero",
	assumed: "2025-06",
	packages: [],
	others: [],
	rules: [],
	recognises: ({ form, program, hints, settings }: Candidate) =>
		form === "python" &&
		/Config$/.test(program) &&
		// A copy under another name has its settings.
		(hints.some((hint) => /^orz(\.|$)/.test(hint)) ||
			settings.some(({ key }) => key === "use_kl_estimator_k3")) &&
		(hints.includes("BasePPOExpConfig") || /^\w*PPOExpConfig$/.test(program)),
	read,
};

function read(ask: Ask): Reading {
	const { hints, open } = ask.candidate;
	const isBase = hints.includes("BasePPOExpConfig") || open !== null;
	const remedy = {
		possible: true,
		changes: [
			["use_kl_loss", "False"],
			["use_kl_estimator_k3", "False"],
			...(ask.has("use_abs_kl") ? ([["use_abs_kl", "False"]] as const) : []),
			["init_kl_coef", "0.01"],
		],
	} as const;
	if (!isBase && !ask.has("init_kl_coef"))
		return {
			terms: [],
			instead: { objective: "unknown", reason: "the class that it extends stands in another file" },
			remedy,
		};
	// With the loss on, the reward has none, whatever its coefficient.
	const usesLoss = ask.flag("use_kl_loss", false);
	const beta = usesLoss ? ask.number("kl_loss_coef", 0) : ask.number("init_kl_coef", 0.01);
	const isK3 = beta !== 0 && ask.flag("use_kl_estimator_k3", false);
	const isAbs = !isK3 && !usesLoss && beta !== 0 && ask.flag("use_abs_kl", false);
	const common = { estimator: isK3 ? "k3" : isAbs ? "abs" : "k1", beta } as const;
	const term: Term = usesLoss
		? { ...common, place: "loss", key: "kl_loss_coef" }
		: {
				...common,
				place: "reward",
				key: "init_kl_coef",
				credit: "reward-to-go",
				discount: ask.discount("gamma"),
			};
	return {
		terms: [term],
		ignored: [
			usesLoss
				? { key: "init_kl_coef", why: "use_kl_loss is on", coefficient: true }
				: { key: "kl_loss_coef", why: "use_kl_loss is off", coefficient: true },
		],
		remedy,
	};
}
