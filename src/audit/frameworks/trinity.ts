import type { Candidate } from "../candidate.ts";
import { showValue } from "../value.ts";
import { type Ask, Unreadable } from "./ask.ts";
import type { Framework, Reading, Term } from "./framework.ts";

const kind = "algorithm.algorithm_type";
const names = { k1: "k1", k2: "k2", k3: "k3", low_var_kl: "k3", abs: "abs", corrected_k3: "k3" } as const;
type Name = keyof typeof names | "none";
const all: readonly Name[] = ["none", "k1", "k2", "k3", "low_var_kl", "abs", "corrected_k3"];
/** `mode` of a run that trains nothing. */
const withoutTraining = /^(explore|bench|serve)$/;
const withoutKl = /^(dapo|asymre|sppo)$/;
const withK2 =
	/^(ppo|grpo|reinforceplusplus|rloo|opmd|topr|cispo|gspo|sapo|rec|multi_step_grpo|gigpo|grpo_verl)$/;

export const trinity: Framework = {
	name: "Trinity-RFT",
	assumed: "0.6.0",
	packages: ["trinity-rft"],
	others: [],
	rules: [],
	recognises: ({ settings }: Candidate) => {
		const is = (name: string, words: RegExp) =>
			settings.some(({ key, value }) => key === name && words.test(showValue(value)));
		return (
			settings.some(({ key }) => key === kind) && !is(kind, /^(sft|dpo)$/) && !is("mode", withoutTraining)
		);
	},
	read,
};

/** The loss's KL of version 0.1; the reward's is in the file of verl's that `trainer_config_path` names. */
const older = ["trainer.actor_use_kl_loss", "trainer.actor_kl_loss_coef"];

function read(ask: Ask): Reading {
	if (ask.has(...older))
		throw new Unreadable("actor_use_kl_loss is of version 0.1, whose KL is that of verl's own settings");
	const algorithm = ask.text(kind, "ppo");
	const remedy = {
		possible: true,
		changes: [
			["algorithm.kl_penalty_fn", "k1"],
			["algorithm.kl_loss_fn", "none"],
		],
	} as const;
	if (algorithm === undefined || (!withK2.test(algorithm) && !withoutKl.test(algorithm)))
		throw new Unreadable(`what ${algorithm ?? "the algorithm"} has of a KL is not known`);
	// `none` is nothing to YAML.
	const named = (key: string, fallback: Name): Name =>
		ask.at(key)?.value === null ? "none" : ask.choice<Name>(key, fallback, all);
	const loss = named("algorithm.kl_loss_fn", withK2.test(algorithm) ? "k2" : "none");
	const reward = named("algorithm.kl_penalty_fn", "none");
	const terms: Term[] = [];
	if (reward !== "none") {
		// The correction needs what only the loss has.
		const key = "algorithm.kl_penalty_fn_args.kl_coef";
		if (reward === "corrected_k3") throw new Unreadable("corrected_k3 is of the loss");
		terms.push({ place: "reward", estimator: names[reward], beta: ask.number(key, 0.001), key });
	}
	if (loss !== "none") {
		const key = "algorithm.kl_loss_fn_args.kl_coef";
		const corrected =
			loss === "corrected_k3" ? ({ importance: "token", differentiateImportance: true } as const) : {};
		terms.push({ place: "loss", estimator: names[loss], beta: ask.number(key, 0.001), key, ...corrected });
	}
	return { terms, remedy };
}
