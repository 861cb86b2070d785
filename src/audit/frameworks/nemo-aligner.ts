import type { Candidate } from "../candidate.ts";
import { type Ask, Unreadable } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

const inLoss = "trainer.grpo.initial_policy_kl_penalty";
const inReward = ["trainer.ppo.initial_policy_kl_penalty", "trainer.reinforce.initial_policy_kl_penalty"];

/** Its own files of defaults, and the programs that begin with them. */
const ownBase = /(^|\/)gpt_(ppo_actor|reinforce_actor|grpo)(\.ya?ml)?$/;
const ownProgram = /(^|\/)train_gpt_(ppo|reinforce)_actor\.py$/;

export const nemoAligner: Framework = {
	name: "NeMo-Aligner",
	assumed: "0.7.0",
	packages: ["nemo-aligner", "nemo_aligner"],
	others: [],
	rules: [],
	recognises: ({ settings }: Candidate) =>
		settings.some(({ key }) => key === inLoss || inReward.includes(key)),
	ownsBase: (base) => ownBase.test(base),
	read: (ask) => (ask.has(inLoss) ? readGrpo(ask) : readReward(ask)),
};

function readGrpo(ask: Ask): Reading {
	const beta = ask.number(inLoss, 0);
	return {
		terms: beta === 0 ? [] : [{ place: "loss", estimator: "k3", beta, key: inLoss }],
		remedy: {
			possible: false,
			changes: [],
			nearest: "GRPO's KL is k3 in the loss; REINFORCE has it in the reward",
		},
	};
}

function readReward(ask: Ask): Reading {
	const key = ask.at(...inReward)!.key;
	const beta = ask.number(key, 0);
	const absolute = key.replace("initial_policy_kl_penalty", "use_absolute_kl");
	const remedy = { possible: true, changes: [[absolute, "False"]] } as const;
	if (beta === 0) return { terms: [], remedy };
	if (!ask.has(absolute) && !ownProgram.test(ask.candidate.program))
		throw new Unreadable(`${absolute} is not set here, and decides the estimator`);
	const estimator = ask.flag(absolute, true) ? "abs" : "k1";
	const base = { place: "reward", estimator, beta, key } as const;
	if (key.startsWith("trainer.reinforce.")) return { terms: [base], remedy };
	const discount = ask.discount("trainer.ppo.discount_factor");
	return { terms: [{ ...base, credit: "reward-to-go", discount }], remedy };
}
