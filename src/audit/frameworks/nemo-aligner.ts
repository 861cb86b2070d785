import type { Candidate } from "../candidate.ts";
import { type Ask, Unreadable } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

const coefs = ["trainer.ppo.initial_policy_kl_penalty", "trainer.reinforce.initial_policy_kl_penalty"];

export const nemoAligner: Framework = {
	name: "NeMo-Aligner",
	assumed: "0.7.0",
	packages: ["nemo-aligner", "nemo_aligner"],
	others: [],
	rules: [],
	recognises: ({ settings }: Candidate) => settings.some(({ key }) => coefs.includes(key)),
	read,
};

function read(ask: Ask): Reading {
	const key = ask.at(...coefs)!.key;
	const beta = ask.number(key, 0);
	const absolute = key.replace("initial_policy_kl_penalty", "use_absolute_kl");
	const remedy = { possible: true, changes: [[absolute, "False"]] } as const;
	if (beta === 0) return { terms: [], remedy };
	if (!ask.has(absolute)) throw new Unreadable(`${absolute} is not set here, and decides the estimator`);
	const estimator = ask.flag(absolute, true) ? "abs" : "k1";
	const base = { place: "reward", estimator, beta, key } as const;
	if (key.startsWith("trainer.reinforce.")) return { terms: [base], remedy };
	const discount = ask.discount("trainer.ppo.discount_factor");
	return { terms: [{ ...base, credit: "reward-to-go", discount }], remedy };
}
