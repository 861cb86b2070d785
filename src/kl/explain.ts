import { type Classification, classifyKl, type FollowedObjective } from "./classify.ts";
import type { KlConfig } from "./config.ts";
import type { Cause } from "./expectation.ts";
import { smallestFix } from "./fix.ts";
import { weightFormula } from "./formula.ts";

export interface Explanation extends Classification {
	readonly config: KlConfig;
	/** One sentence. */
	readonly reason: string;
	/** c_t, and d_t where there is one. */
	readonly weight: string;
	/** The smallest change that makes it exact, as overrides of a recipe; null where it is exact or there is no KL. */
	readonly fix: string | null;
}

/** What a configuration follows, why, and what would make it exact. */
export function explainKl(config: KlConfig, offPolicy: boolean): Explanation {
	const followed = classifyKl(config, offPolicy);
	const wanted = !followed.exact && config.place !== "none" && config.beta > 0;
	const changes = wanted ? smallestFix(config, offPolicy) : [];
	const fix = changes.map(({ text }) => text).join(" ");
	return {
		config,
		...followed,
		reason: reasonOf(followed, config),
		weight: weightFormula(config),
		fix: fix === "" ? null : fix,
	};
}

const reasons: Record<Exclude<FollowedObjective, "biased" | "none">, string> = {
	"sequence-reverse-kl": "its expected gradient is that of KL(policy || reference) over whole completions",
	"local-reverse-kl":
		"it follows each token's reverse KL by itself: no token answers for the KL of those after it",
	"local-forward-kl":
		"it follows each token's forward KL(reference || policy): stable, and another divergence than the one stated",
	"zero-mean-noise": "the expected score is zero, so it is noise of mean zero, as if beta were 0",
	"reverse-minus-forward":
		"it follows the reverse KL less the forward one: their leading order cancels and the sign can flip, runs collapse",
	"to-sampler": "it holds the policy to the one that sampled, and nothing holds it to the reference",
};

const causeReasons: Record<Cause, string> = {
	estimator: "the expectation of its estimator's gradient is that of no KL",
	importance: "another policy sampled, and the importance weights do not cover what each term depends on",
	truncation: "bounds on the importance weights trade its exactness for variance",
	"logprobs-source": "its value is frozen at the sampler's log-probs, which are not the policy's any more",
	clamp: "a clamped log-ratio or value has no gradient, on exactly the tokens that are farthest away",
	baseline: "the mean that is taken off depends on what it is taken off from",
	discount: "what comes later counts less, which is the gradient of no KL",
	normalisation: "dividing by the group's standard deviation rescales each group by its own spread",
	aggregation: "dividing by lengths reweights completions by how long they are",
	clip: "the clip takes the KL away from the tokens that it holds",
};

function reasonOf({ objective, causes, prefixes }: Classification, config: KlConfig): string {
	if (objective === "none")
		return config.place === "none" ? "there is no KL term" : "beta is 0: the KL has no strength";
	if (objective === "biased") return causes.map((cause) => causeReasons[cause]).join("; ");
	const where = prefixes === "sampler" ? ", at the sampler's prefixes" : "";
	return `${reasons[objective]}${where}`;
}
