import type { AuditObjective } from "../report.ts";
import type { Rule } from "./framework.ts";

const article = "Shah et al., A Comedy of Estimators, arXiv 2512.21852";

/** What is said of an objective, whatever the framework. */
export const objectiveRules: Partial<Record<AuditObjective, Rule>> = {
	"zero-mean-noise": {
		id: "kl/zero-mean-noise",
		severity: "error",
		message:
			"k1 in the loss: its expected gradient is zero, so the KL is noise, as if its coefficient were 0",
		why: "The derivative of k1 = log pi - log ref is 1, and the score's mean is 0. Nothing holds the policy to its reference, and large coefficients make training unstable.",
		source: article,
	},
	"reverse-minus-forward": {
		id: "kl/reverse-minus-forward",
		severity: "error",
		message:
			"k3 in the reward: the reverse KL less the forward one, whose leading order cancels; runs collapse",
		why: "E[score * k3] is the gradient of the reverse KL less that of the local forward KL. Near the reference both are alike, so almost nothing is left, and far from it the sign can flip.",
		source: article,
	},
	"local-forward-kl": {
		id: "kl/local-forward-kl",
		severity: "warning",
		message:
			"k3 in the loss follows each token's forward KL(reference || policy), not the reverse KL that is stated",
		why: "The gradient of k3 at the sampled token has the mean of the local forward KL's gradient. It is stable, but another divergence, and no token answers for the KL of those after it.",
		source: article,
	},
	"local-reverse-kl": {
		id: "kl/local-reverse-kl",
		severity: "note",
		message: "each token's reverse KL by itself: no token answers for the KL of those after it",
		why: "The gradient of the sequence-level reverse KL also has the effect of a token on the prefixes that follow, which a local form leaves out.",
		source: article,
	},
	"to-sampler": {
		id: "kl/to-sampler",
		severity: "note",
		message: "the term holds the policy to the one that sampled; nothing holds it to the reference",
		why: "A penalty on the distance to the sampler bounds a step, not the distance from the base model.",
		source: article,
	},
	biased: {
		id: "kl/biased",
		severity: "warning",
		message: "the expected gradient is that of no KL",
		why: "An estimator that is unbiased as a value need not be as a gradient: which one is right depends on where it stands.",
		source: article,
	},
	double: {
		id: "kl/double",
		severity: "error",
		message: "a KL in the reward and another in the loss act together",
		why: "Two switches are independent of each other: with both on, the policy is held twice, by two estimators with two coefficients.",
		source: article,
	},
	"silently-ignored": {
		id: "kl/silently-ignored",
		severity: "error",
		message: "a KL coefficient stands here and nothing uses it: no KL acts",
		why: "The framework reads the coefficient only where another switch is on, and does not say so.",
		source: "see the finding beside it",
	},
	"sign-flipped": {
		id: "kl/sign-flipped",
		severity: "error",
		message: "the KL has the wrong sign: the policy is pushed away from its reference",
		why: "A penalty's coefficient must be positive, and be added to the loss or taken off the reward.",
		source: article,
	},
	none: {
		id: "kl/none",
		severity: "note",
		message: "no KL acts",
		why: "Many settings leave the KL off: that can be meant, and is worth knowing.",
		source: article,
	},
	unknown: {
		id: "kl/unresolved",
		severity: "warning",
		message: "what the KL follows cannot be told from this file",
		why: "A value that decides comes from the environment, the command line or another file. What is not known is not guessed.",
		source: "the audited file",
	},
};

export const versionRule: Rule = {
	id: "kl/version-dependent",
	severity: "warning",
	message: "other versions of the framework mean something else by the same settings",
	why: "Defaults and switches changed between versions. Pin the version, or say it with --framework-version.",
	source: "see docs/audit/README.md",
};

export const ignoredRule: Rule = {
	id: "kl/ignored-setting",
	severity: "warning",
	message: "this setting has no effect",
	why: "The framework reads it only where another switch is on.",
	source: "see docs/audit/README.md",
};

export const normalisationRule: Rule = {
	id: "kl/before-normalisation",
	severity: "warning",
	message:
		"the KL is added before the division by the group's standard deviation: in groups of equal task reward the coefficient cancels",
	why: "Where all task rewards of a group are equal its spread is the KL's own, and the division makes KL noise an advantage of unit variance, whatever the coefficient.",
	source: "verl grpo with norm_adv_by_std_in_grpo, SkyRL grpo, ms-swift grpo with kl_in_reward",
};

export const commonRules: readonly Rule[] = [
	...Object.values(objectiveRules),
	versionRule,
	ignoredRule,
	normalisationRule,
];
