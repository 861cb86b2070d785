import { type Ask, Unreadable } from "./ask.ts";
import type { Framework, Reading } from "./framework.ts";

/** From here `grpo_defaults` makes an `RLConfig`, which has no KL. */
const withoutKl = "0.1.7";

export const verifiers: Framework = {
	name: "verifiers",
	// Its GRPO was deprecated then: scripts of it are of before.
	assumed: "0.1.6",
	packages: ["verifiers"],
	others: [withoutKl],
	rules: [],
	recognises: ({ program, hints, settings }) =>
		/^(GRPOConfig|RLConfig|grpo_defaults|get_default_grpo_config|GRPOTrainer)$/.test(program) &&
		hints.some((hint) => /^verifiers(\.|$)/.test(hint)) &&
		!(program === "GRPOTrainer" && settings.some(({ key }) => /^(args|config)(\.|$)/.test(key))),
	read,
};

function read(ask: Ask): Reading {
	const remedy = {
		possible: false,
		changes: [],
		nearest: "TRL's RLOOTrainer: verifiers' own trainer has k3 in the loss, or no KL",
	} as const;
	if (ask.candidate.program === "RLConfig") return { terms: [], remedy };
	// Up to 0.1.1 the call makes TRL's own class, of whatever version.
	if (ask.candidate.program === "get_default_grpo_config" && !ask.has("beta"))
		throw new Unreadable("beta is left at what a version before 0.1.2 gives it");
	if (!ask.has("beta") && ask.has("rollouts_per_example", "micro_batch_size")) return { terms: [], remedy };
	if (ask.since(withoutKl)) {
		const why = "the trainer of 0.1.7 and newer has no KL";
		return { terms: [], ignored: [{ key: "beta", why, coefficient: true }], remedy };
	}
	return {
		terms: [{ place: "loss", estimator: "k3", beta: ask.number("beta", 0.001), key: "beta" }],
		remedy,
	};
}
