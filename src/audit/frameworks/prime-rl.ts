import type { Candidate } from "../candidate.ts";
import { type Ask, Unreadable } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

const coef = ["trainer.loss.kl_tau", "loss.kl_tau"];
const kind = ["trainer.loss.type", "loss.type"];

export const primeRl: Framework = {
	name: "prime-rl",
	assumed: "2026-08",
	packages: ["prime-rl"],
	others: [],
	rules: [
		{
			id: "prime-rl/to-sampler",
			severity: "note",
			message: "kl_tau holds the policy to the one that sampled: prime-rl has no KL to a base model",
			why: "The penalty is kl_tau (log pi - log sampler)^2.",
			source: "prime-rl, 2026-08: trainer.loss.kl_tau (1e-3)",
		},
	],
	recognises: ({ program, settings, bases, form }: Candidate) =>
		/^prime-rl |prime_rl[./]/.test(program) ||
		(program === "rl" && settings.length + bases.length > 0) ||
		settings.some(({ key }) => coef.includes(key)) ||
		(form === "toml" &&
			program === "" &&
			settings.some(({ key }) => /^(orchestrator|inference)\./.test(key)) &&
			settings.some(({ key }) => /^(trainer\.|max_async_level|max_steps)/.test(key))),
	read,
};

function read(ask: Ask): Reading {
	const beta = ask.number(coef, 1e-3);
	const remedy = {
		possible: false,
		changes: [],
		nearest: "none in prime-rl: no KL to a reference, in the reward or in the loss",
	} as const;
	const type = ask.text(kind, "default");
	if (type === undefined || type !== "default")
		throw new Unreadable(`trainer.loss.type is ${type ?? "not known"}, whose terms are not known`);
	const key = ask.at(...coef)?.key ?? coef[0];
	return {
		terms: [{ place: "loss", estimator: "k2", beta, key, to: "sampler" }],
		findings: beta === 0 ? [] : [{ rule: "prime-rl/to-sampler", key }],
		remedy,
	};
}
