import type { Candidate } from "../candidate.ts";
import { showValue, type Value } from "../value.ts";
import { type Ask, Unreadable } from "./ask.ts";
import { distils } from "./distillation.ts";
import type { Framework, Reading } from "./framework.ts";

const coef = ["trainer.loss.kl_tau", "loss.kl_tau"];
/** The newest version without a term unless it is set. */
const beforeDefault = "2026-02";
const withDefault = "2026-03";
const kind = ["trainer.loss.type", "loss.type"];

export const primeRl: Framework = {
	name: "prime-rl",
	assumed: "2026-08",
	packages: ["prime-rl"],
	others: [beforeDefault],
	spans: ({ settings }: Candidate) => {
		const has = (pattern: RegExp) => settings.some(({ key }) => pattern.test(key));
		if (has(/loss\.(dppo|ipo)_mask_/)) return { atLeast: withDefault };
		if (has(/^orchestrator\.train\./)) return { atLeast: "2026-04" };
		return has(
			/loss\.(ratio_type|(token|geo|sequence)_(mask|clip)_\w+)$|^(inference|trainer)_gpu_ids(\.|$)|^orchestrator\.trajectory_strategy$/,
		)
			? { atMost: beforeDefault }
			: {};
	},
	rules: [
		{
			id: "prime-rl/to-sampler",
			severity: "note",
			message: "kl_tau holds the policy to the one that sampled: prime-rl has no KL to a base model",
			why: "The penalty is kl_tau (log pi - log sampler)^2.",
			source: "prime-rl, 2026-08: trainer.loss.kl_tau (1e-3; 0 before 2026-03)",
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
	if (ask.under("arctic."))
		throw new Unreadable("a server of its own trains here, by a loss that is not known");
	if (ask.candidate.settings.some(({ key, value }) => isOfTeacher(key, value))) throw new Unreadable(distils);
	const isNew = ask.since(withDefault);
	const beta = ask.number(coef, isNew ? 1e-3 : 0);
	const remedy = {
		possible: false,
		changes: [],
		nearest: "none in prime-rl: no KL to a reference, in the reward or in the loss",
	} as const;
	const type = ask.text(kind, "default");
	if (type !== "default" && type !== "dppo_kl")
		throw new Unreadable(`trainer.loss.type is ${type ?? "not known"}, whose terms are not known`);
	const key = ask.at(...coef)?.key ?? coef[0];
	const common = { beta, key, to: "sampler" } as const;
	return {
		terms: [
			isNew
				? { ...common, place: "loss", estimator: "k2" }
				: { ...common, place: "reward", estimator: "k1", credit: "token" },
		],
		findings: beta === 0 ? [] : [{ rule: "prime-rl/to-sampler", key }],
		remedy,
	};
}

function isOfTeacher(key: string, value: Value): boolean {
	return (
		(/(^|[._])teacher/.test(key) && value !== 0) ||
		(/(^|\.)(training_mode|algo\.type|algorithm\.type|algorithms\.\d+\.id)$/.test(key) &&
			/^ops?d$/.test(showValue(value)))
	);
}
