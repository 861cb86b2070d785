import type { Candidate } from "../candidate.ts";
import { type Ask, Unreadable } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

const under = (name: string): string[] => [`actor.kl.${name}`, `kl.${name}`];

/** Its defaults changed: what is not set is not known. */
export const rl2: Framework = {
	name: "RL2",
	assumed: "2025-11",
	packages: [],
	others: [],
	rules: [],
	recognises: ({ program }: Candidate) => /(^|[./])RL2[./]trainer[./]\w+$/.test(program.replace(/\.py$/, "")),
	read,
};

function read(ask: Ask): Reading {
	const remedy = {
		possible: true,
		changes: [
			["actor.kl.type", "reward"],
			["actor.kl.reward_estimator", "k1"],
		],
	} as const;
	const needed = (name: string): string[] => {
		if (!ask.has(...under(name))) throw new Unreadable(`kl.${name} is not set, and its default is not known`);
		return under(name);
	};
	const beta = ask.number(needed("coef"), 0);
	if (beta === 0) return { terms: [], remedy };
	const place = ask.choice(needed("type"), "loss", ["loss", "reward"]);
	const estimator = ask.choice(needed(`${place}_estimator`), "k1", ["k1", "k2", "k3"]);
	return { terms: [{ place, estimator, beta, key: under("coef")[0] }], remedy };
}
