import type { Candidate } from "../candidate.ts";
import { showValue } from "../value.ts";
import { type Ask, Unreadable } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

const coef = ["method.init_kl_coef", "init_kl_coef"];

/** `PPOConfig` in Python, or a file of settings with `method: name: PPOConfig`. */
export const trlx: Framework = {
	name: "trlX",
	assumed: "0.7.0",
	packages: ["trlx"],
	others: [],
	rules: [],
	recognises: ({ form, program, hints, settings }: Candidate) =>
		(program === "PPOConfig" && hints.some((hint) => /^trlx(\.|$)/.test(hint))) ||
		(form !== "python" &&
			settings.some(({ key, value }) => key === "method.name" && /^ppoconfig$/i.test(showValue(value)))),
	read,
};

function read(ask: Ask): Reading {
	if (!ask.has(...coef)) throw new Unreadable("init_kl_coef is not set, and its default is not known");
	const key = ask.at(...coef)!.key;
	return {
		terms: [
			{
				place: "reward",
				estimator: "k1",
				beta: ask.number(coef, 0),
				key,
				credit: "reward-to-go",
				discount: ask.discount(["method.gamma", "gamma"]),
			},
		],
		remedy: { possible: true, changes: [[key, "0.05"]] },
	};
}
