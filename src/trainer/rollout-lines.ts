import type { RolloutGroup } from "../rollout/collect.ts";

/** The lines of rollouts.jsonl: what was drawn in a step, and how it was scored. */
export function rolloutLines(step: number, groups: readonly RolloutGroup[]) {
	return groups.flatMap(({ problem, rollouts }) =>
		rollouts.map((rollout) => ({
			step,
			problem: problem.id,
			family: problem.family,
			completion: rollout.text,
			...rollout.scored,
			tokens: rollout.tokens.length,
			logprob: rollout.logprobs.reduce((a, b) => a + b, 0),
			finish: rollout.finish,
			policyVersion: rollout.policyVersion,
		})),
	);
}
