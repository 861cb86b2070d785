import type { Completion, Engine, SamplingOptions } from "../engine/engine.ts";
import type { Tokenizer } from "../formats/tokenizer.ts";
import type { Problem } from "../tasks/family.ts";
import { type RewardFunction, type Scored, scoreAll } from "../tasks/reward.ts";

import { makePrompter, type Prompter } from "./prompter.ts";

/** A completion as text, with what the verifier said of it. */
export interface Rollout extends Completion {
	/** Without the end-of-sequence token. */
	readonly text: string;
	readonly scored: Scored;
}

/** The completions of one problem. */
export interface RolloutGroup {
	readonly problem: Problem;
	readonly prompt: Int32Array;
	readonly rollouts: readonly Rollout[];
}

/** Completions that are sampled and may still be at the verifier. */
export interface SampledGroups {
	readonly prompts: readonly Int32Array[];
	/** `groupSize` consecutive ones a problem. */
	readonly completions: readonly Completion[];
	readonly scored: Promise<RolloutGroup[]>;
	readonly tokens: number;
}

export interface CollectOptions {
	readonly groupSize: number;
	readonly sampling: SamplingOptions;
	/** Milliseconds that a verifier may take for one completion. */
	readonly rewardTimeoutMs: number;
	/** Default: the model's chat template where it has one. */
	readonly prompter?: Prompter;
	/** Of the first problem's random stream; those after it count on. Default 0. */
	readonly firstId?: number;
}

/** Samples a group of completions for every problem; resolves when they are sampled, `scored` when they are verified. */
export async function sampleGroups(
	engine: Engine,
	tokenizer: Tokenizer,
	reward: RewardFunction,
	problems: readonly Problem[],
	options: CollectOptions,
	onTokens?: (tokens: number) => void,
): Promise<SampledGroups> {
	const { groupSize, sampling, rewardTimeoutMs, prompter = makePrompter(tokenizer), firstId = 0 } = options;
	const prompts = problems.map((problem) => prompter(problem));
	const requests = prompts.map((prompt, i) => ({ prompt, count: groupSize, id: firstId + i }));
	const completions = await engine.sample(requests, sampling, onTokens);
	const texts = completions.map((completion) => textOf(tokenizer, completion));
	const inputs = texts.map((completion, i) => ({ problem: problems[Math.floor(i / groupSize)], completion }));
	const scored = scoreAll(reward, inputs, { timeoutMs: rewardTimeoutMs }).then((scores) =>
		problems.map((problem, p) => ({
			problem,
			prompt: prompts[p],
			rollouts: range(p * groupSize, groupSize).map((i) => ({
				...completions[i],
				text: texts[i],
				scored: scores[i],
			})),
		})),
	);
	const tokens = completions.reduce((sum, completion) => sum + completion.tokens.length, 0);
	return { prompts, completions, scored, tokens };
}

/** The text of a completion, without the token that stopped it. */
export function textOf(tokenizer: Tokenizer, { tokens, finish }: Completion): string {
	return tokenizer.decode(finish === "stop" ? tokens.subarray(0, -1) : tokens);
}

function range(start: number, count: number): number[] {
	return Array.from({ length: count }, (_, i) => start + i);
}
